package gitfs

import (
	"container/heap"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// parentsFirst puts each commit after its parents, whatever their clocks said.
func parentsFirst(commits []*object.Commit) []*object.Commit {
	left := make(map[plumbing.Hash]int, len(commits)) // parents that have not come yet
	children := map[plumbing.Hash][]*object.Commit{}
	for _, c := range commits {
		left[c.Hash] = 0
	}
	var ready byTime // of these the oldest comes next
	for _, c := range commits {
		for _, p := range c.ParentHashes {
			if _, ours := left[p]; ours {
				left[c.Hash]++
				children[p] = append(children[p], c)
			}
		}
	}
	for _, c := range commits {
		if left[c.Hash] == 0 {
			ready = append(ready, c)
		}
	}
	out := make([]*object.Commit, 0, len(commits))
	oldest := oldestFirst{&ready}
	for heap.Init(oldest); len(ready) > 0; {
		c := heap.Pop(oldest).(*object.Commit)
		out = append(out, c)
		for _, child := range children[c.Hash] {
			if left[child.Hash]--; left[child.Hash] == 0 {
				heap.Push(oldest, child)
			}
		}
	}
	return out
}

// oldestFirst is a heap of commits the other way round.
type oldestFirst struct{ *byTime }

func (q oldestFirst) Less(i, j int) bool { return q.byTime.Less(j, i) }

// byTime is a heap of commits, newest first.
type byTime []*object.Commit

func (q byTime) Len() int { return len(q) }

func (q byTime) Less(i, j int) bool { return q[i].Committer.When.After(q[j].Committer.When) }

func (q byTime) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

func (q *byTime) Push(x any) { *q = append(*q, x.(*object.Commit)) }

func (q *byTime) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}
