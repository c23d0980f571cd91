package sopsrules

import "strings"

// Word is a text as one word of a shell: what a contributor named a file cannot become a command of the person who copies one, nor a flag: of what begins with a dash,
// it makes a path.
func Word(s string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./_:-"
	if s != "" && s[0] != '-' && strings.Trim(s, plain) == "" {
		return s
	}
	if s != "" && s[0] == '-' { // no flag
		s = "./" + s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
