package secmaster_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"connsync/apply/secmaster"
	"connsync/apply/secmaster/emulator"
)

// bomb answers with as many spaces as a body can bring, packed a thousand to one.
func bomb(size int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		chunk := []byte(strings.Repeat(" ", 1<<20))
		for n := 0; n < size && r.Context().Err() == nil; n += len(chunk) {
			if _, err := z.Write(chunk); err != nil {
				return
			}
		}
		_ = z.Close()
	}
}

func TestABombIsNotUnpacked(t *testing.T) {
	const size, most = 1 << 30, 200 << 20
	for op, ask := range map[string]func(scene) error{
		"list": func(s scene) error { _, err := s.List(context.Background()); return err },
		"show": func(s scene) error { _, err := s.Show(context.Background(), "id"); return err },
		"create": func(s scene) error {
			_, _, err := s.Create(context.Background(), body(emulated(t), "a"))
			return err
		},
	} {
		s := beside(t, bomb(size))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := ask(s)
		runtime.ReadMemStats(&after)
		if !errors.Is(err, secmaster.ErrUnclear) || !strings.Contains(err.Error(), "longer than any") {
			t.Errorf("%s: %v", op, err)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > most {
			t.Errorf("%s: %d MiB were allocated for an answer of %d", op, took>>20, size>>20)
		}
	}
}

func TestTheAnswersOfAListTogetherAreBounded(t *testing.T) {
	const pages, megabytes = 40, 12
	var requests atomic.Int64
	s := beside(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		fmt.Fprintf(w, `{"total":%d,"assets":[{"id":"%s","name":"a"},{"id":"x"}],"more":"%s"}`, pages, r.URL.Query().Get("offset"), strings.Repeat("a", megabytes<<20))
	}))
	if _, err := s.List(context.Background()); err == nil || !strings.Contains(err.Error(), "longer than any") {
		t.Errorf("%v", err)
	}
	if n := requests.Load(); n > 128/megabytes+8+1 {
		t.Errorf("%d pages of %d MiB were asked for", n, megabytes)
	}
}

func TestAnAnswerAboutAnotherConnectionIsNotBelieved(t *testing.T) {
	e := emulated(t)
	mine := body(e, "a")
	asset := func(id, name, component, workspace string) string {
		return fmt.Sprintf(`{"code":"","asset":{"id":%q,"name":%q,"component_id":%q,"workspace_id":%q}}`, id, name, component, workspace)
	}
	for _, c := range []struct {
		what, answer string
		show, write  bool // whether a show and an update of "id" believe it
		create       bool
	}{
		{"as it should be", asset("id", "a", mine.ComponentID, emulator.DefaultWorkspace), true, true, true},
		{"only what identifies it", asset("id", "a", "", ""), true, true, true},
		{"another id", asset("other", "a", mine.ComponentID, ""), false, false, true},
		{"another name", asset("id", "b", mine.ComponentID, ""), true, false, false},
		{"no name", asset("id", "", mine.ComponentID, ""), true, false, false},
		{"another plugin", asset("id", "a", "other", ""), true, false, false},
		{"another workspace", asset("id", "a", mine.ComponentID, "other"), true, false, false},
		{"an id that is a path", asset("../id", "a", mine.ComponentID, ""), false, true, false},
		{"an id that is too long", asset(strings.Repeat("i", 65), "a", mine.ComponentID, ""), false, true, false},
	} {
		s := beside(t, answers(200, c.answer))
		_, showErr := s.Show(context.Background(), "id")
		_, _, updateErr := s.Update(context.Background(), "id", mine)
		_, _, createErr := s.Create(context.Background(), mine)
		if (showErr == nil) != c.show || (updateErr == nil) != c.write || (createErr == nil) != c.create {
			t.Errorf("%s: show %v, update %v, create %v", c.what, showErr, updateErr, createErr)
		}
		for _, err := range []error{updateErr, createErr} {
			if err != nil && !errors.Is(err, secmaster.ErrUnclear) {
				t.Errorf("%s: a write may have been executed: %v", c.what, err)
			}
		}
	}
}

func TestAPageIsNoAnswer(t *testing.T) {
	for text, confirms := range map[string]bool{``: true, `{}`: true, `{"code":""}`: true, `OK`: false, `<html></html>`: false} {
		s := beside(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, text)
		}))
		if _, _, err := s.Update(context.Background(), "id", body(emulated(t), "a")); (err == nil) != confirms || err != nil && !errors.Is(err, secmaster.ErrUnclear) {
			t.Errorf("an update answered %q: %v", text, err)
		}
	}
}

