package apply_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing/fstest"
	"time"

	"connsync/apply/secmaster/emulator"
	"connsync/manifest"
	"connsync/secrets"
)

// wish is one wanted connection of the simulated repository.
type wish struct {
	description, endpoint, user string
	component, version          string
	secrets                     map[string]sealed // by key
	previously, adopt           string
	protect                     bool
	file                        int
}

// sealed is a secret with its ciphertext. Only the stand-in for SOPS can open it.
type sealed struct{ plain, cipher string }

const (
	simFiles    = 3
	simMost     = 20 // connections
	simNames    = 26
	canaryStart = "CANARY" // how every plaintext begins
)

// revision is a commit of the manifests.
type revision struct {
	number  int
	wishes  map[string]wish
	keys    [simFiles]int // the wrapped data keys
	sealed  [simFiles]int // the revision of the last write of the file by sops
	files   fstest.MapFS
	want    []manifest.Connection
	project manifest.Project
}

func (r *revision) name() string { return fmt.Sprintf("c%06d", r.number) }

// config is what the server must hold for a wish.
func (w wish) config() map[string]any {
	out := map[string]any{"endpoint": w.endpoint, "user": w.user}
	for k, s := range w.secrets {
		out[k] = s.plain
	}
	return out
}

// history is the repository of manifests: its newest revision, and what makes every text in it another one.
type history struct {
	head   *revision
	serial int
}

func (h *history) next() int { h.serial++; return h.serial }

func (h *history) seal(plain, iv string) sealed {
	return sealed{plain, fmt.Sprintf("ENC[AES256_GCM,data:%08d,iv:%s,tag:YWJjZGVmZ2hpamtsbW5vcA==,type:str]", h.next(), iv)}
}

// secret is a new value; SOPS gives each an iv of its own, and keeps it while the value stays, whatever the data key.
func (h *history) secret() sealed {
	return h.seal(fmt.Sprintf("%s-%06d", canaryStart, h.next()), fmt.Sprintf("%08d", h.next()))
}

func (s sealed) iv() string {
	_, rest, _ := strings.Cut(s.cipher, ",iv:")
	iv, _, _ := strings.Cut(rest, ",")
	return iv
}

func (h *history) wish(random *rand.Rand) wish {
	w := wish{
		description: fmt.Sprintf("about %d", h.next()), endpoint: fmt.Sprintf("https://e%d.example", h.next()), user: "svc",
		component: "EdrVendor", version: "2.1", secrets: map[string]sealed{"password": h.secret()}, file: random.IntN(simFiles),
	}
	if random.IntN(3) == 0 {
		w.component, w.version = "HssFirewall", "2.1"
		w.secrets["token"] = h.secret()
	}
	return w
}

// edit commits one change of the manifests. server is asked for what could be adopted.
func (h *history) edit(random *rand.Rand, server *emulator.Server) string {
	r := &revision{number: h.next(), wishes: maps.Clone(h.head.wishes), keys: h.head.keys, sealed: h.head.sealed}
	names := slices.Sorted(maps.Keys(r.wishes))
	free := h.free(random)
	kind := random.IntN(12)
	if len(names) == 0 || kind < 2 && len(names) < simMost {
		h.add(r, free, h.wish(random))
		return h.commit(r, "add "+free)
	}
	name := names[random.IntN(len(names))]
	w := r.wishes[name]
	w.secrets = maps.Clone(w.secrets)
	switch {
	case kind < 4:
		w.endpoint = fmt.Sprintf("https://e%d.example", h.next())
	case kind == 4:
		w.description, w.version = fmt.Sprintf("about %d", h.next()), [...]string{"2.1", "2.0"}[random.IntN(2)]
		w.component = "EdrVendor"
	case kind < 7:
		w.secrets["password"] = h.secret()
	case kind == 7:
		h.rotate(r, w.file)
		return h.commit(r, fmt.Sprint("rotate file ", w.file))
	case kind == 8:
		delete(r.wishes, name)
		w.previously, w.adopt = name, ""
		h.add(r, free, w)
		return h.commit(r, "rename "+name+" to "+free)
	case kind == 9:
		delete(r.wishes, name)
		return h.commit(r, "remove "+name)
	case kind == 10:
		w.protect, w.previously = !w.protect, ""
	default:
		w.adopt = adoptable(random, server, r.wishes, name)
	}
	r.wishes[name] = w
	return h.commit(r, "edit "+name)
}

// free is a name not wanted now; it may have been wanted before.
func (h *history) free(random *rand.Rand) string {
	for {
		name := fmt.Sprintf("n%02d", random.IntN(simNames))
		if _, taken := h.head.wishes[name]; !taken {
			return name
		}
	}
}

