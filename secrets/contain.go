package secrets

import (
	"cmp"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
)

// ErrPanic is all that is said of a panic: its value may hold a secret.
var ErrPanic = errors.New("internal error")

// Contained is f with every panic turned into ErrPanic. It is for functions in a goroutine of their own: no other goroutine can
// recover what panics there, and the runtime would print it.
func Contained(f func() error) func() error {
	return func() (err error) {
		defer func() {
			if recover() != nil {
				err = ErrPanic
			}
		}()
		return f()
	}
}

// Begun runs f in a goroutine, Contained. ended waits for its end, as often as it is called, and gives its error.
func Begun(f func() error) (ended func() error) {
	done := make(chan struct{})
	var err error
	go func() {
		defer close(done)
		err = Contained(f)()
	}()
	return func() error { <-done; return err }
}

// leastPart is how many make a part of their own worth a goroutine.
const leastPart = 100

// InParts splits n things into one part for each processor, and runs f over the parts side by side, each Contained: from each from to before its to.
// It gives an error of one of them, once all have ended.
func InParts(n int, f func(from, to int) error) error {
	size := max(leastPart, (n+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0))
	var all sync.WaitGroup
	errs := make([]error, (n+size-1)/size)
	for i := range errs {
		all.Go(func() { errs[i] = Contained(func() error { return f(i*size, min((i+1)*size, n)) })() })
	}
	all.Wait()
	return cmp.Or(errs...)
}

// SideBySide runs f over n things, some at a time, each Contained. It gives an error of one of them; none is begun after one.
func SideBySide(n, once int, f func(i int) error) error {
	var all sync.WaitGroup
	var next atomic.Int64
	var failed atomic.Pointer[error]
	for range min(n, once) {
		all.Go(func() {
			for i := next.Add(1) - 1; i < int64(n) && failed.Load() == nil; i = next.Add(1) - 1 {
				if err := Contained(func() error { return f(int(i)) })(); err != nil {
					failed.CompareAndSwap(nil, &err)
				}
			}
		})
	}
	all.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}
