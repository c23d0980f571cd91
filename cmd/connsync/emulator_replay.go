package main

import (
	"context"
	"errors"
	"os"
	"strings"

	"connsync/apply/secmaster/doctor"
	"connsync/apply/secmaster/replay"
	"connsync/cmd/connsync/render"
)

// replaying is a transcript as an emulator plays it; nil for none.
type replaying struct {
	replay.Plan
	lost []string
}

// plan reads the transcript of --replay.
func (c *emulatorCmd) plan() (*replaying, error) {
	if c.Replay == "" {
		return nil, nil
	}
	text, err := os.ReadFile(c.Replay)
	if err != nil {
		return nil, &fileError{"--replay", c.Replay, err}
	}
	t, err := doctor.ReadTranscript(text)
	if errors.Is(err, doctor.ErrNoTranscript) || errors.Is(err, doctor.ErrNewer) {
		return nil, &usageError{"--replay: " + err.Error()}
	}
	p := &replaying{Plan: replay.PlanOf(t)}
	p.lost, err = p.Lost(context.Background(), t)
	return p, err
}

func (r *replaying) switches() []string {
	if r == nil {
		return nil
	}
	return r.Switches
}

func (r *replaying) denies() []string {
	if r == nil {
		return nil
	}
	return r.Deny
}

// says tells what the transcript became, and what of it could not.
func (r *replaying) says(out *render.Stream) {
	if r == nil {
		return
	}
	out.Line("\nAs the transcript says:")
	for _, s := range r.Switches {
		out.Line("  --switch %s", s)
	}
	for _, a := range r.Deny {
		out.Line("  --deny %s", a)
	}
	out.Line("The transcript says nothing of: %s", strings.Join(r.Unseen, ", "))
	if len(r.lost) > 0 {
		out.Line("Not as the transcript says, since the emulator cannot:")
		for _, l := range r.lost {
			out.Line("  %s", l)
		}
	}
}
