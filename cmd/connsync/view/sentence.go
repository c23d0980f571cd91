package view

import (
	"strings"

	"connsync/lazy"
)

// Part is a part of a sentence: words of ours, or something to be read as it stands.
type Part struct {
	Code bool
	Text string
}

var (
	commandAt  = lazy.New(`: (?:connsync|git (?:fetch|fsck|update-ref)|sops (?:decrypt|edit|encrypt|rotate|set|unset|updatekeys)) .*`) // "sops wrote it" is none
	command    = lazy.New(`^(?:connsync (?:completion|demo|diff|doctor|emulator|help|iam|import|init|merge-driver|plugins|rename|report|reseal|schema|seal|secrets|set|state|sync|targets|validate|version)|export [A-Z_]+=[^ ]+|git [a-z-]+|sops (?:--[a-z]+ [^ ]+ )?(?:decrypt|edit|encrypt|rotate|set|unset|updatekeys))(?: |$)`)
	tokens     = lazy.New(`'[^']*'(?:\\''[^']*')*[^ ]*|(?:"(?:[^"\\]|\\.)*"|[^ ])+| +`) // in the quotes of a shell, of a sentence, or bare
	inQuotes   = lazy.New(`"(?:[^"\\]|\\.)*"|(?:^| )'[^']*'(?:\\''[^']*')*`)
	plainWord  = lazy.New(`^(?:[A-Za-z]+(?:'[a-z]+)?|[0-9]{1,6})$`)
	hashLetter = lazy.New(`^[a-f]{7,}$`) // as a commit's hash may look
)

// Sentence parts a text that may quote what others wrote. Words of nothing but letters are ours as far as a reader can tell, and
// no renderer sees more in them; everything else is code. The texts together are the sentence, save for spaces.
func Sentence(s string) []Part {
	if at := commandAt.Regexp().FindStringIndex(masked(s)); at != nil {
		return append(Sentence(s[:at[0]+1]), Part{false, " "}, Part{true, s[at[0]+2:]})
	}
	var out []Part
	apart := 1
	for i, p := range pieces(s) {
		if i > 0 {
			out = append(out, Part{false, " "})
		} else if isCommand(p) {
			apart = 0
		}
		if i%2 == apart && p != "" { // set apart by its writer: to be typed as it stands
			out = append(out, Part{true, p})
			continue
		}
		out = append(out, wordsOf(p)...)
	}
	return out
}

// isCommand tells whether a text is a command line and nothing else.
func isCommand(s string) bool { return command.Regexp().MatchString(s) }

// Pieces parts a sentence into words and commands, in order. A command is to be copied: nothing else stands on its line.
func Pieces(s string) (out []Part) {
	if at := commandAt.Regexp().FindStringIndex(masked(s)); at != nil {
		return append(Pieces(s[:at[0]+1]), Part{true, s[at[0]+2:]})
	}
	for i, p := range pieces(s) {
		last := len(out) - 1
		switch is := isCommand(p); {
		case p == "":
		case is && (i == 0 || i%2 == 1):
			out = append(out, Part{true, p})
		case last >= 0 && !out[last].Code:
			out[last].Text += "  " + p
		default:
			out = append(out, Part{false, p})
		}
	}
	return out
}

// masked is a sentence with nothing to be seen in its quotes, and as long as it is.
func masked(s string) string {
	return inQuotes.Regexp().ReplaceAllStringFunc(s, func(quoted string) string {
		space := quoted[:len(quoted)-len(strings.TrimPrefix(quoted, " "))]
		return space + strings.Repeat("x", len(quoted)-len(space))
	})
}

// pieces parts a sentence at double spaces: every other piece is set apart. Those in quotes belong to the quoted text.
func pieces(s string) (out []string) {
	for p := range strings.SplitSeq(masked(s), "  ") {
		out = append(out, s[:len(p)])
		s = s[min(len(p)+2, len(s)):]
	}
	return out
}

// wordsOf makes one piece of code of each run of tokens other than plain words.
func wordsOf(s string) (out []Part) {
	add := func(code bool, text string) {
		switch n := len(out); {
		case text == "":
		case n > 0 && !code && !out[n-1].Code:
			out[n-1].Text += text
		case n > 0 && code && out[n-1].Code:
			out[n-1].Text += text
		case code && n > 1 && out[n-1].Text == " " && out[n-2].Code: // only a space between two pieces
			out = append(out[:n-2], Part{true, out[n-2].Text + " " + text})
		default:
			out = append(out, Part{code, text})
		}
	}
	for _, token := range tokens.Regexp().FindAllString(s, -1) {
		open, word, end := punctuation(token)
		plain := plainWord.MatchString(word) && !hashLetter.MatchString(word) || strings.Trim(word, " ") == ""
		add(false, open)
		add(!plain, word)
		add(false, end)
	}
	return out
}

// punctuation parts what surrounds a word from it.
func punctuation(token string) (open, word, end string) {
	word = strings.TrimPrefix(token, "(")
	open = token[:len(token)-len(word)]
	word, end = strings.TrimRight(word, ",;:)."), word[len(strings.TrimRight(word, ",;:).")):]
	if strings.Trim(word, "0123456789") == "" && strings.ContainsAny(end, ".)") && word != "" { // "1." begins a list
		return "", token, ""
	}
	return open, word, end
}
