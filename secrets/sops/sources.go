package sops

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"filippo.io/age"
	sopsage "github.com/getsops/sops/v3/age"

	"connsync/lazy"
)

// Source is a place where a key was looked for, and what was found there, in our own words. Of what a place holds only public keys are named.
type Source struct {
	Name  string // SOPS_AGE_KEY_FILE, pgp and a fingerprint …
	Found string
}

// String is both.
func (s Source) String() string { return s.Name + ": " + s.Found }

const notSet = "not set"

// ageSources are the places where SOPS looks for age keys, in our order, for a file of some recipients.
func (a *ageKeys) sources(recipients []string) []Source {
	out := []Source{
		a.fromVariable(recipients),
		a.fromFile(sopsage.SopsAgeKeyFileEnv, os.Getenv(sopsage.SopsAgeKeyFileEnv), recipients),
		a.fromCommand(sopsage.SopsAgeKeyCmdEnv),
		a.fromFile("", userKeys(), recipients),
	}
	for _, name := range []string{sopsage.SopsAgeSshPrivateKeyFileEnv, sopsage.SopsAgeSshPrivateKeyCmdEnv} {
		if os.Getenv(name) != "" {
			out = append(out, a.fromSSH(name, recipients))
		}
	}
	if home, err := os.UserHomeDir(); err == nil && slices.ContainsFunc(recipients, isSSH) {
		for _, name := range []string{"id_ed25519", "id_rsa"} {
			if _, err := os.Stat(filepath.Join(home, ".ssh", name)); err == nil {
				out = append(out, a.fromSSH(filepath.Join(home, ".ssh", name), recipients))
			}
		}
	}
	return out
}

// userKeys is the file used without a variable.
func userKeys() string {
	dir, err := os.UserConfigDir()
	if xdg := os.Getenv("XDG_CONFIG_HOME"); runtime.GOOS == "darwin" && xdg != "" {
		dir, err = xdg, nil
	}
	if err != nil {
		return ""
	}
	return filepath.Join(dir, filepath.FromSlash(sopsage.SopsAgeKeyUserConfigPath))
}

func (a *ageKeys) fromVariable(recipients []string) Source {
	text, set := os.LookupEnv(sopsage.SopsAgeKeyEnv)
	s := Source{sopsage.SopsAgeKeyEnv, notSet}
	switch {
	case !set:
	case strings.TrimSpace(text) == "":
		s.Found = "set, and empty"
	case !strings.Contains(text, "\n") && isFile(strings.TrimSpace(text)):
		s.Found = "the name of a file, not an identity: " + sopsage.SopsAgeKeyFileEnv + " takes it"
	default:
		s.Found = a.identities(text, true, recipients)
	}
	return s
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

func (a *ageKeys) fromFile(variable, name string, recipients []string) Source {
	s := Source{variable, notSet}
	if s.Name == "" {
		s.Name = name
	}
	if _, set := os.LookupEnv(variable); name == "" {
		if variable != "" && set {
			s.Found = "set, and empty"
		}
		return s
	}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s.Found = "no such file"
	case err != nil:
		s.Found = "cannot be read"
	case info.IsDir():
		s.Found = "a directory, not a file"
	case !info.Mode().IsRegular():
		s.Found = "no ordinary file"
	default:
		s.Found = a.ofFile(name, recipients)
	}
	return s
}

func (a *ageKeys) ofFile(name string, recipients []string) string {
	text, err := os.ReadFile(name)
	if err != nil {
		return "cannot be read"
	}
	return a.identities(string(text), false, recipients)
}

// exitStatus is all that is told of what a command did.
var exitStatus = lazy.New(`exit status ([0-9]{1,3})|signal: [a-z]+`)

func (a *ageKeys) fromCommand(name string) Source {
	s := Source{name, notSet}
	if os.Getenv(name) == "" {
		return s
	}
	said := a.said()
	ended := exitStatus.FindStringSubmatch(said)
	switch {
	case strings.Contains(said, "executable file not found"), strings.Contains(said, "no such file or directory") && strings.Contains(said, "fork/exec"):
		s.Found = "the command was not found"
	case len(ended) > 1 && ended[1] != "":
		s.Found = "the command ended with exit code " + ended[1]
	case ended != nil:
		s.Found = "the command was ended by a signal"
	case strings.Contains(said, "'"+name+"'"):
		s.Found = "what the command gave is not an identity"
	default:
		s.Found = "the command gave no identity that opens the file"
	}
	return s
}

