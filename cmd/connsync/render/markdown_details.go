package render

import (
	"connsync/cmd/connsync/view"
	"connsync/diff"
)

// mdDetails is everything about a change, folded; "" where its row has said it.
func mdDetails(t view.Target, c view.Card) md {
	if mdSaid(c) {
		return ""
	}
	// Within the element beginning here only HTML counts, up to the empty line.
	out := "<details><summary>" + mdText(string(c.Action)) + " " + mdHTML(t.Name) + " / " + mdHTML(c.Name) + "</summary>\n\n"
	for _, i := range mdItems(c) {
		if len(out) > maxMarkdown { // and so left out
			return out
		}
		out += "- " + i + "\n"
	}
	for _, f := range c.Fields {
		if f.Lines != nil && len(out) <= maxMarkdown {
			out += "\nIn " + mdCode(f.Path) + mdCause(f) + ":\n\n" + mdBlock("diff", mdLines(f))
		}
	}
	return out + "\n</details>\n\n"
}

// mdSaid tells whether a change's row, and the list of high risks, say all there is to it.
func mdSaid(c view.Card) bool {
	for _, s := range c.Secrets {
		if s.Word == diff.Same {
			return false
		}
	}
	return len(c.Fields)+len(c.Extra)+len(c.Warnings)+len(c.Hints) == 0 && len(c.Secrets) <= maxNamed
}

func mdItems(c view.Card) (out []md) {
	for _, f := range c.Fields {
		if f.Lines == nil {
			out = append(out, mdField(f))
		}
	}
	if len(c.Secrets) > 0 {
		var words []md
		for _, s := range c.Secrets {
			words = append(words, mdSecret(s))
		}
		out = append(out, "secrets: "+mdJoin(words, ", "))
	}
	if len(c.Extra) > 0 {
		var paths []md
		for _, p := range c.Extra {
			paths = append(paths, mdCode(p))
		}
		out = append(out, "also there: "+mdJoin(paths, ", ")+" (only in SecMaster)")
	}
	for _, r := range c.Risks {
		out = append(out, "**high risk:** "+mdText(r.Text))
	}
	for _, w := range c.Warnings {
		out = append(out, "warning: "+mdText(w))
	}
	for _, h := range c.Hints {
		out = append(out, "hint: "+mdText(h))
	}
	return out
}

func mdField(f view.Field) md {
	out := mdCode(f.Path) + ": "
	if f.Old != "" {
		out += mdCode(f.Old) + " → "
	}
	return out + mdCode(f.New) + mdCause(f)
}

func mdCause(f view.Field) md {
	if f.Cause == "" {
		return ""
	}
	return " (" + mdText(f.Cause) + ")"
}

func mdLines(f view.Field) []md {
	lines := make([]md, len(f.Lines))
	for i, l := range f.Lines {
		lines[i] = md(l.Mark) + " " + mdLine(l.Text)
	}
	return lines
}
