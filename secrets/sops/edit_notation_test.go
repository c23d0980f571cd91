package sops

import (
	"context"
	"fmt"
	"strings"

	upstream "github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"
	"github.com/getsops/sops/v3/config"
	"github.com/getsops/sops/v3/stores/yaml"
)

// encryptAs encrypts a text as sops does for a rule, and writes it as sops does.
func encryptAs(text []byte, r *Rule) ([]byte, error) {
	store := yaml.NewStore(&config.YAMLStoreConfig{Indent: 4})
	branches, err := store.LoadPlainFile(text)
	if err != nil {
		return nil, err
	}
	tree := upstream.Tree{Branches: branches, Metadata: r.meta}
	o := New(Options{Allow: []string{"age"}})
	key, errs := tree.GenerateDataKeyWithKeyServices(o.services(context.Background()))
	if len(errs) > 0 {
		return nil, fmt.Errorf("%v", errs)
	}
	return encryptTree(&tree, key, aes.NewCipher())
}

// plain is a manifest in a notation by chance: comments, blank lines, quotes, brackets, lists, texts of many lines, and line ends of two kinds.
func (w *editWorld) plain() string {
	var b strings.Builder
	step := 2 + 2*w.r.Intn(2)
	if w.r.Intn(3) == 0 {
		b.WriteString("# the head\n\n")
	}
	b.WriteString("connections:\n")
	at := func(n int, text string) {
		b.WriteString(strings.Repeat(" ", n*step) + text + w.pick("", "", "", "  # behind", "   ") + "\n")
		if w.r.Intn(8) == 0 {
			b.WriteString(w.pick("\n", strings.Repeat(" ", n*step)+"# sealed\n", strings.Repeat(" ", n*step)+"# open\n", "# at the left\n"))
		}
	}
	at(1, "prod:")
	for i := range 1 + w.r.Intn(3) {
		at(2, w.pick("", "\"", "'")+fmt.Sprintf("edr%d", i)+":")
		w.fields(at, step)
	}
	text := quoteKeys(b.String())
	if w.r.Intn(4) == 0 {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	if w.r.Intn(4) == 0 {
		text = strings.TrimRight(text, "\r\n ")
		if i := strings.LastIndexByte(text, '\n'); !strings.Contains(text[i+1:], ": ") { // a text of many lines would lose its last line end
			text += "\n"
		}
	}
	return text
}

// quoteKeys closes the quotes of keys.
func quoteKeys(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if s := strings.TrimSpace(l); strings.HasPrefix(s, `"edr`) || strings.HasPrefix(s, `'edr`) {
			lines[i] = strings.Replace(l, ":", s[:1]+":", 1)
		}
	}
	return strings.Join(lines, "\n")
}

func (w *editWorld) fields(at func(int, string), step int) {
	at(3, "component: EdrVendor")
	at(3, w.pick(`version: "2.1"`, `version: '2.1'`))
	if w.r.Intn(2) == 0 {
		at(3, w.pick("description: EDR of production", "description: \"a: b\"", "description: plain text\n"+strings.Repeat(" ", 4*step)+"on two lines"))
	}
	if w.r.Intn(6) == 0 {
		at(3, "config: {}")
		return
	}
	if w.r.Intn(4) == 0 {
		at(3, w.pick(`config: {endpoint: "https://e.example", password: hunter2, hosts: [], auth: {token: abc}}`, `config: {"user": svc, "password": "a,b]", "hosts": [{name: x, token: y}, {name: z}], port_s: 443}`,
			"config: {\n"+strings.Repeat(" ", 4*step)+"user: svc, # the user\n"+strings.Repeat(" ", 4*step)+"token: t1,\n"+strings.Repeat(" ", 3*step+1)+"}"))
		return
	}
	at(3, "config:")
	at(4, w.pick("endpoint: https://edr.example", `endpoint: "https://edr.example"`, "endpoint: 'https://edr.example'"))
	for i := range 1 + w.r.Intn(5) {
		at(4, w.setting(i, step))
	}
	if w.r.Intn(2) == 0 {
		at(4, "hosts:")
		deep := w.r.Intn(2) // lists may stand at their key's column
		for i := range 1 + w.r.Intn(3) {
			at(4+deep, fmt.Sprintf("- name: h%d\n%stoken: %s", i, strings.Repeat(" ", (4+deep)*step+2), w.pick("t1", "t2", `"t3"`, "'it''s'")))
		}
	}
}

func (w *editWorld) setting(i, step int) string {
	deeper := strings.Repeat(" ", 5*step)
	key := fmt.Sprintf("%s%d%s", w.pick("password", "token", "user", "note", "pass"), i, w.pick("", "", "_s", "_u"))
	if i == 0 {
		key = w.pick("password", "token", "secret")
	}
	return key + ": " + w.pick("hunter2", `"two words"`, "'single ''quoted'''", "443", "1.5", "true", "\"esc \\\" \\u00e4 \\n\"", `""`, "plain words here",
		"|\n"+deeper+"first\n\n"+deeper+"  second", "|-\n"+deeper+"first\n"+deeper+"second", ">\n"+deeper+"folded\n"+deeper+"text", "plain\n"+deeper+"on three\n\n"+deeper+"lines",
		"\"quoted\n"+deeper+"over lines\"", "'quoted\n"+deeper+"over lines'", "https://x.example/#frag", "a:b", "ümläut")
}
