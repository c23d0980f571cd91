package lazy

import (
	"strings"
	"sync"
)

// Bounds of what is remembered of one question: texts, and the length of one.
const (
	maxRemembered     = 1024
	maxRememberedText = 64
)

// Remembered is a question about a text that depends on nothing else, with what it said of a number of short texts before. It is for texts that are mostly the
// same few, and for several goroutines.
func Remembered(fits func(string) bool) func(text string) bool {
	return (&remembered{fits: fits}).text
}

type remembered struct {
	fits func(string) bool
	mu   sync.RWMutex
	said map[string]bool
}

func (r *remembered) text(text string) bool {
	if len(text) > maxRememberedText {
		return r.fits(text)
	}
	r.mu.RLock()
	fits, known := r.said[text]
	r.mu.RUnlock()
	if known {
		return fits
	}
	fits = r.fits(text)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.said == nil {
		r.said = map[string]bool{}
	}
	if len(r.said) < maxRemembered {
		r.said[strings.Clone(text)] = fits
	}
	return fits
}
