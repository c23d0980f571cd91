package gitfs

import (
	"bufio"
	"context"
	"io"
	"net"
	"path/filepath"
	"sync"
)

// Desk is where all questions of one run arrive, one after the other, with the earlier answers. Answers stay in memory, and go only to the asking program.
type Desk struct {
	ask     Ask
	program string // it hands questions over: this one

	mu    sync.Mutex // a person answers one question at a time
	known map[string]string
}

// NewDesk lets a person be asked what only they know. The program is the executable for Git and ssh to start: it calls Answered first.
func NewDesk(program string, ask Ask) *Desk {
	return &Desk{ask: ask, program: program, known: map[string]string{}}
}

// counter is where one Git command asks, and what it starts. It is nil where no person can be asked.
type counter struct {
	desk     *Desk
	about    string // the address: what was answered for one is not told to another
	socket   *net.UnixListener
	done     sync.WaitGroup
	given    map[string]bool
	declined bool
}

// open opens a counter in a folder closed to all others; nil where the system gives none, as where the folder's name is too long.
func (d *Desk) open(ctx context.Context, dir, about string) *counter {
	socket, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, "asks"), Net: "unix"})
	if err != nil {
		return nil
	}
	c := &counter{desk: d, about: about, socket: socket, given: map[string]bool{}}
	c.done.Go(func() { c.serve(ctx) })
	return c
}

// close ends it, after the question under way.
func (c *counter) close() {
	if c != nil {
		_ = c.socket.Close()
		c.done.Wait()
	}
}

func (c *counter) serve(ctx context.Context) {
	for {
		client, err := c.socket.AcceptUnix()
		if err != nil {
			return
		}
		c.done.Go(func() {
			defer client.Close()
			c.attend(ctx, client)
		})
	}
}

// mostAsked bounds a question.
const mostAsked = 8 << 10

// attend takes one question and brings the answer.
func (c *counter) attend(ctx context.Context, client *net.UnixConn) {
	in := bufio.NewReader(io.LimitReader(client, mostAsked))
	hint, err := in.ReadString(0)
	prompt, alsoErr := in.ReadString(0)
	if err != nil || alsoErr != nil {
		return
	}
	q := questionOf(hint[:len(hint)-1], prompt[:len(prompt)-1])
	if q.Kind == AskNotice { // who shows it ends with what it is about
		var end context.CancelFunc
		ctx, end = context.WithCancel(ctx)
		go func() {
			defer end()
			_, _ = client.Read(make([]byte, 1))
		}()
	}
	defer standsStill(ctx)()
	if answer, ok := c.answer(ctx, q, hint == "confirm\x00"); ok {
		_, _ = io.WriteString(client, "+"+answer)
	}
}

// answer is what a person says, or said before to the same question about the same address. Who asks twice was told something wrong the first time.
func (c *counter) answer(ctx context.Context, q Question, leave bool) (string, bool) {
	d, what := c.desk, c.about+"\x00"+q.Text
	d.mu.Lock()
	defer d.mu.Unlock()
	text, known := d.known[what]
	if !known || c.given[what] {
		delete(d.known, what)
		err := ctx.Err()
		if err == nil {
			text, err = d.ask(ctx, q)
		}
		if err != nil || leave && text != "yes" {
			c.declined = true
			return "", false
		}
	}
	c.given[what] = true
	if q.lasts() {
		d.known[what] = text
	}
	return text, true
}

// forget drops what was told in vain.
func (c *counter) forget() {
	if c == nil {
		return
	}
	c.desk.mu.Lock()
	defer c.desk.mu.Unlock()
	for what := range c.given {
		delete(c.desk.known, what)
	}
}
