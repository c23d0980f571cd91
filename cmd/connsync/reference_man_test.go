package main

import (
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// file is the name of a man page.
func (m manual) file() string { return strings.ReplaceAll(m.path, " ", "-") + ".1" }

// roff is a man page.
func (m manual) roff() string {
	var b strings.Builder
	name := strings.ReplaceAll(m.path, " ", "-")
	fmt.Fprintf(&b, ".\\\" Made of the grammar: go test ./cmd/connsync -run TestTheReference -update\n.TH %s 1 \"\" connsync \"connsync manual\"\n", strings.ToUpper(roffText(name)))
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", roffText(name), roffText(strings.TrimSuffix(m.about, ".")))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B connsync\n%s\n.SH DESCRIPTION\n", roffText(strings.TrimSpace(m.usage)))
	for _, p := range m.parts {
		switch {
		case p == "Examples:":
			b.WriteString(".SH EXAMPLES\n")
		case p == "Exit codes:":
			b.WriteString(".SH EXIT STATUS\n")
		case strings.HasPrefix(p, "  "):
			roffLines(&b, p)
		default:
			fmt.Fprintf(&b, "%s\n.PP\n", roffText(p))
		}
	}
	roffEntries(&b, "ARGUMENTS", m.args)
	roffEntries(&b, "COMMANDS", m.commands)
	roffEntries(&b, "OPTIONS", append(slices.Clone(m.flags), m.common...))
	if m.path == "connsync" {
		for _, topic := range slices.Sorted(maps.Keys(topics)) {
			fmt.Fprintf(&b, ".SH %s\n", strings.ToUpper(topic))
			roffLines(&b, strings.TrimSuffix(topics[topic], "\n"))
		}
		return b.String()
	}
	b.WriteString(".SH EXIT STATUS\nThose of every command:\n.BR connsync (1).\n.SH SEE ALSO\n.BR connsync (1)\n")
	return b.String()
}

func roffLines(b *strings.Builder, block string) {
	b.WriteString(".PP\n.nf\n")
	for _, l := range strings.Split(block, "\n") {
		fmt.Fprintln(b, roffText(l))
	}
	b.WriteString(".fi\n")
}

func roffEntries(b *strings.Builder, heading string, es []saidOf) {
	if len(es) == 0 {
		return
	}
	fmt.Fprintf(b, ".SH %s\n", heading)
	for _, e := range es {
		fmt.Fprintf(b, ".TP\n.B %s\n%s\n", roffText(e.name), roffText(e.about))
	}
}

// roffText is a text without any request or escape.
func roffText(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "…", "...").Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	return text
}

// man shows the pages without a complaint, where man is.
func TestTheManPagesAreShown(t *testing.T) {
	man, err := exec.LookPath("groff")
	if err != nil {
		t.Log("T-MAN: groff is not installed here: no page was laid out")
		return
	}
	for _, page := range []string{"connsync.1", "connsync-sync.1", "connsync-state-list.1"} {
		out, err := exec.Command(man, "-man", "-Tascii", "-ww", "-rLL=80n", "../../docs/man/"+page).CombinedOutput()
		text := string(out)
		if err != nil || strings.Contains(text, "warning:") || strings.Contains(text, "error:") {
			t.Errorf("%s: %v\n%s", page, err, text)
		}
		for _, want := range map[string][]string{
			"connsync.1": {"EXIT STATUS", "changes are pending", "merge-driver", "HUAWEICLOUD_SDK_AK", "orphaned"}, "connsync-sync.1": {"--prune", "connsync sync --dry-run", "--target=NAME"},
			"connsync-state-list.1": {"The connections that connsync knows", "--target=NAME"},
		}[page] {
			if !strings.Contains(plainText(text), want) {
				t.Errorf("%s does not say %q", page, want)
			}
		}
	}
}

// plainText is what a terminal shows of a page, without what makes it bold.
func plainText(page string) string {
	var out []rune
	for _, r := range page {
		if r == '\b' && len(out) > 0 {
			out = out[:len(out)-1]
			continue
		}
		out = append(out, r)
	}
	text := string(out)
	for {
		from := strings.Index(text, "\x1b[")
		if from < 0 {
			return text
		}
		to := strings.IndexByte(text[from:], 'm')
		text = text[:from] + text[from+to+1:]
	}
}
