package apply_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"connsync/apply"
	"connsync/apply/secmaster/emulator"
	"connsync/diff"
	"connsync/manifest"
	"connsync/secrets"
)

const heldPassword = "canary-held"

// compared is a scene where SecMaster has the wanted connection, made by hand, and Git's file says what its password is to be.
type compared struct {
	*scene
	id     string
	opened int // how often the file was opened
}

// byHand puts the connection there with a password, as JSON.
func byHand(t *testing.T, password string) *compared {
	t.Helper()
	s := &compared{scene: staged(t)}
	component, version := s.server.Plugin("EdrVendor", "2.1")
	s.id = s.server.Put(emulator.Connection{Name: "a", ComponentID: component, ComponentVersionID: version, Config: `{"endpoint":"https://a.example","password":` + password + `}`, CanBeDeleted: true})
	s.files["connections/a.yaml"].Data = []byte(sealedManifest)
	s.wants(heldPassword)
	return s
}

// recorded takes the connection over while its password is masked.
func recorded(t *testing.T, password string) *compared {
	t.Helper()
	s := byHand(t, password)
	s.set("config=masked")
	s.expect(s.sync(), "adopted a", 0, 1)
	if k := s.known().Known["a"]; !k.Unverified || s.opened != 1 {
		t.Fatalf("recorded %+v, opened %d times", k, s.opened)
	}
	s.set("config=clear")
	s.opened = 0
	return s
}

func (s *compared) set(what string) {
	s.t.Helper()
	if err := s.server.Set(what); err != nil {
		s.t.Fatal(err)
	}
}

// wants is what the file holds as the password.
func (s *compared) wants(password any) {
	s.decrypt = func(context.Context, string, []byte) (map[secrets.Path]secrets.Value, string, error) {
		s.opened++
		return map[secrets.Path]secrets.Value{"connections.prod.a.config.password": secrets.Hide(password)}, "2026-01-01T00:00:00Z", nil
	}
}

// word is the plan's for the password.
func word(t *testing.T, c diff.Change) diff.Word {
	t.Helper()
	for _, s := range c.Secrets {
		if s.Path == "config.password" {
			return s.Word
		}
	}
	return ""
}

// What has a wanted name, and is equal as far as SecMaster shows it, is taken over as verified where its secrets are shown in the clear and are those of Git. One
// that differs is a conflict, as a setting in the clear is: nothing of others is written without a line  adopt:.
func TestWhatIsTakenOverByNameIsCompared(t *testing.T) {
	for name, c := range map[string]struct {
		shows      string
		password   string // in SecMaster, as JSON
		wants      any
		outcome    string
		unverified bool
	}{
		"equal":                       {"clear", `"` + heldPassword + `"`, heldPassword, "adopted a", false},
		"equal, spaced otherwise":     {"reserialised", `"` + heldPassword + `"`, heldPassword, "adopted a", false},
		"equal, and a number":         {"clear", "12.50", json.Number("12.5"), "adopted a", false},
		"equal, and a switch":         {"clear", "true", true, "adopted a", false},
		"another":                     {"clear", `"canary-other"`, heldPassword, "conflict a", false},
		"another number":              {"clear", "12", json.Number("13"), "conflict a", false},
		"another, by a space":         {"clear", `"` + heldPassword + ` "`, heldPassword, "conflict a", false},
		"a mapping":                   {"clear", `{}`, heldPassword, "conflict a", false},
		"a number as a text":          {"clear", `"12"`, json.Number("12"), "adopted a", true},
		"a switch as a text":          {"clear", `"true"`, true, "adopted a", true},
		"a text as a number":          {"clear", `12`, "12", "adopted a", true},
		"a part of it hidden":         {"clear", `"ca****ld"`, heldPassword, "adopted a", true},
		"blank":                       {"clear", `""`, heldPassword, "adopted a", true},
		"null":                        {"clear", `null`, heldPassword, "adopted a", true},
		"masked":                      {"masked", `"canary-other"`, heldPassword, "adopted a", true},
		"no config":                   {"omitted", `"` + heldPassword + `"`, heldPassword, "conflict a", false},
		"a config that is not JSON":   {"broken", `"` + heldPassword + `"`, heldPassword, "conflict a", false},
		"everything masked, the rest": {"masked-all", `"` + heldPassword + `"`, heldPassword, "conflict a", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := byHand(t, c.password)
			s.set("config=" + c.shows)
			s.wants(c.wants)
			r := s.sync()
			s.expect(r, c.outcome, 0, 1)
			if c.outcome == "conflict a" {
				if k := s.known().Known; len(k) != 0 || s.server.Count(emulator.RouteUpdate) != 0 {
					t.Errorf("recorded %+v, or written", k)
				}
				if d := r.Plan.Changes[0].Conflict; c.shows == "clear" && (d.Kind != diff.ConflictDiffers || !slices.Contains(d.Fields, "config.password")) {
					t.Errorf("conflict %+v", d)
				}
				return
			}
			k := s.known().Known["a"]
			if k.Unverified != c.unverified || k.Written != diff.WrittenNever || s.server.Count(emulator.RouteUpdate) != 0 || s.opened != 1 {
				t.Errorf("recorded %+v, opened %d times", k, s.opened)
			}
			if want := map[bool]int{true: 1}[c.unverified]; r.Plan.Unverified != want {
				t.Errorf("%d unverified, want %d", r.Plan.Unverified, want)
			}
			before := s.known().Commit
			s.expect(s.sync(), "unchanged a", 0, 1)
			if s.known().Commit != before {
				t.Error("the next sync recorded something")
			}
		})
	}
}

