package review

import (
	"testing"
	"time"

	"connsync/manifest"
)

// An older version of a file is a valid file; only its time says that it is older.
func TestAnOlderVersionOfAFileIsSaid(t *testing.T) {
	at := func(modified string) manifest.File {
		return manifest.File{Path: "connections/edr.yaml", Sops: &manifest.Sops{LastModified: modified}}
	}
	const newer, older = "2026-02-01T10:00:00Z", "2026-02-01T11:00:00+02:00"
	cs := fileChanges(at(newer), at(older))
	if len(cs) != 1 || cs[0].Kind != FileOlder || !cs[0].Kind.Risky() || cs[0].Now.Format(time.DateTime) != "2026-02-01 09:00:00" || cs[0].Was.Format(time.DateTime) != "2026-02-01 10:00:00" {
		t.Errorf("%+v", cs)
	}
	for _, pair := range [][2]string{{older, newer}, {newer, newer}, {newer, "yesterday"}, {"", older}, {"\x1b[31m", older}} {
		if cs := fileChanges(at(pair[0]), at(pair[1])); len(cs) != 0 {
			t.Errorf("%q: %+v", pair, cs)
		}
	}
}
