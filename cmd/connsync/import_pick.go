package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"connsync/cmd/connsync/render"
)

// pick has the person at a terminal choose from what was found, where neither a flag nor a pattern chose.
func (i *importing) pick(ctx context.Context) error {
	chosen := len(i.g.Only)+len(i.cmd.Plugin) > 0 || i.cmd.Yes || i.cmd.DryRun
	if chosen || len(i.found) < 2 || !render.IsTerminal(i.w.stdin) {
		return nil
	}
	out, done := i.g.toPerson(i.w)
	defer done()
	for n, c := range i.found {
		plugin := strings.TrimSpace(c.draft.Component + " " + c.draft.Version)
		out.Line("%5d  %s/%s  %s", n+1, c.draft.Target, render.Bold(c.draft.Name), render.Dim(plugin))
	}
	for ctx.Err() == nil {
		out.Ask("\nWhich to import, as in  1-%d  or  1,3  or  all: ", len(i.found))
		typed := strings.TrimSpace(line(ctx, i.w.stdin))
		if typed == "" {
			break
		}
		if picked := picked(typed, len(i.found)); picked != nil {
			i.found = chosenOf(i.found, picked)
			return nil
		}
		out.Line("Only numbers from 1 to %d, ranges of them, and  all .", len(i.found))
	}
	return &refusal{"nothing was picked; nothing was written", nil}
}

// chosenOf are the picked ones of a list, in its order.
func chosenOf(all []candidate, picked map[int]bool) []candidate {
	var out []candidate
	for n, c := range all {
		if picked[n+1] {
			out = append(out, c)
		}
	}
	return out
}

// picked are the numbers in what a person typed: numbers and ranges with commas or spaces between them, or all. It is nil for anything else.
func picked(typed string, n int) map[int]bool {
	if strings.EqualFold(typed, "all") {
		typed = fmt.Sprint("1-", n)
	}
	words := strings.FieldsFunc(typed, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
	out := map[int]bool{}
	for _, word := range words {
		first, last, isRange := strings.Cut(word, "-")
		if !isRange {
			last = first
		}
		from, err := strconv.Atoi(first)
		to, err2 := strconv.Atoi(last)
		if err != nil || err2 != nil || from < 1 || to > n || from > to || slices.Contains([]byte(word), '+') {
			return nil
		}
		for k := from; k <= to; k++ {
			out[k] = true
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}