// What was recorded unverified is verified, or written, by the first sync with its secrets in the clear and the key of its file. Without a key nothing changes.
func TestWhatWasRecordedIsComparedOnceItIsShown(t *testing.T) {
	for name, c := range map[string]struct {
		password string
		habits   string
		change   func(*compared)
		outcome  string
		word     diff.Word
		after    func(k diff.Known) bool
		opened   int
	}{
		"equal": {`"` + heldPassword + `"`, "", nil, "unchanged a", diff.Same, func(k diff.Known) bool { return !k.Unverified && k.Written == diff.WrittenNever }, 1},
		"another": {`"canary-other"`, "", nil, "updated a", diff.Differs,
			func(k diff.Known) bool { return !k.Unverified && k.Written == diff.WrittenConfirmed }, 1},
		"another, and blind to times": {`"canary-other"`, "updatetime=absent", nil, "updated a", diff.Differs,
			func(k diff.Known) bool { return !k.Unverified && k.Written == diff.WrittenConfirmed }, 1},
		"masked again":     {`"canary-other"`, "config=masked", nil, "unchanged a", diff.Unverified, func(k diff.Known) bool { return k.Unverified }, 0},
		"not shown":        {`"canary-other"`, "config=omitted", nil, "unchanged a", diff.Unverified, func(k diff.Known) bool { return k.Unverified }, 0},
		"shown as nothing": {`"canary-other"`, "config=empty", nil, "unchanged a", diff.Unverified, func(k diff.Known) bool { return k.Unverified }, 0},
		"no key": {`"canary-other"`, "", func(s *compared) {
			s.decrypt = func(context.Context, string, []byte) (map[secrets.Path]secrets.Value, string, error) {
				s.opened++
				return nil, "", errors.New("no key")
			}
		}, "unchanged a", diff.Unverified, func(k diff.Known) bool { return k.Unverified }, 1},
		"not of the time that it says": {`"` + heldPassword + `"`, "", func(s *compared) {
			s.decrypt = func(context.Context, string, []byte) (map[secrets.Path]secrets.Value, string, error) {
				s.opened++
				return map[secrets.Path]secrets.Value{"connections.prod.a.config.password": secrets.Hide(heldPassword)}, "2026-01-02T00:00:00Z", nil
			}
		}, "unchanged a", diff.Same, func(k diff.Known) bool { return k.Unverified }, 1},
		"a reviewed plan": {`"canary-other"`, "", func(s *compared) { s.reviewed = true }, "unchanged a", diff.Unverified, func(k diff.Known) bool { return k.Unverified }, 1},
		"a reviewed plan, and equal": {`"` + heldPassword + `"`, "", func(s *compared) { s.reviewed = true }, "unchanged a", diff.Same,
			func(k diff.Known) bool { return !k.Unverified }, 1},
		"written anyway": {`"canary-other"`, "", func(s *compared) { s.rewrite = true }, "updated a", diff.Unverified,
			func(k diff.Known) bool { return !k.Unverified && k.Written == diff.WrittenConfirmed }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := recorded(t, c.password)
			if c.habits != "" {
				s.set(c.habits)
			}
			if c.change != nil {
				c.change(s)
			}
			keyless := s.preview()
			if keyless.Unverified != 1 || keyless.Writes() > 0 && !s.rewrite || s.opened != 0 {
				t.Errorf("without a key: %+v", keyless.Changes[0])
			}
			r := s.sync()
			s.expect(r, c.outcome, 0, 1)
			change := r.Plan.Changes[0]
			if got := word(t, change); got != c.word || s.opened != c.opened {
				t.Errorf("%s, opened %d times; want %s, %d", got, s.opened, c.word, c.opened)
			}
			if (c.word == diff.Differs) != slices.Contains(change.Causes, diff.Drift) {
				t.Errorf("causes %v", change.Causes)
			}
			if k := s.known().Known["a"]; !c.after(*k) {
				t.Errorf("recorded %+v", k)
			}
			if left := slices.ContainsFunc(change.Warnings, func(w diff.Warning) bool { return w.Kind == diff.WarnDiffers }); left != (name == "a reviewed plan") {
				t.Errorf("warnings %+v", change.Warnings)
			}
			if s.reviewed && diff.Hash(r.Plan) != diff.Hash(keyless) {
				t.Error("the hash is not that of the plan that was reviewed without a key")
			}
			if s.holds() != heldPassword && c.outcome == "updated a" {
				t.Errorf("SecMaster holds %q", s.holds())
			}
		})
	}
}

