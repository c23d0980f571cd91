package apply_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// sealScenario is what a user does to a branch, from a state with all sealed and synced.
type sealScenario struct {
	what    string
	do      func(s *sealScene)
	preview string // mac_only_encrypted/full MAC, or one for both: ok, risk, fail
	sync    string // "" where it is accepted, or why it is refused: likewise
}

const evil = "https://evil.example"

// then has the branch begin here, after a sync.
func (s *sealScene) then() {
	s.t.Helper()
	s.commit()
	if ok, why := s.sync(); !ok {
		s.t.Fatalf("not synced: %s", why)
	}
	s.parted()
}

func (s *sealScene) byHand() { s.hand("https://api.vendor.com", evil) }

// honestScenarios are what people do who hold the key, and those around them: accepted.
var honestScenarios = []sealScenario{
	{"first sync, sealed", func(s *sealScene) { s.loseState() }, "ok", ""},
	{"second sync, nothing changed", func(s *sealScene) {}, "ok", ""},
	{"sops set password", func(s *sealScene) { s.set("edr", "password", "canary-p2") }, "ok", ""},
	{"sops rotate", func(s *sealScene) { s.rotate() }, "ok", ""},
	{"sops updatekeys", func(s *sealScene) { s.updatekeys() }, "ok", ""},
	{"sops edit of another secret and a free setting", func(s *sealScene) { s.set("siem", "password", "canary-s2"); s.set("edr", "interval", 60) }, "ok", ""},
	{"endpoint: sops set, then seal", func(s *sealScene) { s.set("edr", "endpoint", "https://b.vendor.com"); s.seal("edr") }, "risk", ""},
	{"endpoint where the MAC allows it by hand, then seal", func(s *sealScene) {
		if s.macOnly {
			s.hand("https://api.vendor.com", "https://b.vendor.com")
		} else {
			s.set("edr", "endpoint", "https://b.vendor.com")
		}
		s.seal("edr")
	}, "risk", ""},
	{"a free setting by hand, or with sops", func(s *sealScene) {
		if s.macOnly {
			s.hand("interval: 30", "interval: 90")
		} else {
			s.set("edr", "interval", 90)
		}
	}, "ok", ""},
	{"a description", func(s *sealScene) { s.setAt("EDR", "connections", "prod", "edr", "description") }, "ok", ""},
	{"endpoint and seal in two commits, squashed", func(s *sealScene) {
		s.set("edr", "endpoint", "https://b.vendor.com")
		s.commit()
		s.seal("edr")
		s.squash()
	}, "risk", ""},
	{"--only of one, then the other", func(s *sealScene) {
		s.set("siem", "password", "canary-s2")
		s.commit()
		s.only("siem")
		s.parted()
		s.only("edr")
	}, "ok", ""},
	{"a change of one, --only of the other, later the one", func(s *sealScene) {
		s.set("edr", "endpoint", "https://b.vendor.com")
		s.seal("edr")
		s.commit()
		s.only("siem")
		s.parted()
	}, "ok", ""},
	{"state lost, nothing changed", func(s *sealScene) { s.loseState() }, "ok", ""},
	{"state lost, and the head alone in sight", func(s *sealScene) {
		s.set("edr", "endpoint", "https://b.vendor.com")
		s.seal("edr")
		s.commit()
		s.loseState()
		s.shallow = true
		s.only()
	}, "risk", ""},
	{"git revert of a password", func(s *sealScene) {
		s.set("edr", "password", "canary-p2")
		s.then()
		s.restore(0)
	}, "ok", ""},
	{"two writes within a second, one sync", func(s *sealScene) {
		s.set("edr", "endpoint", "https://b.vendor.com")
		s.seal("edr")
		s.commit()
		s.set("edr", "endpoint", "https://c.vendor.com")
		s.seal("edr")
	}, "risk", ""},
	{"two changes within a second, a sync each", func(s *sealScene) {
		s.set("edr", "endpoint", "https://b.vendor.com")
		s.seal("edr")
		s.then()
		s.set("edr", "endpoint", "https://c.vendor.com")
		s.seal("edr")
	}, "risk", ""},
	{"sealed by a clock that is behind", func(s *sealScene) {
		s.set("edr", "endpoint", "https://b.vendor.com")
		s.sealAt(time.Now().Add(-time.Hour), "edr")
	}, "risk", ""},
	{"git mv", func(s *sealScene) { s.files["connections/b.yaml"] = s.files[sealedFile]; delete(s.files, sealedFile) }, "ok", ""},
	{"quotes written otherwise", func(s *sealScene) { s.hand("tenant: pany42", `tenant: "pany42"`) }, "ok", ""},
	{"a new secret and its seal", func(s *sealScene) { s.set("edr", "token", "canary-t1"); s.seal("edr") }, "risk", ""},
	{"a new connection with a secret, sealed", func(s *sealScene) {
		s.write("connections/new.yaml", s.encrypt("connections:\n  prod:\n    fresh:\n      component: EdrVendor\n      version: \"2.1\"\n      config: {endpoint: https://n.example, password: canary-n}\n"))
		s.sealFile("connections/new.yaml")
	}, "ok", ""},
	{"a connection taken out with sops", func(s *sealScene) { s.without("siem") }, "ok", ""},
	{"renamed: decrypt, rename, encrypt, seal", func(s *sealScene) {
		s.anew(sealedFile, "    edr:\n", "    edr_new:\n      previously: edr\n")
		s.seal("edr_new")
	}, "risk", ""},
	{"a file split: decrypt, part, encrypt; the seals stay in the text", func(s *sealScene) {
		a, b, _ := strings.Cut(s.plain(), "    siem:\n")
		s.write("connections/siem.yaml", s.encrypt("connections:\n  prod:\n    siem:\n"+b))
		s.write(sealedFile, s.encrypt(a))
	}, "risk", ""},
	{"the workspace moves, and all is sealed anew", func(s *sealScene) { s.elsewhere("w-2222"); s.seal() }, "risk", ""},
	{"two connections sealed on two branches, and merged with the key", func(s *sealScene) {
		s.set("edr", "endpoint", "https://b.vendor.com")
		s.seal("edr")
		s.commit()
		s.set("siem", "smtpHost", "mail2.example")
		s.seal("siem")
	}, "risk", ""},
	{"a hand edit was merged, refused, and reverted", func(s *sealScene) {
		s.byHand()
		s.commit()
		if ok, _ := s.sync(); ok {
			s.t.Error("the hand edit was taken")
		}
		s.parted()
		s.restore(0)
	}, "ok", ""},
	{"a fresh seal, a hand edit on top, reverted, one sync", func(s *sealScene) {
		s.set("edr", "endpoint", "https://b.vendor.com")
		s.seal("edr")
		good := s.commit()
		s.hand("https://b.vendor.com", evil)
		s.commit()
		s.restore(good)
	}, "risk", ""},
	{"all secrets of a connection taken out with sops, and sealed", func(s *sealScene) { s.without("siem.password"); s.seal("siem") }, "risk", ""},
	{"git revert of an endpoint, then seal", func(s *sealScene) {
		s.set("edr", "endpoint", "https://b.vendor.com")
		s.seal("edr")
		s.then()
		s.restore(0)
		s.raise("edr")
	}, "risk", ""},
}

