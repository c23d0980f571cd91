package strict

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"connsync/lazy"
)

// MaxSaid is how much of one text is said, in characters.
const MaxSaid = 160

// plainWord is what a reader could take for a word of a sentence.
var plainWord = lazy.New(`^(?:\p{L}+(?:'\p{L}+)?|[0-9]{1,6})$`)

// Said is a text that others chose, as it stands in a sentence of connsync: bare where no one can take it for words or for the
// end of the sentence, and else in quotes and on one line.
func Said(text string) string {
	if plainWord.MatchString(text) {
		return InQuotes(text)
	}
	return SaidName(text)
}

// SaidName is Said of a name or a path: one word stays bare.
func SaidName(name string) string {
	apart := func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`",;`, r) }
	if name == "" || strings.ContainsFunc(name, apart) || strings.HasPrefix(name, "(") || strings.TrimRight(name, ":).") != name || utf8.RuneCountInString(name) > MaxSaid {
		return InQuotes(name)
	}
	return name
}

// InQuotes is a text in quotes, on one line, and not longer than MaxSaid.
func InQuotes(text string) string {
	end := ""
	if utf8.RuneCountInString(text) > MaxSaid {
		text, end = string([]rune(text)[:MaxSaid]), "…"
	}
	return `"` + Escaped(text) + end + `"`
}

// Escaped is a text as it stands between quotes.
func Escaped(text string) string { return inQuotes.Replace(text) }

var inQuotes = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\t", `\t`, `"`, `\"`)