// preview is a diff: it has no key.
func (s *compared) preview() diff.Plan {
	s.t.Helper()
	target, client, session, err := s.target()
	if err != nil {
		s.t.Fatal(err)
	}
	defer session.Close()
	target.Known = session.Snapshot()
	p, err := apply.Preview(context.Background(), client, target)
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

func (s *compared) holds() string {
	var config struct{ Password string }
	for _, c := range s.server.Connections() {
		if c.ID == s.id {
			_ = json.Unmarshal([]byte(c.Config), &config)
		}
	}
	return config.Password
}

// What is verified rests from then on: the file is not even read. What is not verified is read, and opened only where something is shown.
func TestWhatIsVerifiedRests(t *testing.T) {
	s := recorded(t, `"`+heldPassword+`"`)
	s.checks = "checks"
	s.expect(s.sync(), "unchanged a", 0, 1)
	s.hint, s.opened = s.known(), 0
	s.expect(s.sync(), "unchanged a", 0, 1)
	if s.rested != 1 || s.opened != 0 || len(s.reads) != 0 {
		t.Errorf("%d rested, opened %d times, read %v", s.rested, s.opened, s.reads)
	}
}

// lying has every answer show the config's password as a function has it.
func (s *compared) lying(shown func(password any) any) {
	s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		s.server.ServeHTTP(rec, r)
		var body map[string]any
		if json.Unmarshal(rec.Body.Bytes(), &body) == nil {
			lie(body, shown)
			text, _ := json.Marshal(body)
			rec.Body = bytes.NewBuffer(text)
		}
		for name, values := range rec.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	})
}

func lie(v any, shown func(any) any) {
	switch v := v.(type) {
	case map[string]any:
		if text, ok := v["config"].(string); ok {
			var config map[string]any
			if json.Unmarshal([]byte(text), &config) == nil {
				config["password"] = shown(config["password"])
				out, _ := json.Marshal(config)
				v["config"] = string(out)
			}
		}
		for _, child := range v {
			lie(child, shown)
		}
	case []any:
		for _, child := range v {
			lie(child, shown)
		}
	}
}

// A sync writes at most once to a server showing a secret otherwise than it holds it. From then on it says what the server shows.
func TestNoLieIsWrittenForever(t *testing.T) {
	const most = 3 // syncs
	turns := 0
	for name, shown := range map[string]func(any) any{
		"as the same text each time": func(any) any { return "<hidden>" },
		"as another text each time":  func(any) any { turns++; return fmt.Sprint("turn ", turns) },
		"in capitals":                func(v any) any { return strings.ToUpper(fmt.Sprint(v)) },
		"with spaces":                func(v any) any { return fmt.Sprint(" ", v) },
		"cut":                        func(v any) any { return fmt.Sprint(v)[:3] },
		"cut, and stars":             func(v any) any { return fmt.Sprint(v)[:3] + "***" },
		"as a number":                func(any) any { return 12 },
		"as a list":                  func(v any) any { return []any{v} },
		"as a mapping":               func(v any) any { return map[string]any{"value": v} },
		"as nothing":                 func(any) any { return "" },
		"as stars":                   func(any) any { return "********" },
	} {
		habitsOf := []string{"updatetime=absent"}
		if name == "as the same text each time" {
			habitsOf = []string{"", "updatetime=absent", "equalput=stays", "times=shared", "timeformat=opaque"}
		}
		for _, habits := range habitsOf {
			t.Run(name+" "+habits, func(t *testing.T) {
				s := recorded(t, `"`+heldPassword+`"`)
				if habits != "" {
					s.set(habits)
				}
				s.lying(shown)
				said := false
				for range most {
					r := s.sync()
					res := r.Results[0]
					if res.Outcome != apply.Unchanged && res.Outcome != apply.Updated && !errors.Is(res.Err, apply.ErrOtherwise) {
						t.Errorf("%s: %v", res.Outcome, res.Err)
					}
					otherwise := func(w diff.Warning) bool { return w.Kind == diff.WarnOtherwise }
					said = said || r.Plan.Unverified > 0 || res.Err != nil || slices.ContainsFunc(res.Warnings, otherwise)
				}
				if n := s.server.Count(emulator.RouteUpdate); n > 1 || !said {
					t.Errorf("%d updates in %d syncs; said %v", n, most, said)
				}
				if s.holds() != heldPassword || len(s.known().Intents) != 0 {
					t.Errorf("SecMaster holds %q; announced %v", s.holds(), s.known().Intents)
				}
			})
		}
	}
}

