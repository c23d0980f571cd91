package main

import (
	"context"
	"fmt"
	"time"

	"connsync/cmd/connsync/view"
	"connsync/manifest"
	"connsync/secrets/seal"
	"connsync/secrets/sops"
)

// kept are the seals of a file before it is changed: those that say what stands there, and what the others do not say.
type kept struct {
	fit     map[connectionPlace]seal.Seal
	differs map[connectionPlace][]string
}

// seals reads the seals of a file.
func (e *editing) seals(file string, text []byte, ed *sops.Editor) kept {
	k := kept{map[connectionPlace]seal.Seal{}, map[connectionPlace][]string{}}
	set, _ := manifest.Read(file, text, e.project)
	for i := range set.Connections {
		w := &set.Connections[i]
		place := connectionPlace{w.Target, w.Name}
		was := ed.Sealed(place.path())
		if was == "" {
			continue
		}
		old, err := seal.Parse(was)
		lines, ok := w.Bound(e.project.Targets[w.Target])
		if err != nil || !ok {
			k.differs[place] = []string{seal.Key}
			continue
		}
		for _, d := range seal.Compare(old.Lines, lines) {
			k.differs[place] = append(k.differs[place], string(d.Name))
		}
		if len(k.differs[place]) == 0 {
			k.fit[place] = old
		}
	}
	return k
}

// fits refuses to change a connection if its seal does not say what stands there: the change would be signed, and the rest with it.
func (k kept) fits(file string, c connectionPlace) error {
	if names := k.differs[c]; len(names) > 0 {
		return &refusal{fmt.Sprintf("%s: %s of %s is not what was sealed: nothing is changed, since it would be signed on the way", file, view.List(names), c.String()), []string{manifest.SealHint(file)}}
	}
	return nil
}

// keep seals connections anew if their seals said what stood there, and do not after a change.
func (k kept) keep(ctx context.Context, e *editing, file string, ed *sops.Editor) (sealed int, err error) {
	if len(k.fit) == 0 {
		return 0, nil
	}
	set, _ := manifest.Read(file, ed.Text(), e.project)
	for i := range set.Connections {
		w := &set.Connections[i]
		place := connectionPlace{w.Target, w.Name}
		old, had := k.fit[place]
		lines, ok := w.Bound(e.project.Targets[w.Target])
		if !had || !ok || seal.Compare(old.Lines, lines) == nil {
			continue
		}
		next := seal.Seal{N: seal.Next(time.Now(), old.N, e.knownN(ctx, place)), Lines: lines}
		if _, err := ed.Seal(place.path(), next.Text()); err != nil {
			return sealed, err
		}
		sealed++
	}
	return sealed, nil
}