// designScenarios are honest, and refused: the hint of the refusal is to seal, and then they are accepted.
var designScenarios = []sealScenario{
	{"git revert of a sealed endpoint", func(s *sealScene) {
		s.set("edr", "endpoint", "https://b.vendor.com")
		s.seal("edr")
		s.then()
		s.restore(0)
	}, "risk", "older"},
	{"endpoint by sops set, and no seal", func(s *sealScene) { s.set("edr", "endpoint", "https://b.vendor.com") }, "fail", "resealed"},
	{"a setting that no list knows, by sops set, and no seal", func(s *sealScene) { s.set("edr", "tenant", "other") }, "fail", "resealed"},
	{"the earlier of two seals is merged last", func(s *sealScene) {
		s.set("edr", "endpoint", "https://b.vendor.com")
		s.seal("edr")
		earlier := s.commit()
		s.restore(0)
		s.set("edr", "endpoint", "https://c.vendor.com")
		s.sealAt(time.Now().Add(time.Minute), "edr")
		s.then()
		s.restore(earlier)
	}, "risk", "older"},
}

// hostileScenarios are what a user without the key does, on top of what others did: refused.
var hostileScenarios = []sealScenario{
	{"endpoint by hand", func(s *sealScene) { s.byHand() }, "fail", "resealed"},
	{"a fresh sops set that no sync saw, endpoint by hand on top", func(s *sealScene) { s.set("edr", "password", "canary-p2"); s.commit(); s.byHand() }, "fail", "resealed"},
	{"the same, squashed", func(s *sealScene) { s.set("edr", "password", "canary-p2"); s.byHand(); s.squash() }, "fail", "resealed"},
	{"an unmerged commit of a key holder, endpoint by hand on top", func(s *sealScene) {
		s.set("edr", "endpoint", "https://b.vendor.com")
		s.seal("edr")
		s.commit()
		s.hand("https://b.vendor.com", evil)
	}, "fail", "differs/does not open"},
	{"sops set of siem, sync --only siem, then edr by hand", func(s *sealScene) {
		s.set("siem", "password", "canary-s2")
		s.commit()
		s.only("siem")
		s.parted()
		s.byHand()
	}, "fail", "resealed"},
	{"by hand, then a key holder sets a secret of siem, unaware", func(s *sealScene) {
		s.byHand()
		s.commit()
		if s.macOnly {
			s.set("siem", "password", "canary-s2")
		}
	}, "fail", "resealed"},
	{"by hand, then a key holder rotates, unaware", func(s *sealScene) {
		s.byHand()
		s.commit()
		if s.macOnly {
			s.rotate()
		}
	}, "fail", "resealed"},
	{"a boundary shifted: .com and pany42 to .co and mpany42", func(s *sealScene) { s.shift() }, "fail", "resealed"},
	{"the same on a fresh sops set", func(s *sealScene) { s.set("edr", "password", "canary-p2"); s.commit(); s.shift() }, "fail", "resealed"},
	{"two names swapped on a hidden seal", func(s *sealScene) {
		s.set("edr", "tenant", "evil.example")
		s.seal("edr")
		s.hand("endpoint: https://api.vendor.com", "tenant: https://api.vendor.com")
		s.hand("tenant: evil.example", "endpoint: evil.example")
		s.squash()
	}, "risk", "differs"},
	{"an empty setting added", func(s *sealScene) { s.hand("tenant: pany42", "tenant: pany42\n        proxy: \"\"") }, "fail", "resealed"},
	{"an empty list added on a fresh sops set", func(s *sealScene) {
		s.set("edr", "password", "canary-p2")
		s.commit()
		s.hand("tenant: pany42", "tenant: pany42\n        hosts: []")
	}, "fail", "resealed"},
	{"the endpoint made a list of two halves", func(s *sealScene) {
		s.hand("endpoint: https://api.vendor.com", "endpoint:\n          - https://api.\n          - vendor.com")
	}, "fail", "resealed"},
	{"a secret of a list moved under another address, on a fresh sops set", func(s *sealScene) {
		s.set("edr", "password", "canary-p2")
		s.commit()
		s.hand("\n          - url: https://b.example\n            token: ", "\n            second_token: ")
		s.hand("second_token: ", "token_b: ")
		s.hand("token_b: ", "nested: [{url: https://a.example}]\n          - url: https://c.example\n            token: ")
	}, "fail", "resealed"},
	{"the addresses of a list swapped", func(s *sealScene) {
		s.set("edr", "password", "canary-p2")
		s.commit()
		s.hand("url: https://a.example", "url: https://x.example")
		s.hand("url: https://b.example", "url: https://a.example")
		s.hand("url: https://x.example", "url: https://b.example")
	}, "fail", "resealed"},
	{"the whole file rolled back", func(s *sealScene) { s.moved(); s.restore(0) }, "risk", "older"},
	{"the same after the state was lost, with the history", func(s *sealScene) { s.moved(); s.loseState(); s.restore(0) }, "risk", "older"},
	{"rolled back within one second", func(s *sealScene) {
		s.moved()
		s.set("edr", "endpoint", "https://c.vendor.com")
		s.seal("edr")
		s.then()
		s.restore(s.base - 1)
	}, "risk", "older"},
	{"the old seal and the old endpoint with the new secret", func(s *sealScene) {
		old := s.value("edr", "seal")
		s.moved()
		s.set("edr", "password", "canary-p2")
		s.then()
		s.hand(s.value("edr", "seal"), old)
		s.hand("https://b.vendor.com", "https://api.vendor.com")
	}, "fail", "does not open"},
	{"an endpoint put back by hand under a hidden new secret and seal", func(s *sealScene) {
		s.set("edr", "endpoint", "https://b.vendor.com")
		s.set("edr", "password", "canary-p2")
		s.seal("edr")
		s.hand("https://b.vendor.com", "https://api.vendor.com")
		s.squash()
	}, "risk", "differs/does not open"},
	{"the seal taken away", func(s *sealScene) { s.hand("\n      seal: "+s.value("edr", "seal"), "") }, "fail", "unsealed"},
	{"the seal emptied", func(s *sealScene) { s.hand(s.value("edr", "seal"), `""`) }, "fail", "a seal that is not encrypted is none"},
	{"the seal of siem under edr", func(s *sealScene) { s.hand(s.value("edr", "seal"), s.value("siem", "seal")) }, "fail", "does not open"},
	{"a seal in the clear", func(s *sealScene) { s.hand(s.value("edr", "seal"), `"connsync-seal 1"`) }, "fail", "a seal that is not encrypted is none"},
	{"the selector narrowed, so that sops leaves the seal alone", func(s *sealScene) {
		s.hand("^(password|token|seal)$", "^(password|token)$")
		s.byHand()
	}, "fail", "is encrypted, and the file's own rule"},
	{"a fresh file for the same recipients, a seal of its own, honest ciphertext pasted in", func(s *sealScene) {
		secret := s.value("edr", "password")
		s.anew(sealedFile, "https://api.vendor.com", evil)
		s.seal()
		s.hand(s.value("edr", "password"), secret)
	}, "risk", "does not open"},
	{"the workspace changed", func(s *sealScene) { s.elsewhere("w-2222") }, "fail", "differs"},
	{"the region changed", func(s *sealScene) { s.project1("region: cn-north-4", "region: cn-north-9") }, "fail", "differs"},
	{"the plugin changed on a fresh sops set", func(s *sealScene) {
		s.set("edr", "password", "canary-p2")
		s.commit()
		s.hand("component: EdrVendor", "component: HssFirewall")
	}, "fail", "resealed"},
	{"a setting that no list knows, on a fresh sops set", func(s *sealScene) { s.set("edr", "password", "canary-p2"); s.commit(); s.hand("pany42", "other") }, "fail", "resealed"},
	{"a free setting with an address in it", func(s *sealScene) { s.hand("interval: 30", "interval: evil.example") }, "fail", "resealed"},
	{"the first sync, endpoint by hand before it", func(s *sealScene) { s.loseState(); s.byHand() }, "fail", "differs/does not open"},
	{"state lost, the head alone in sight, endpoint by hand", func(s *sealScene) { s.loseState(); s.shallow = true; s.byHand() }, "fail", "differs/does not open"},
	{"lastmodified raised by a fraction, the MAC of the same second kept", func(s *sealScene) {
		at := s.lastModified()
		s.hand(at, strings.Replace(at, "Z", ".9Z", 1))
		s.byHand()
	}, "fail", "resealed"},
	{"deleted, pruned, and an old version brought back", func(s *sealScene) {
		old := s.files[sealedFile]
		s.moved()
		s.without("edr")
		s.then()
		s.shallow = true // the tombstone tells, not the history
		s.files[sealedFile] = old
	}, "ok", "older"},
	{"the workspace changed, and the operator believes it", func(s *sealScene) { s.moved(); s.elsewhere("w-2222") }, "fail", "differs"},
	{"a fresh file with a counter that locks the key holder out", func(s *sealScene) {
		s.anew(sealedFile, "canary-p1", "sabotage")
		s.sealAt(time.Now().Add(100*24*time.Hour), "edr")
	}, "risk", "future"},
	{"the secret taken away, and the endpoint changed", func(s *sealScene) {
		s.hand("\n        password: "+s.value("siem", "password"), "")
		s.hand("smtpHost: mail.example", "smtpHost: evil.example")
	}, "fail", "resealed"},
}