// A swallowed write is not called done. Every plan says it, and it is sent once more only where a user asks for it.
func TestASwallowedRepairIsSaidAndNotRepeated(t *testing.T) {
	for _, habits := range []string{"writes=stale", "writes=echo"} {
		t.Run(habits, func(t *testing.T) {
			s := recorded(t, `"canary-other"`)
			s.set(habits)
			s.set("updatetime=absent")
			r := s.sync()
			s.expect(r, "unknown a", 0, 1)
			if !errors.Is(r.Results[0].Err, apply.ErrOtherwise) || len(s.known().Intents) != 0 {
				t.Errorf("%v, announced %v", r.Results[0].Err, s.known().Intents)
			}
			s.set("writes=executed")
			for range 2 {
				r = s.sync()
				s.expect(r, "unchanged a", 0, 1)
				if ws := r.Plan.Changes[0].Warnings; len(ws) != 1 || ws[0].Kind != diff.WarnOtherwise || r.Plan.Unverified != 1 {
					t.Errorf("warnings %+v, %d unverified", ws, r.Plan.Unverified)
				}
			}
			if ws := s.preview().Changes[0].Warnings; len(ws) != 1 || ws[0].Kind != diff.WarnOtherwise {
				t.Errorf("without a key: %+v", ws)
			}
			if n := s.server.Count(emulator.RouteUpdate); n != 1 {
				t.Errorf("%d updates", n)
			}
			s.rewrite = true
			s.expect(s.sync(), "updated a", 0, 1)
			s.rewrite = false
			s.expect(s.sync(), "unchanged a", 0, 1)
			if k := s.known().Known["a"]; k.Unverified || k.Disputed || s.holds() != heldPassword {
				t.Errorf("recorded %+v, SecMaster holds %q", k, s.holds())
			}
		})
	}
}

// A disputed secret found to be right after all is verified.
func TestWhatWasDisputedIsVerifiedOnceItIsRight(t *testing.T) {
	s := recorded(t, `"canary-other"`)
	s.set("writes=stale")
	s.set("updatetime=absent")
	s.expect(s.sync(), "unknown a", 0, 1)
	s.server.Edit(s.id, func(c *emulator.Connection) { c.Config = strings.Replace(c.Config, "canary-other", heldPassword, 1) })
	s.expect(s.sync(), "unchanged a", 0, 1)
	if k := s.known().Known["a"]; k.Unverified || k.Disputed {
		t.Errorf("recorded %+v", k)
	}
}

// The guards of a write hold for one asked for by a comparison: what the rules of the file encrypt is not sent from the clear, and a secret goes nowhere without
// its seal.
func TestAComparisonOpensNoWayAroundTheGuards(t *testing.T) {
	s := recorded(t, `"canary-other"`)
	s.destinations = manifest.Sealed
	s.expect(s.sync(), "conflict a", 0, 1)
	if s.opened != 0 || s.server.Count(emulator.RouteUpdate) != 0 {
		t.Errorf("opened %d times, %d updates", s.opened, s.server.Count(emulator.RouteUpdate))
	}
}

// Nothing of a comparison stays behind: neither value, nor a digest of one, in a report, a plan or known state.
func TestAComparisonLeavesNoTrace(t *testing.T) {
	for _, password := range []string{heldPassword, "canary-other"} {
		s := recorded(t, `"`+password+`"`)
		p, session, err := s.prepare(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		said := fmt.Sprintf("%+v %#v", p, p.Plan)
		r := p.Run(context.Background())
		_ = session.Close()
		objects := exec.Command("git", "cat-file", "--batch-all-objects", "--batch")
		objects.Dir = s.repo
		stored, err := objects.Output()
		if err != nil {
			t.Fatal(err)
		}
		said += fmt.Sprintf("%+v %#v", r, r) + string(stored)
		for _, value := range []string{heldPassword, "canary-other"} {
			for _, trace := range []string{value, manifest.ValueDigest(value), string(secrets.Digest(value))} {
				if strings.Contains(string(stored), trace) || strings.Contains(said, value) {
					t.Errorf("%q is known after a comparison with %q", trace, password)
				}
			}
		}
	}
}
