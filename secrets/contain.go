package secrets

import "errors"

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
