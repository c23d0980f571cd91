package render

import (
	"fmt"
	"strings"
)

// maxMarkdown keeps within what GitHub takes for a comment, 65,536 characters; in bytes: there are never fewer of them.
const maxMarkdown = 65_000

const (
	mdRiskHead    = "\n> [!CAUTION]\n> **High risk**\n>\n"
	mdFindingHead = "\n> [!WARNING]\n> **Findings**\n>\n"
	mdTableHead   = "\n| action | connection | where | what changes |\n|---|---|---|---|\n"
	mdNotesHead   = "\n**Targets**\n\n"
	mdDetailsHead = "\n**Details**\n\n"
	mdEnough      = 2000 // bytes for the headings above, and for the counts of what is left out
)

// mdFit puts a page together within some bytes. Each group has room of its own, so a flood of one never leaves out another.
func mdFit(p mdPage, limit int) md {
	groups := mdGroups(p)
	left := mdShare(groups, limit-mdEnough-len(p.summary)-len(p.next))
	mdChoose(p, left)

	return p.summary +
		mdSection(mdRiskHead, mdKept(p.rules)+mdKept(p.risks), mdMore("> - ", groups[:3])) +
		mdSection(mdFindingHead, mdKept(p.fatal)+mdKept(p.doubts), mdMore("> - ", groups[3:5])) +
		mdLeftOut(append(groups, mdGroup{what: "details", items: p.details})) +
		mdSection(mdTableHead, mdKept(p.rows), mdMore("\n", groups[6:])) +
		mdSection(mdDetailsHead, mdKept(p.details), "") +
		mdSection(mdNotesHead, mdKept(p.notes), mdMore("- ", groups[5:6])) + p.next
}

// mdSection is what is kept under its heading, and the count of what is not.
func mdSection(head, kept, more md) md {
	if kept+more == "" {
		return ""
	}
	return head + kept + more
}

func mdKept(items []*mdPiece) md {
	var out []md
	for _, i := range items {
		if i.kept {
			out = append(out, i.text)
		}
	}
	return mdJoin(out, "")
}

// mdChoose keeps the details that fit, those of high risk before the others: none where rows are left out.
func mdChoose(p mdPage, left int) {
	for _, row := range p.rows {
		if !row.kept {
			return
		}
	}
	for _, important := range []bool{true, false} {
		for _, i := range p.details {
			if i.important == important {
				i.take(&left)
			}
		}
	}
}

// mdMore counts what is left out of groups, in a line that begins as it is told.
func mdMore(begin md, groups []mdGroup) md {
	words := mdMissing(groups)
	if len(words) == 0 {
		return ""
	}
	return begin + "and " + mdJoin(words, ", ") + "\n"
}

// mdMissing are the counts of what is left out, by group.
func mdMissing(groups []mdGroup) (out []md) {
	for _, g := range groups {
		switch n := g.left(); {
		case n == 1:
			out = append(out, "1 more "+md(strings.TrimSuffix(string(g.what), "s")))
		case n > 1:
			out = append(out, md(fmt.Sprint(n))+" more "+g.what)
		}
	}
	return out
}

func mdLeftOut(groups []mdGroup) md {
	words := mdMissing(groups)
	if len(words) == 0 {
		return ""
	}
	return "\n> [!NOTE]\n> Too much for one comment; left out here: " + mdJoin(words, ", ") + ". The same command with `--format text` shows all, and " +
		"with `--format html --out FILE` it makes a page of it.\n"
}