func TestAClockThatIsWrongIsNamed(t *testing.T) {
	for minutes, says := range map[int]string{
		0: "", 14: "", -14: "", 16: "this machine's clock is 16 minutes ahead of the server's", -90: "this machine's clock is 90 minutes behind the server's",
	} {
		e := emulated(t)
		s := beside(t, e, func(o *secmaster.Options) {
			o.Now = func() time.Time { return time.Now().Add(time.Duration(minutes) * time.Minute) }
		})
		_, err := s.List(context.Background())
		if says == "" {
			if err != nil {
				t.Errorf("%d minutes: %v", minutes, err)
			}
			continue
		}
		if !errors.Is(err, secmaster.ErrDenied) || !strings.Contains(err.Error(), says) {
			t.Errorf("%d minutes: %v", minutes, err)
		}
	}
}

func TestRetryAfterIsBounded(t *testing.T) {
	const longest, ignored = 5 * time.Minute, time.Second // a pause of the client's own
	date := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for header, least := range map[string]time.Duration{
		"3": 3 * time.Second, "0": 0, "-1": ignored, "1000000000": longest, "9223372036854775807": longest, "99999999999999999999": ignored, "soon": ignored, "": ignored, "3.5": ignored,
		date.Add(7 * time.Second).Format(http.TimeFormat): 7 * time.Second, date.Add(-time.Hour).Format(http.TimeFormat): 0, date.AddDate(9, 0, 0).Format(http.TimeFormat): longest,
	} {
		times := 0
		s := beside(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if times++; times > 1 {
				fmt.Fprint(w, `{"total":0}`)
				return
			}
			w.Header().Set("Retry-After", header)
			w.Header().Set("Date", date.Format(http.TimeFormat)) // the server's clock, not this machine's
			w.WriteHeader(http.StatusTooManyRequests)
		}))
		if _, err := s.List(context.Background()); err != nil || s.clock.slept < least || s.clock.slept > max(least, 2*time.Second)+2*time.Second {
			t.Errorf("Retry-After %q: waited %v, %v", header, s.clock.slept, err)
		}
	}
}

func TestAServerThatThrottlesForEverIsGivenUp(t *testing.T) {
	s := beside(t, answers(429, `{"error_code":"APIGW.0308","error_msg":"x"}`))
	if _, err := s.List(context.Background()); !errors.Is(err, secmaster.ErrThrottled) || s.clock.slept < 10*time.Minute || s.clock.slept > 30*time.Minute {
		t.Errorf("after %v: %v", s.clock.slept, err)
	}
}

// rows answers lists of n items, the first changed by shift, beside what is asked for.
func rows(n, total int, shift func(offset int) int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var offset, limit int
		_, _ = fmt.Sscan(r.URL.Query().Get("offset"), &offset)
		_, _ = fmt.Sscan(r.URL.Query().Get("limit"), &limit)
		var items []string
		for i := offset; i < min(offset+limit, n); i++ {
			items = append(items, fmt.Sprintf(`{"id":"i%d"}`, i+shift(offset)))
		}
		said := ""
		if total >= 0 {
			said = fmt.Sprintf(`"total":%d,`, total)
		}
		fmt.Fprintf(w, `{%s"assets":[%s]}`, said, strings.Join(items, ","))
	}
}

func TestPagesThatDoNotFitTogetherAreNoList(t *testing.T) {
	still := func(int) int { return 0 }
	for _, c := range []struct {
		what     string
		n, total int
		shift    func(int) int
		whole    bool
	}{
		{"one page", 199, 199, still, true},
		{"one full page", 200, 200, still, true},
		{"a full page and one", 201, 201, still, true},
		{"several", 1000, 1000, still, true},
		{"no total", 450, -1, still, true},
		{"no total, one page", 3, -1, still, true},
		{"no total, one item", 1, -1, still, true},
		{"a total that is too high", 3, 4, still, false},
		{"a total that is far too high", 450, 9_000_000, still, false},
		{"a total that is too low", 450, 449, still, false},
		{"a total that hides the next page", 450, 200, still, false},
		{"one deleted before and one inserted behind: still as many", 450, 450, func(offset int) int {
			if offset > 0 {
				return 1
			}
			return 0
		}, false},
	} {
		for _, expected := range []int{0, c.n / 2, c.n, 5 * c.n} {
			var requests atomic.Int64
			answer := rows(c.n, c.total, c.shift)
			s := beside(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests.Add(1)
				answer(w, r)
			}))
			s.Expect(expected)
			got, err := s.List(context.Background())
			if most := int64(4*(c.n/199+2) + 4*8); requests.Load() > most {
				t.Errorf("%s, %d expected: %d requests", c.what, expected, requests.Load())
			}
			if c.whole && (err != nil || len(got) != c.n) || !c.whole && (!errors.Is(err, secmaster.ErrIncomplete) || got != nil) {
				t.Errorf("%s, %d expected: %d items, %v", c.what, expected, len(got), err)
			}
		}
	}
}