// add wants one more connection. Who had its name before is no longer said: a wanted former name is a mistake.
func (h *history) add(r *revision, name string, w wish) {
	for other, o := range r.wishes {
		if o.previously == name || w.previously != "" && o.previously == w.previously {
			o.previously = ""
			r.wishes[other] = o
		}
	}
	r.wishes[name] = w
}

// rotate gives a file another data key: every ciphertext in it moves, and no value.
func (h *history) rotate(r *revision, file int) {
	r.keys[file] = h.next()
	for _, name := range slices.Sorted(maps.Keys(r.wishes)) {
		w := r.wishes[name]
		if w.file != file {
			continue
		}
		moved := map[string]sealed{}
		for _, k := range slices.Sorted(maps.Keys(w.secrets)) {
			moved[k] = h.seal(w.secrets[k].plain, w.secrets[k].iv())
		}
		w.secrets = moved
		r.wishes[name] = w
	}
}

// adoptable is the id of a connection made by hand and not named yet; "" for none.
func adoptable(random *rand.Rand, server *emulator.Server, wishes map[string]wish, name string) string {
	var ids []string
	for _, c := range server.Connections() {
		named := false
		for other, w := range wishes {
			named = named || other != name && w.adopt == c.ID
		}
		if c.Creator == "ops" && !named {
			ids = append(ids, c.ID)
		}
	}
	if len(ids) == 0 {
		return ""
	}
	return ids[random.IntN(len(ids))]
}

func (h *history) commit(r *revision, what string) string {
	r.files = fstest.MapFS{"connsync.yaml": {Data: []byte("targets:\n  prod:\n    region: " + emulator.DefaultRegion +
		"\n    project_id: " + emulator.DefaultProject + "\n    workspace_id: " + emulator.DefaultWorkspace + "\n")}}
	for i := range simFiles {
		if r.render(i) != h.head.render(i) { // every edit is made with sops
			r.sealed[i] = r.number
		}
		r.files[fmt.Sprintf("connections/f%d.yaml", i)] = &fstest.MapFile{Data: []byte(r.render(i))}
	}
	p, err := manifest.LoadProject(r.files, "connsync.yaml")
	if err != nil {
		panic(err)
	}
	set, err := manifest.Load(r.files, p)
	if err != nil {
		panic(fmt.Sprint(what, ": ", err, "\n", r.render(0), r.render(1), r.render(2)))
	}
	r.want, r.project = set.Target("prod"), p
	h.head = r
	return what
}

// render is one manifest.
func (r *revision) render(file int) string {
	var b strings.Builder
	some := false
	b.WriteString("connections:\n  prod:\n")
	for _, name := range slices.Sorted(maps.Keys(r.wishes)) {
		w := r.wishes[name]
		if w.file != file {
			continue
		}
		some = true
		fmt.Fprintf(&b, "    %s:\n      description: %s\n      component: %s\n      version: %q\n", name, w.description, w.component, w.version)
		for _, o := range []struct{ key, value string }{{"previously", w.previously}, {"adopt", w.adopt}} {
			if o.value != "" {
				fmt.Fprintf(&b, "      %s: %q\n", o.key, o.value)
			}
		}
		fmt.Fprintf(&b, "      protect: %v\n      config:\n        endpoint: %s\n        user: %s\n", w.protect, w.endpoint, w.user)
		for _, k := range slices.Sorted(maps.Keys(w.secrets)) {
			fmt.Fprintf(&b, "        %s: %s\n", k, w.secrets[k].cipher)
		}
	}
	if !some {
		return "connections:\n  prod: {}\n"
	}
	fmt.Fprintf(&b, "sops:\n  encrypted_regex: ^(password|token)$\n  lastmodified: %q\n  mac: ENC[AES256_GCM,data:YWJj,iv:%08d,tag:YWJjZGVmZ2hpamtsbW5vcA==,type:str]\n  age:\n    - recipient: x\n      enc: k%d\n",
		r.sealedAt(file), r.sealed[file], r.keys[file])
	return b.String()
}

// sealedAt is what a file says of its last encryption.
func (r *revision) sealedAt(file int) string {
	return time.Date(2026, 1, 1, 0, 0, r.sealed[file], 0, time.UTC).Format(time.RFC3339)
}

// open stands in for SOPS: it knows what every secret of a file says, and when it was encrypted.
func (r *revision) open(name string) (map[secrets.Path]secrets.Value, string) {
	out := map[secrets.Path]secrets.Value{}
	for n, w := range r.wishes {
		if fmt.Sprintf("connections/f%d.yaml", w.file) != name {
			continue
		}
		for k, s := range w.secrets {
			out[secrets.Path("connections.prod."+n+".config."+k)] = secrets.Hide(s.plain)
		}
	}
	var file int
	_, _ = fmt.Sscanf(name, "connections/f%d.yaml", &file)
	return out, r.sealedAt(file)
}
