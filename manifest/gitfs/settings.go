package gitfs

import (
	"errors"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// settings are Git's configuration of a repository, in its order: what comes later is stronger.
type settings []setting

// setting is one value. Its key is  section.subsection.name, with the first and the last in small letters.
type setting struct{ key, value string }

func (s settings) all(key string) []string {
	var out []string
	for _, e := range s {
		if e.key == key {
			out = append(out, e.value)
		}
	}
	return out
}

// settings asks Git, which follows every file and includes; where there is no Git, the repository's own file is read. ErrOwner where Git
// refuses to read the repository: it would look as if it had no remote.
func (r *Repository) settings() (settings, error) {
	r.configured.Do(func() { r.config, r.configErr = r.configuration() })
	return r.config, r.configErr
}

func (r *Repository) configuration() (settings, error) {
	if r.layout.gitDir == "" {
		return nil, nil
	}
	own, whole := fromFile(filepath.Join(r.layout.commonDir, "config"))
	if whole && !r.scratch && !own.mayName("remote.") {
		return own, nil // no program is started for what stays here
	}
	if _, err := exec.LookPath("git"); err == nil {
		out, err := r.ask("config", "--list", "-z", "--includes")
		if all := listed(out); err == nil && all.holds(own) {
			return all, nil
		}
		_, err = r.ask("rev-parse", "--absolute-git-dir")
		if failed := (*exec.ExitError)(nil); errors.As(err, &failed) && strings.Contains(string(failed.Stderr), "dubious ownership") {
			return nil, ErrOwner
		}
	}
	if !whole {
		return nil, ErrConfig
	}
	return own, nil
}

// holds tells whether all keys of other settings are here. What Git does not trust it leaves out without a word.
func (s settings) holds(other settings) bool {
	here := map[string]bool{}
	for _, e := range s {
		here[e.key] = true
	}
	return !slices.ContainsFunc(other, func(e setting) bool { return !here[e.key] })
}

// mayName tells whether a repository's own file has a setting whose key begins so, or leads to other files that may.
func (s settings) mayName(start string) bool {
	return slices.ContainsFunc(s, func(e setting) bool {
		return strings.HasPrefix(e.key, start) || strings.HasPrefix(e.key, "include") || e.key == "extensions.worktreeconfig"
	})
}

// ask is what a Git command says in the repository, as Git itself finds it: told where it is, Git would not look at who owns it.
func (r *Repository) ask(args ...string) (string, error) {
	cmd := exec.Command("git", append([]string{"-C", r.base()}, args...)...)
	cmd.Env = append(withoutGit(environ(), "GIT_CONFIG_"), "LC_ALL=C", "LANGUAGE=")
	if r.scratch { // it is our own
		cmd.Env = append(cmd.Env, "GIT_DIR="+r.layout.gitDir)
	}
	out, err := cmd.Output()
	return string(out), err
}

// listed reads what  git config --list -z  says: a value's key ends with a newline, and a key without a value is true.
func listed(out string) settings {
	var s settings
	for entry := range strings.SplitSeq(strings.TrimSuffix(out, "\x00"), "\x00") {
		key, value, has := strings.Cut(entry, "\n")
		if !has {
			value = "true"
		}
		s = append(s, setting{key, value})
	}
	return s
}

// withoutGit is an environment without what would lead Git to another repository, but for variables with these beginnings.
func withoutGit(env []string, but ...string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(pair string) bool {
		return strings.HasPrefix(pair, "GIT_") && !slices.ContainsFunc(but, func(b string) bool { return strings.HasPrefix(pair, b) })
	})
}
