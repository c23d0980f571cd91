package apply

import "golang.org/x/sync/errgroup"

// ahead does something for each of some items, a few at a time and some ahead of whoever takes what came of it. It gives that in the order of
// the items.
type ahead[R any] struct {
	slots chan chan R // of items begun and not yet taken
	over  chan struct{}
	ended chan struct{}
}

// begin begins with the first items: so many at a time, and so many at most that were not taken. do does not panic.
func begin[T, R any](items []T, atOnce, most int, do func(T) R) *ahead[R] {
	a := &ahead[R]{slots: make(chan chan R, most), over: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		var g errgroup.Group
		g.SetLimit(atOnce)
		for _, item := range items {
			slot := make(chan R, 1)
			if !a.enter(slot) {
				break
			}
			g.Go(func() error { slot <- do(item); return nil })
		}
		close(a.slots)
		_ = g.Wait()
		close(a.ended)
	}()
	return a
}

// enter waits until there is room for one more item; false where no more is to be begun.
func (a *ahead[R]) enter(slot chan R) bool {
	select {
	case <-a.over:
		return false
	default:
	}
	select {
	case <-a.over:
		return false
	case a.slots <- slot:
		return true
	}
}

// next is what came of the next item; false where there is none left. waiting hears whether it has to be waited for.
func (a *ahead[R]) next(waiting func(bool)) (out R, more bool) {
	slot, more := <-a.slots
	if !more {
		return out, false
	}
	select {
	case out = <-slot:
	default:
		waiting(true)
		out = <-slot
		waiting(false)
	}
	return out, true
}

// end begins nothing more, and waits for what is under way.
func (a *ahead[R]) end() {
	close(a.over)
	<-a.ended
}
