package main

import (
	"strconv"
	"strings"
)

// steps are the keys and positions of a path as secrets.Path writes it, each behind a dot or in brackets.
func steps(text string) (path []any, ok bool) {
	for text != "" {
		var step any
		switch {
		case text[0] == '.':
			i := strings.IndexAny(text[1:], ".[")
			if i < 0 {
				i = len(text) - 1
			}
			step, text = text[1:1+i], text[1+i:]
		case strings.HasPrefix(text, `["`):
			quoted, err := strconv.QuotedPrefix(text[1:])
			if err != nil || !strings.HasPrefix(text[1+len(quoted):], "]") {
				return nil, false
			}
			key, err := strconv.Unquote(quoted)
			if err != nil {
				return nil, false
			}
			step, text = key, text[len(quoted)+2:]
		case text[0] == '[':
			digits, rest, closed := strings.Cut(text[1:], "]")
			n, err := strconv.Atoi(digits)
			if !closed || err != nil || n < 0 || n > 100_000 {
				return nil, false
			}
			step, text = n, rest
		default:
			return nil, false
		}
		if step == "" {
			return nil, false
		}
		path = append(path, step)
	}
	return path, true
}
