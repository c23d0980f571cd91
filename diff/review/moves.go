package review

import (
	"slices"

	"connsync/diff"
	"connsync/manifest"
	"connsync/secrets"
)

// Move is a secret. At the base, its ciphertext stood under another path, or in a file with another data key.
type Move struct {
	Target, Name string // of the connection with it now
	Path         secrets.Path
	Pos          manifest.Position
	From         diff.Spot
	Copied       bool // it still stands where it was
}

// edited are the connections of files changed since a base.
func edited(head, base manifest.Set) []manifest.Connection {
	before := make(map[string]string, len(base.Files))
	for _, f := range base.Files {
		before[f.Path] = f.Digest
	}
	var out []manifest.Connection
	for i := range head.Connections {
		if f := head.Connections[i].File; before[f.Path] != f.Digest {
			out = append(out, head.Connections[i])
		}
	}
	return out
}

// movesOf are the ciphertexts in another place than at a base.
func movesOf(head, base manifest.Set) []Move {
	moved := map[secrets.Fingerprint]bool{} // of changed files
	for _, c := range edited(head, base) {
		c.Fingerprints(func(f secrets.Fingerprint) { moved[f] = true })
	}
	wanted := func(f secrets.Fingerprint) bool { return moved[f] }
	was := map[secrets.Fingerprint][]manifest.SecretAt{}
	for _, x := range base.SecretsOf(wanted) {
		was[x.Ref.Fingerprint] = append(was[x.Ref.Fingerprint], x)
	}
	now := map[secrets.Fingerprint]map[string]bool{}
	wants := head.SecretsOf(wanted)
	for _, x := range wants {
		if now[x.Ref.Fingerprint] == nil {
			now[x.Ref.Fingerprint] = map[string]bool{}
		}
		now[x.Ref.Fingerprint][x.Ref.Path.Bound()] = true
	}
	var out []Move
	for _, x := range wants {
		before := was[x.Ref.Fingerprint]
		if len(before) == 0 || slices.ContainsFunc(before, func(b manifest.SecretAt) bool { return b.Ref.Path.Bound() == x.Ref.Path.Bound() }) {
			continue
		}
		b := before[0]
		out = append(out, Move{
			Target: x.Connection.Target, Name: x.Connection.Name, Path: x.Path, Pos: x.Pos(),
			From:   diff.Spot{Target: b.Connection.Target, Name: b.Connection.Name, Path: b.Path, File: b.Ref.File},
			Copied: now[x.Ref.Fingerprint][b.Ref.Path.Bound()],
		})
	}
	return out
}
