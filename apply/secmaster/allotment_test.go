package secmaster

import (
	"errors"
	"io"
	"sync/atomic"
	"testing"
)

// zeros never end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// pages reads some pages of some size and a number of items each, and tells how many it could.
func pages(t *testing.T, n int, size int64, items int) int {
	t.Helper()
	a, got := newAllotment(), new(atomic.Int64)
	buffer := make([]byte, 64<<10)
	for i := range n {
		page := &bounded{r: io.LimitReader(zeros{}, size), left: maxPage, shared: a, got: got}
		switch _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, page, buffer); {
		case errors.Is(err, errTooLong):
			return i
		case err != nil:
			t.Fatal(err)
		}
		a.earned(int(size), items)
	}
	return n
}

// A list may be as long as there may be manifests, whatever its bytes come to; pages with more than items may not.
func TestAListIsBoundedByItsItemsAndNotByItsLength(t *testing.T) {
	for what, c := range map[string]struct {
		pages    int
		size     int64
		items    int
		readable int
	}{
		"100,000 connections of 1.4 kB":       {503, 199 * 1400, 199, 503},
		"200,000 connections of 4 KiB":        {1006, 199 * 4096, 199, 1006},
		"nothing but blanks":                  {40, 12 << 20, 0, 10},
		"two items among blanks":              {40, 12 << 20, 2, 10},
		"more items than a page may have":     {200, 1 << 20, 1 << 20, 200},
		"items of 64 KiB":                     {40, 200 * 64 << 10, 200, 10},
		"more items than there are manifests": {1500, 200 << 12, 200, 1163},
	} {
		if is := pages(t, c.pages, c.size, c.items); is != c.readable {
			t.Errorf("%s: %d pages of %d are read, want %d", what, is, c.pages, c.readable)
		}
	}
}
