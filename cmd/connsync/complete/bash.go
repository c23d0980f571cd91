package complete

import "strings"

// typedLine is a command line of bash up to the cursor, as its words are understood.
type typedLine struct {
	words []string // without quotes; the last is at the cursor
	quote rune     // open at the cursor; 0 for none
	kept  int      // of the last word: how much of it bash leaves where it is
}

// readBash reads a line without running any of it. bash replaces what stands behind the last of breaks, or behind an open quote.
func readBash(text, breaks string) typedLine {
	var l typedLine
	var word strings.Builder
	began, escaped := false, false
	for _, r := range text {
		switch {
		case escaped:
			escaped = false
			word.WriteRune(r)
		case l.quote != 0 && r == l.quote:
			l.quote = 0
		case r == '\\' && l.quote != '\'':
			escaped, began = true, true
		case l.quote == 0 && (r == '\'' || r == '"'):
			l.quote, began, l.kept = r, true, word.Len()
		case l.quote == 0 && (r == ' ' || r == '\t' || r == '\n'):
			if began {
				l.words = append(l.words, word.String())
			}
			word.Reset()
			began, l.kept = false, 0
		default:
			word.WriteRune(r)
			began = true
			if l.quote == 0 && strings.ContainsRune("=:", r) && strings.ContainsRune(breaks, r) {
				l.kept = word.Len()
			}
		}
	}
	l.words = append(l.words, word.String())
	return l
}

// Bash completes a line of bash, and writes the words as bash has to be given them: quoted, and without what bash keeps. A word that cannot
// stand within the open quote is left out.
func (g Grammar) Bash(text, breaks string) Answer {
	l := readBash(text, breaks)
	a := g.Complete(l.words)
	var out []Candidate
	for _, c := range a.Words {
		rest := c.Text[min(l.kept, len(c.Text)):]
		if quoted, ok := quotedIn(l.quote, rest); ok {
			out = append(out, Candidate{Text: quoted})
		}
	}
	a.Words = out
	return a
}

// plain are the characters without a meaning to bash, wherever they stand.
const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./,+%@"

func quotedIn(quote rune, text string) (string, bool) {
	switch quote {
	case '\'':
		return text, !strings.Contains(text, "'")
	case '"':
		return text, !strings.ContainsAny(text, "\"$`\\!")
	}
	var b strings.Builder
	for i, r := range text {
		meant := r == '=' && i > 0 && strings.HasPrefix(text, "--") // of a flag
		if r < 0x80 && !strings.ContainsRune(plain, r) && !meant {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String(), true
}
