package manifest

import (
	"fmt"

	"connsync/manifest/strict"
)

// crossCheck finds what no file alone can show.
func (s Set) crossCheck() []Mistake {
	c := crossing{at: make(map[inTarget]Position, len(s.Connections)+len(s.Resting)), claims: map[inTarget]Position{}, adopts: map[inTarget]Position{}}
	for _, r := range s.Resting {
		c.wanted(inTarget{r.Target, r.Name}, Position{File: r.File.Path})
	}
	for i := range s.Connections {
		c.wanted(inTarget{s.Connections[i].Target, s.Connections[i].Name}, s.Connections[i].Pos)
	}
	for i := range s.Connections {
		c.renamed(&s.Connections[i])
		c.adopted(&s.Connections[i])
	}
	return c.mistakes
}

// inTarget is a name in a target: of a connection, or of an id that is taken over.
type inTarget struct{ target, name string }

// crossing is what all files together say, as far as they were looked at.
type crossing struct {
	at       map[inTarget]Position // of every wanted connection
	claims   map[inTarget]Position // of every  previously
	adopts   map[inTarget]Position // of every  adopt
	mistakes []Mistake
}

// twice tells of two places, at either of them: the formats end with the other place.
func (c *crossing) twice(here, there Position, hint, format, fromThere string, args ...any) {
	told := func(at, other Position, format string) Mistake {
		m := Mistake{Pos: at, Message: fmt.Sprintf(format, append(args, other)...)}
		if hint != "" {
			m.Hints = []string{hint}
		}
		return m
	}
	c.mistakes = append(c.mistakes, twins(told(here, there, format), told(there, here, fromThere)))
}

func (c *crossing) wanted(n inTarget, pos Position) {
	if first, ok := c.at[n]; ok {
		const already = "connection %s of target %s is wanted already at %s"
		c.twice(pos, first, "", already, already, strict.SaidName(n.name), n.target)
		return
	}
	c.at[n] = pos
}

func (c *crossing) renamed(w *Connection) {
	if w.Previously == "" {
		return
	}
	old, pos := inTarget{w.Target, w.Previously}, w.At("previously")
	if still, ok := c.at[old]; ok {
		c.twice(pos, still, "rename one after the other, with a sync between", "%s is still wanted, at %s", "%s is what another connection was called until now, at %s", strict.SaidName(w.Previously))
	}
	if other, ok := c.claims[old]; ok {
		const became = "%s became another connection already, at %s"
		c.twice(pos, other, "", became, became, strict.SaidName(w.Previously))
	}
	c.claims[old] = pos
}

func (c *crossing) adopted(w *Connection) {
	if w.Adopt == "" {
		return
	}
	id, pos := inTarget{w.Target, w.Adopt}, w.At("adopt")
	if other, ok := c.adopts[id]; ok {
		const adopted = "the same id is adopted already, at %s"
		c.twice(pos, other, "", adopted, adopted)
	}
	c.adopts[id] = pos
}
