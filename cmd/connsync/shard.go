package main

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
)

// shard is one of so many parts of the targets; the zero value is all of them.
type shard struct{ part, of int }

// mostShards is more than any CI system runs at once.
const mostShards = 10_000

var errShard = errors.New("a shard is I/N, as in 3/32: I from 1 to N, and N at most 10000")

func (s shard) String() string { return strconv.Itoa(s.part) + "/" + strconv.Itoa(s.of) }

// has tells whether a target is in the part. It hangs on the name alone, so another target moves none.
func (s shard) has(target string) bool {
	return s.of == 0 || partOf(target, s.of) == s.part
}

// partOf is a target's part of so many, from 1.
func partOf(target string, of int) int {
	sum := sha256.Sum256([]byte(target))
	return int(binary.BigEndian.Uint64(sum[:])%uint64(of)) + 1
}

// shardsOf are the parts of so many with a target, in order, as decodeShard reads them.
func shardsOf(targets []string, of int) []string {
	parts := map[int]bool{}
	for _, t := range targets {
		parts[partOf(t, of)] = true
	}
	out := []string{}
	for _, part := range slices.Sorted(maps.Keys(parts)) {
		out = append(out, shard{part, of}.String())
	}
	return out
}

// decodeShard reads I/N.
func decodeShard(ctx *kong.DecodeContext, target reflect.Value) error {
	var text string
	if err := ctx.Scan.PopValueInto("text", &text); err != nil {
		return err
	}
	part, of, ok := strings.Cut(text, "/")
	i, err := strconv.Atoi(part)
	n, err2 := strconv.Atoi(of)
	if !ok || err != nil || err2 != nil || n < 1 || n > mostShards || i < 1 || i > n {
		return errShard
	}
	target.Set(reflect.ValueOf(shard{i, n}))
	return nil
}

// noteShard says that a part has no target: with few targets for many parts this happens, and it is no mistake.
func (g *globals) noteShard(w world, all manifests) {
	if g.Shard.of > 0 && len(all.wanted) == 0 {
		g.printer(w).Note("no target is in shard %s: nothing to do", g.Shard)
	}
}
