package apply_test

import (
	"net/http"
	"strings"
	"syscall"
	"time"
)

// fate is what becomes of an effect.
type fate struct {
	name     string
	executed int           // how often it is done
	wait     time.Duration // until a request arrives
	gone     bool          // the client is answered before that
	spoil    func(answer) outcome
	err      error // of an effect other than a request
}

func (f fate) answer(a answer) outcome {
	if f.spoil != nil {
		return f.spoil(a)
	}
	return outcome{response: a.response()}
}

func reset(answer) outcome       { return outcome{err: errSimReset} }
func unreachable(answer) outcome { return outcome{err: errSimUnreachable} }
func cutShort(a answer) outcome  { return outcome{response: a.cutShort()} }

func says(status int, kind, body string) func(answer) outcome {
	return func(answer) outcome {
		header := http.Header{"Content-Type": {kind}, "Retry-After": {"2"}}
		return outcome{response: answer{status, header, []byte(body)}.response()}
	}
}

const refusal = `{"code":"SecMaster.20039999","message":"no"}`

// fate draws what becomes of an effect.
func (s *sim) fate(e *effect) fate {
	fine := fate{name: "fine", executed: 1}
	switch {
	case s.calm:
		return fine
	case e.request == nil:
		return s.localFate(e, fine)
	case s.random.Float64() >= s.faults:
		if s.random.IntN(4) == 0 {
			fine.wait = time.Duration(1+s.random.IntN(2000)) * time.Millisecond
		}
		return fine
	}
	all := s.readFates()
	if e.request.Method != http.MethodGet {
		all = append(all, s.writeFates(e)...)
	}
	return all[s.random.IntN(len(all))]
}

// readFates can befall every request.
func (s *sim) readFates() []fate {
	return []fate{
		{name: "unreachable", spoil: unreachable},
		{name: "reset", spoil: reset},
		{name: "500", spoil: says(500, "application/json", refusal)},
		{name: "400", spoil: says(400, "application/json", refusal)},
		{name: "page", spoil: says(200, "text/html", "<html></html>")},
		{name: "executed, cut short", executed: 1, spoil: cutShort},
		{name: "slow", executed: 1, wait: s.within(57*time.Second - s.lag)},
		{name: "no answer", wait: 10 * time.Minute, spoil: reset},
	}
}

// writeFates can befall a write beside that.
func (s *sim) writeFates(e *effect) []fate {
	out := []fate{
		{name: "executed, reset", executed: 1, spoil: reset},
		{name: "executed, 502", executed: 1, spoil: says(502, "text/html", "<html></html>")},
		{name: "executed, page", executed: 1, spoil: says(200, "text/html", "<html></html>")},
		{name: "executed, nothing in a 200", executed: 1, spoil: says(200, "application/json", "{}")},
		{name: "nothing in a 200", spoil: says(200, "application/json", "{}")},
		{name: "error in a 200", spoil: says(200, "application/json", refusal)},
		{name: "late", executed: 1, gone: true, wait: s.within(57*time.Second - s.lag), spoil: reset},
		{name: "late, dropped", gone: true, wait: s.within(57*time.Second - s.lag), spoil: reset},
	}
	if s.slow {
		out = append(out, fate{name: "very late", executed: 1, gone: true, wait: time.Minute + s.within(3*time.Minute), spoil: reset},
			fate{name: "twice", executed: 2})
	}
	if s.lag == 0 { // a refusal of what was executed is found out by the list alone
		out = append(out, fate{name: "executed, error in a 200", executed: 1, spoil: says(200, "application/json", refusal)})
	}
	if e.run.parallelism == 1 {
		out = append(out, fate{name: "429", spoil: says(http.StatusTooManyRequests, "application/json", refusal)})
	}
	if s.random.IntN(4) == 0 {
		out = append(out, fate{name: "403", spoil: says(403, "application/json", refusal)})
	}
	return out
}

func (s *sim) within(d time.Duration) time.Duration {
	return time.Duration(s.random.Int64N(int64(d/time.Millisecond))) * time.Millisecond
}

// localFate is of writing to a disk, or of asking the remote.
func (s *sim) localFate(e *effect, fine fate) fate {
	switch e.key {
	case "fetch", "push":
		switch p := s.random.Float64(); {
		case p < s.faults/3:
			return fate{name: "unreachable", err: errSimRemote}
		case p < s.faults/2:
			return fate{name: "executed, unreachable", executed: 1, err: errSimRemote}
		}
	case "start", "close":
	default:
		if strings.HasPrefix(e.key, "open ") {
			if s.random.Float64() < s.faults/3 {
				return fate{name: "does not open", err: errSealed}
			}
			return fine
		}
		if s.random.Float64() < s.faults/60 {
			return fate{name: "disk full", err: syscall.ENOSPC}
		}
	}
	return fine
}
