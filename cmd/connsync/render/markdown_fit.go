package render

// maxMarkdown keeps within what GitHub takes for a comment, 65,536 characters; in bytes, which are never fewer.
const maxMarkdown = 65_000

const (
	mdRiskHead    = "\n> [!CAUTION]\n> **High risk**\n>\n"
	mdFindingHead = "\n> [!WARNING]\n> **Findings**\n>\n"
	mdTableHead   = "\n| action | connection | where | what changes |\n|---|---|---|---|\n"
	mdNotesHead   = "\n**Targets**\n\n"
	mdDetailsHead = "\n**Details**\n\n"
	mdEnough      = 900 // bytes for the headings above and for the note of what is left out
)

// mdFit puts a page together, and leaves out what is too much: details first, then rows, and high risks last.
func mdFit(p mdPage) md {
	room := mdRoom(maxMarkdown - mdEnough - len(p.summary) - len(p.next))
	risks := room.take(p.risks)
	findings := room.take(p.findings)
	notes := room.take(p.notes)
	rows := room.take(p.rows)
	details := room.choose(p, len(rows) == len(p.rows))

	out := p.summary
	group := func(head md, items []md) {
		if len(items) > 0 {
			out += head + mdJoin(items, "")
		}
	}
	group(mdRiskHead, risks)
	group(mdFindingHead, findings)
	out += mdLeftOut([]mdMissing{
		{"high risk", len(p.risks) - len(risks)}, {"finding", len(p.findings) - len(findings)},
		{"note", len(p.notes) - len(notes)}, {"row", len(p.rows) - len(rows)}, {"detail", len(p.details) - len(details)},
	})
	group(mdTableHead, rows)
	group(mdDetailsHead, details)
	group(mdNotesHead, notes)
	return out + p.next
}

// mdRoom is how many bytes are left.
type mdRoom int

// take gives the first items, as many as fit. Where one does not fit, nothing that comes later is worth more.
func (r *mdRoom) take(items []md) []md {
	for i, text := range items {
		if mdRoom(len(text)) > *r {
			*r = 0
			return items[:i]
		}
		*r -= mdRoom(len(text))
	}
	return items
}

// choose gives the details that fit, those of high risk before the others, in their order.
func (r *mdRoom) choose(p mdPage, all bool) []md {
	if !all {
		return nil
	}
	chosen := make([]bool, len(p.details))
	for _, important := range []bool{true, false} {
		for i, text := range p.details {
			if p.important[i] == important && mdRoom(len(text)) <= *r {
				chosen[i] = true
				*r -= mdRoom(len(text))
			}
		}
	}
	var out []md
	for i, text := range p.details {
		if chosen[i] {
			out = append(out, text)
		}
	}
	return out
}

type mdMissing struct {
	what md
	n    int
}

func mdLeftOut(missing []mdMissing) md {
	var parts []md
	for _, m := range missing {
		if m.n > 0 {
			parts = append(parts, mdCount(m.n, m.what))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "\n> [!NOTE]\n> Too much for one comment; left out here: " + mdJoin(parts, ", ") + ". The same command with `--format text` shows all, and " +
		"with `--format html --out FILE` it makes a page of it.\n"
}
