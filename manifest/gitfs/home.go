package gitfs

import (
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"connsync/lazy"
)

// Home names the repository behind an address, as host/path: all addresses of one repository have the same one, whatever their scheme,
// port, user, spelling or ending. "" for a place others cannot know: a path, or file://.
func Home(address string) string {
	at, ok := parseAddress(address)
	if !ok || at.host == "" {
		return ""
	}
	host, parts := at.host, segments(at.path)
	if as, ok := aliases[host]; ok {
		host = as
	}
	if org, ok := strings.CutSuffix(host, ".visualstudio.com"); ok && org != "vs-ssh" {
		host, parts = azure, append([]string{org}, slices.DeleteFunc(parts, func(s string) bool { return strings.EqualFold(s, "DefaultCollection") })...)
	}
	if host == azure {
		parts = azureParts(parts)
	}
	if len(parts) == 3 && parts[0] == "scm" { // Bitbucket's own servers have it in https addresses only
		parts = parts[1:]
	}
	name := strings.Join(parts, "/")
	if slices.Contains(foldCase, host) {
		name = strings.ToLower(name)
	}
	return host + "/" + name
}

const azure = "dev.azure.com"

// aliases are the second names of hosts with the same repositories.
var aliases = map[string]string{
	"ssh.github.com": "github.com", "www.github.com": "github.com",
	"altssh.gitlab.com": "gitlab.com", "altssh.bitbucket.org": "bitbucket.org",
	"ssh.dev.azure.com": azure, "vs-ssh.visualstudio.com": azure,
}

// foldCase are hosts where names in capital and in small letters are one repository.
var foldCase = []string{"github.com", "gitlab.com", "bitbucket.org", azure}

// azureParts are organisation, project and repository of an address of Azure: v3/o/p/r, o/p/_git/r, or o/_git/r where r is p.
func azureParts(parts []string) []string {
	if len(parts) == 4 && strings.EqualFold(parts[0], "v3") {
		parts = parts[1:]
	}
	var out []string
	for i, s := range parts {
		if plain, err := url.PathUnescape(s); err == nil { // its ssh addresses have them, too
			s = plain
		}
		switch {
		case s == "_git" && i == 1 && len(parts) > 2:
			out = append(out, parts[len(parts)-1])
		case s == "_git", s == "_optimized", s == "_full":
		default:
			out = append(out, s)
		}
	}
	return out
}

// place is an address, taken apart.
type place struct{ scheme, host, port, path string }

// scpForm is [user@]host:path, where no slash comes before the colon.
var scpForm = lazy.New(`^(?:[^/:@]+@)?(\[[0-9A-Fa-f:.]+\]|[^/:@\[\]]+):(.*)$`)

// parseAddress takes an address apart as Git does; a path has no host.
func parseAddress(address string) (place, bool) {
	if !strings.Contains(address, "://") {
		if m := scpForm.FindStringSubmatch(address); m != nil {
			return place{"ssh", hostName(m[1]), "22", m[2]}, true
		}
		return place{path: address}, true
	}
	u, err := url.Parse(address)
	if err != nil {
		return place{}, false
	}
	p := place{scheme: strings.ToLower(u.Scheme), host: hostName(u.Hostname()), port: u.Port(), path: u.Path}
	switch p.scheme {
	case "file":
		p.host = ""
	case "git+ssh", "ssh+git":
		p.scheme = "ssh"
	}
	if p.port == "" {
		p.port = map[string]string{"ssh": "22", "https": "443", "http": "80", "git": "9418"}[p.scheme]
	}
	return p, true
}

func hostName(s string) string {
	return strings.TrimSuffix(strings.ToLower(strings.Trim(s, "[]")), ".")
}

// segments are the parts of a path, without what does not tell one repository from another.
func segments(s string) []string {
	clean := strings.Trim(path.Clean("/"+strings.ReplaceAll(s, `\`, "/")), "/")
	clean = strings.TrimSuffix(strings.TrimSuffix(clean, ".git"), "/")
	return strings.FieldsFunc(clean, func(r rune) bool { return r == '/' })
}

// samePlace tells whether two addresses lead to one repository: what one of them shows, the other one changes. dir is what paths are relative to.
func samePlace(a, b, dir string) bool {
	if a == b {
		return true
	}
	first, ok := parseAddress(a)
	second, also := parseAddress(b)
	switch home := Home(a); {
	case !ok || !also || first.host == "" != (second.host == ""):
		return false
	case first.host == "":
		return sameFolder(first.path, second.path, dir)
	case home != Home(b):
		return false
	default:
		known := slices.Contains(foldCase, strings.SplitN(home, "/", 2)[0])
		return known || first.scheme != second.scheme || first.port == second.port
	}
}

// sameFolder tells whether two paths are one folder.
func sameFolder(a, b, dir string) bool {
	whole := func(name string) string {
		if !filepath.IsAbs(name) {
			name = filepath.Join(dir, name)
		}
		if real, err := filepath.EvalSymlinks(name); err == nil {
			name = real
		}
		return filepath.Clean(name)
	}
	return whole(a) == whole(b)
}