// TestNoDestinationGoesOutBesideASecretUnlessAKeyHolderPutItThere carries out every scenario in both modes of the MAC.
func TestNoDestinationGoesOutBesideASecretUnlessAKeyHolderPutItThere(t *testing.T) {
	if n, d, h := len(honestScenarios), len(designScenarios), len(hostileScenarios); n != 32 || d != 4 || h != 38 {
		t.Fatalf("%d honest, %d refused by design, %d hostile", n, d, h)
	}
	_, identity := sealKey()
	t.Setenv("SOPS_AGE_KEY", identity)
	for _, mode := range []string{"mac_only", "full"} {
		for kind, all := range map[string][]sealScenario{"honest": honestScenarios, "by design": designScenarios, "hostile": hostileScenarios} {
			for _, c := range all {
				t.Run(fmt.Sprintf("%s/%s/%s", mode, kind, c.what), func(t *testing.T) { playSeal(t, c, mode == "mac_only", kind) })
			}
		}
	}
}

func playSeal(t *testing.T, c sealScenario, macOnly bool, kind string) {
	s := newSealScene(t, macOnly)
	if ok, why := s.sync(); !ok {
		t.Fatalf("the first sync: %s", why)
	}
	c.do(s)
	s.commit()
	preview, refusal := inMode(c.preview, macOnly), inMode(c.sync, macOnly)
	if got := s.preview(); got != preview {
		t.Errorf("the preview says %s, want %s", got, preview)
	}
	ok, why := s.sync()
	if ok != (refusal == "") || !strings.Contains(why, refusal) {
		t.Errorf("synced: %v %q, want %q", ok, why, refusal)
	}
	if kind == "hostile" && (s.sent("evil") || s.sent("mpany42") || s.sent("sabotage")) {
		t.Error("secrets went where no key holder sent them")
	}
	if kind != "by design" {
		return
	}
	s.raise("edr")
	s.commit()
	if ok, why := s.sync(); !ok {
		t.Errorf("sealed anew, as the hint says: %s", why)
	}
}

func inMode(text string, macOnly bool) string {
	a, b, parted := strings.Cut(text, "/")
	if parted && !macOnly {
		return b
	}
	return a
}

// A branch that has review alone decide is itself judged by what the base says; and once merged, review has decided.
func TestABranchDoesNotLoosenItsOwnPreview(t *testing.T) {
	_, identity := sealKey()
	t.Setenv("SOPS_AGE_KEY", identity)
	s := newSealScene(t, true)
	s.only()
	s.project1("destinations: sealed", "destinations: reviewed")
	s.byHand()
	s.commit()
	if got := s.preview(); got != "fail" {
		t.Errorf("the preview says %s", got)
	}
	if ok, why := s.sync(); !ok || !s.sent("evil") {
		t.Errorf("what was merged is not sent: %s", why)
	}
	s.parted()
	s.hand(evil, evil+"/2")
	s.commit()
	if got := s.preview(); got != "ok" {
		t.Errorf("a preview of what was loosened before says %s", got)
	}
}
