package apply

import "sync"

// turns has the opening of files wait while there is something to send. Answers come together, and a request that waits for a processor leaves a place on the
// wire empty; once all places are taken, there is time for files until the next answers.
type turns struct {
	mu      sync.Mutex
	changed *sync.Cond
	free    int  // places on the wire; 0 before the first write
	starved bool // the wire has a place, and waits for a file
	over    bool
}

func newTurns() *turns {
	t := &turns{}
	t.changed = sync.NewCond(&t.mu)
	return t
}

// await is for one who opens a file: it waits until no write could be sent for want of a processor.
func (t *turns) await() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.free > 0 && !t.starved && !t.over {
		t.changed.Wait()
	}
}

// note changes what is awaited.
func (t *turns) note(change func(t *turns)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change(t)
	t.changed.Broadcast()
}

// occupied sends something in a place of the wire, which is taken once what is sent is away.
func (t *turns) occupied(send func(away func())) {
	away := sync.OnceFunc(func() { t.places(-1) })
	defer t.places(1)
	defer away()
	send(away)
}

func (t *turns) places(n int)        { t.note(func(t *turns) { t.free += n }) }
func (t *turns) starve(starved bool) { t.note(func(t *turns) { t.starved = starved }) }
func (t *turns) end()                { t.note(func(t *turns) { t.over = true }) }
