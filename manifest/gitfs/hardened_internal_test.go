package gitfs

import "testing"

func TestWhereAServerRedirectsTo(t *testing.T) {
	const at, note = "https://git.example/old.git", "10:00 http.c:1 <= Recv header: "
	for text, want := range map[string]string{
		note + "location: https://git.example/new.git/info/refs?service=git-upload-pack":                            "https://git.example/new.git",
		note + "Location: /new.git/info/refs?service=git-receive-pack\r":                                            "https://git.example/new.git",
		note + "Location: https://GIT.example:443/new/git-receive-pack":                                             "https://GIT.example:443/new",
		note + "Location: https://other.example/new.git/info/refs":                                                  "",
		note + "Location: http://git.example/new.git/info/refs":                                                     "",
		note + "Location: https://git.example:8443/new.git/info/refs":                                               "",
		note + "Location: https://u:canary@git.example/new.git/info/refs":                                           "",
		note + "Location: https://git.example/old.git/info/refs":                                                    "",
		note + "Location: //other.example/new.git":                                                                  "",
		note + "Location: ::%zz":                                                                                    "",
		"nothing":                                                                                                   "",
		note + "location: https://git.example/a/info/refs\n" + note + "location: https://other.example/b/info/refs": "",
	} {
		got, ok := movedTo(at, text)
		if ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q %v, want %q", text, got, ok, want)
		}
	}
}