func (a *ageKeys) fromSSH(name string, recipients []string) Source {
	said := a.said()
	switch {
	case strings.Contains(said, "password protected") || strings.Contains(said, "passphrase"):
		return Source{name, "an SSH key with a passphrase, which was not given"}
	case !slices.ContainsFunc(recipients, isSSH):
		return Source{name, "an SSH key, and no recipient of the file is one"}
	}
	return Source{name, "not an SSH key that opens the file"}
}

func isSSH(recipient string) bool { return strings.HasPrefix(recipient, "ssh-") }

// identities says what a text holds. SOPS takes every word of it, or every line, for an identity, or uses none of it.
func (a *ageKeys) identities(text string, words bool, recipients []string) string {
	trimmed := strings.TrimSpace(text)
	if strings.HasPrefix(text, "age-encryption") || strings.HasPrefix(text, "-----BEGIN AGE") {
		if strings.Contains(a.said(), "incorrect passphrase") {
			return "protected by a passphrase, and the one that was given is wrong"
		}
		return "protected by a passphrase, and none could be asked for"
	}
	if strings.HasPrefix(trimmed, "-----BEGIN") && strings.Contains(trimmed, "PRIVATE KEY") {
		return "an SSH key: " + sopsage.SopsAgeSshPrivateKeyFileEnv + " takes its file"
	}
	var own []string
	plugins := 0
	for i, item := range items(text, words) {
		recipient, plugin, wrong := identity(item)
		switch {
		case wrong != "":
			where := ""
			if i > 0 || len(items(text, words)) > 1 {
				where = fmt.Sprintf(" (item %d; so nothing of it is used)", i+1)
			}
			return wrong + where
		case plugin:
			plugins++
		default:
			own = append(own, recipient)
		}
	}
	return found(own, plugins, recipients)
}

// items are the lines that are neither empty nor comments, or the words of these.
func items(text string, words bool) []string {
	var out []string
	for l := range strings.SplitSeq(text, "\n") {
		switch l = strings.TrimSuffix(l, "\r"); {
		case l == "" || strings.HasPrefix(l, "#"):
		case words:
			out = append(out, strings.Fields(l)...)
		default:
			out = append(out, l)
		}
	}
	return out
}

// identity is the public recipient of an identity, or why it is none.
func identity(item string) (recipient string, plugin bool, wrong string) {
	bare := strings.TrimSpace(item)
	switch {
	case strings.HasPrefix(bare, `"`) || strings.HasPrefix(bare, "'"):
		return "", false, "in quotes: take them off"
	case strings.HasPrefix(bare, "AGE-SECRET-KEY-") && bare != item:
		return "", false, "an identity with spaces around it: take them off"
	case strings.HasPrefix(bare, "AGE-PLUGIN-"):
		return "", true, ""
	case strings.HasPrefix(bare, "AGE-SECRET-KEY-PQ-1"):
		if id, err := age.ParseHybridIdentity(bare); err == nil {
			return id.Recipient().String(), false, ""
		}
		return "", false, "an identity that is damaged or cut short"
	case strings.HasPrefix(bare, "AGE-SECRET-KEY-1"):
		if id, err := age.ParseX25519Identity(bare); err == nil {
			return id.Recipient().String(), false, ""
		}
		return "", false, "an identity that is damaged or cut short"
	case strings.HasPrefix(strings.ToUpper(bare), "AGE-SECRET-KEY-"):
		return "", false, "an identity in small letters: it is written in capital letters"
	case strings.HasPrefix(bare, "age1"):
		return "", false, "a public key, which opens nothing: its identity begins with AGE-SECRET-KEY-"
	case isSSH(bare):
		return "", false, "a public SSH key, which opens nothing"
	}
	return "", false, "not an identity"
}

// found says whose identities there are.
func found(own []string, plugins int, recipients []string) string {
	var parts []string
	for _, r := range own {
		if slices.Contains(recipients, r) {
			return "the identity of " + r + ", which is a recipient; but what is wrapped for it in the file does not open: it was changed"
		}
	}
	switch n := len(own); {
	case n == 1:
		parts = append(parts, "1 identity, which is none of the recipients: it is that of "+own[0])
	case n > 1:
		parts = append(parts, fmt.Sprintf("%d identities, none of them of a recipient: they are those of %s", n, some(own)))
	}
	if plugins > 0 {
		parts = append(parts, fmt.Sprintf("%d of a plugin, which did not open it", plugins))
	}
	if len(parts) == 0 {
		return "no identity in it"
	}
	return strings.Join(parts, "; ")
}

// some are at most three of a list.
func some(list []string) string {
	if len(list) <= 3 {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:3], ", "), len(list)-3)
}
