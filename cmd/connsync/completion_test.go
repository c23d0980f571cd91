package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// completed is a manifest with harmful names: a shell that ran them would do something.
const completed = `connections:
  prod:
    edr_prod: {component: Edr, version: "1", config: {host: a, auth: {user: u}}}
    'x1 $(touch pwned) ` + "`touch pwned`" + ` &': {component: Edr, version: "1", config: {host: a}}
    "x2'; touch pwned #": {component: Edr, version: "1", config: {host: a}}
    'x3"!x *': {component: Edr, version: "1", config: {host: a}}
    '~x4=<y>': {component: Edr, version: "1", config: {host: a}}
    "-x5": {component: Edr, version: "1", config: {host: a}}
  stage:
    fw: {component: Fw, version: "1", config: {host: a}}
`

const completedProject = `targets:
  prod: {region: cn-north-4, project_id: 0123456789abcdef0123456789abcdef, workspace_id: 11111111-2222-4333-8444-555555555555}
  stage: {region: cn-north-4, project_id: 0123456789abcdef0123456789abcdef, workspace_id: 11111111-2222-4333-8444-555555555556}
`

// toComplete is a repository with names to complete.
func toComplete(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	runGit(t, dir, "init", "-q", ".")
	for name, text := range map[string]string{"connsync.yaml": completedProject, "connections/a.yaml": completed, "report of june.json": "", "prod/x": ""} {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A line, and every offer for its last word: the first line says of what kind.
func TestWhatIsOffered(t *testing.T) {
	dir := toComplete(t)
	inDir := "connsync -C " + dir + " "
	flags := "--format --help --dir --config --color"
	for line, want := range map[string]string{
		"":                                    "words",
		"connsync di":                         "words diff",
		"A=b connsync di":                     "words diff",
		"/usr/bin/connsync di":                "words diff",
		"connsync comp":                       "words completion",
		"connsync state ":                     "words list show log unlock rebuild forget",
		"connsync targets --f":                "words --format",
		"connsync emulator ":                  "words serve edit",
		"connsync emulator --re":              "words --replay",
		"connsync emulator --data ":           "files",
		"connsync emulator edit --u":          "words --unset",
		"connsync targets --format json --f":  "words",
		"connsync targets --format ":          "words text json gitlab",
		"connsync targets --format=":          "words --format=text --format=json --format=gitlab",
		"connsync merge-driver -":             "words " + flags,
		"connsync merge-driver a b ":          "files",
		"connsync merge-driver a b c d ":      "words",
		"connsync version ":                   "words --format --help --color",
		"connsync version -- -":               "words",
		"connsync -C ":                        "folders",
		"connsync sync --report=x":            "files",
		"connsync nonsense ":                  "words",
		"connsync demo --ref":                 "words",
		"connsync help c":                     "words credentials completion",
		"connsync completion ":                "words bash zsh fish powershell",
		inDir + "diff -t ":                    "words prod stage",
		inDir + "diff -tp":                    "words",
		inDir + "diff --target prod,s":        "words prod,stage",
		inDir + "sync --retarget=":            "words --retarget=prod --retarget=stage",
		inDir + "diff -qtstage --only ":       "words fw",
		inDir + "diff --repo x --only ":       "words",
		inDir + "rename st":                   "words stage/fw",
		inDir + "set stage/f":                 "words open stage/fw.",
		inDir + "set stage/fw.":               "words stage/fw.config.host",
		inDir + "set stage/fw.config.host ":   "words",
		inDir + "diff --only e":               "words edr_prod",
		inDir + "state show ":                 "words",
		inDir + "seal ":                       "files",
		"connsync -C " + dir + "/no diff -t ": "words",
		inDir + "--config no.yaml diff -t ":   "words",
	} {
		words := strings.Split(line, " ")
		for i := range words {
			words[i] = "=" + words[i]
		}
		code, out, errs := inProcess(nil, append([]string{"complete", "zsh"}, words...)...)
		var got []string
		for _, l := range strings.Split(strings.TrimSuffix(out, "\n"), "\n") {
			text, _, _ := strings.Cut(l, "\t")
			got = append(got, text)
		}
		if code != exitDone || errs != "" || strings.Join(got, " ") != want {
			t.Errorf("%s offers %q, want %q (exit %d, %s)", line, got, want, code, errs)
		}
	}
}

// bash is given what stands behind what it keeps, quoted for the open quote.
func TestWhatBashIsGiven(t *testing.T) {
	dir := toComplete(t)
	t.Chdir(dir)
	for line, want := range map[string]string{
		"connsync targets --format=j":    "json",
		"connsync  targets\t--format=":   "text json gitlab",
		"connsync diff --target 'p":      "prod",
		"connsync diff --target=\"p":     "prod",
		"connsync rename prod/x2":        `prod/x2\'\;\ touch\ pwned\ \#`,
		"connsync rename 'prod/x2":       "",
		"connsync rename \"prod/x1":      "",
		"connsync state show $(touch pw": "",
		"connsync diff --only \\~":       `\~x4\=\<y\>`,
		"connsync diff --only -":         "",
		"connsync ren\\ame prod/e":       "prod/edr_prod",
	} {
		_, out, _ := inProcess(nil, "complete", "bash", "="+line, "= \t\n\"'@><=;|&(:")
		_, got, _ := strings.Cut(out, "\n")
		if got = strings.ReplaceAll(strings.TrimSuffix(got, "\n"), "\n", " "); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
	if _, out, _ := inProcess(nil, "complete", "bash", "=connsync targets --format=j", "= \t\n"); out != "words\n--format=json\n" {
		t.Errorf("%q where = ends no word", out)
	}
	if left, _ := filepath.Glob("pwned*"); len(left) > 0 {
		t.Errorf("a line was run: %v", left)
	}
}

// The names known to connsync are those of known state in this clone. Neither a remote state nor a remote is asked, and no key is looked for.
func TestCompletionAsksNobody(t *testing.T) {
	st := setStage(t)
	s, err := st.begin(false)
	if err != nil {
		t.Fatal(err)
	}
	defer s.end()
	if code, _, errs := s.sync(); code != exitDone {
		t.Fatalf("exit %d: %s", code, errs)
	}
	runGit(t, s.work, "remote", "add", "origin", "https://127.0.0.1:1/x.git")
	asked := map[string]bool{}
	known := func(args ...string) string {
		var out, errs strings.Builder
		w := world{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, env: func(k string) string { asked[k] = true; return "" }, effect: func(op string) error { t.Error(op); return nil }}
		Main(t.Context(), append([]string{"complete", "fish", "=connsync", "=-C", "=" + s.work}, args...), w)
		return out.String()
	}
	shown := known("=state", "=show", "=")
	if strings.Count(shown, "\n") < 2 {
		t.Errorf("%q", shown)
	}
	if out := known("=--state", "=https://127.0.0.1:1/state.git", "=state", "=show", "="); out != "words\n" {
		t.Errorf("%q of a state elsewhere", out)
	}
	for name := range asked {
		if !slices.Contains([]string{"CONNSYNC_CONFIG", "CONNSYNC_STATE", "NO_COLOR", "TERM"}, name) {
			t.Errorf("%s was looked at", name)
		}
	}
}

// Every flag for the name of something says what it is completed from. So a new one is not forgotten.
func TestEveryNameIsCompleted(t *testing.T) {
	for _, c := range commandsOf(t) {
		for _, f := range c.Flags {
			for placeholder, kind := range map[string]string{"FILE": "files", "DIR": "folders", "PATTERN": "pattern", "TARGET": "target"} {
				if f.PlaceHolder == placeholder && f.Tag.Get("completes") != kind {
					t.Errorf("%s --%s takes %s and is completed from %q", c.FullPath(), f.Name, placeholder, f.Tag.Get("completes"))
				}
			}
		}
	}
}

// commandsOf are the grammar and all its commands, hidden ones too.
func commandsOf(t *testing.T) (all []*kong.Node) {
	t.Helper()
	all = []*kong.Node{grammarOf(t).Node}
	for i := 0; i < len(all); i++ {
		all = append(all, all[i].Children...)
	}
	return all
}
