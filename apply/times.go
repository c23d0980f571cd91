package apply

import (
	"strconv"
	"strings"
	"time"

	"connsync/lazy"
)

// shownTime is an update time as SecMaster shows it; "" where it shows none. Its format is not documented. Equal texts are equal times;
// beyond that it is read in one place only, to tell whether it is older than a write.
type shownTime string

// reading is one of the times a text may stand for.
type reading struct {
	at     time.Time
	within time.Duration // its resolution
}

const (
	resolution = time.Second      // the resolution of update times, also where milliseconds are written
	farAhead   = 10 * time.Minute // more than the clocks of one service differ
)

var (
	calendar = lazy.New(`^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(?:[.,]\d{1,9})? ?(Z)?([+-]\d\d:?\d\d)?$`)
	epoch    = lazy.New(`^(\d{10})(\d{3}|\d{6}|\d{9})?(?:\.\d+)?$`)
)

// readings are the times a text may stand for; none where it cannot be read. SecMaster's pages show a literal Z before a zone: it may
// be either; a text without a zone may be of any zone.
func (t shownTime) readings() []reading {
	if m := epoch.FindStringSubmatch(string(t)); m != nil {
		n, _ := strconv.ParseInt(m[1], 10, 64)
		return []reading{{time.Unix(n, 0), resolution}}
	}
	m := calendar.FindStringSubmatch(string(t))
	if m == nil {
		return nil
	}
	within, seconds := resolution, m[3]
	if seconds == "" {
		within, seconds = time.Minute, ":00"
	}
	local, err := time.Parse(time.DateTime, m[1]+" "+m[2]+seconds)
	if err != nil || local.Year() < 2000 { // a placeholder says nothing
		return nil
	}
	var out []reading
	for _, zone := range zones(m[4] != "", m[5]) {
		out = append(out, reading{local.Add(-zone), within})
	}
	return out
}

// zones are the possible distances from UTC of a written time.
func zones(utc bool, offset string) []time.Duration {
	var out []time.Duration
	if utc {
		out = append(out, 0)
	}
	if offset != "" {
		at, _ := time.Parse("-0700", strings.ReplaceAll(offset, ":", ""))
		_, seconds := at.Zone()
		out = append(out, time.Duration(seconds)*time.Second)
	}
	for quarter := -12 * 4; out == nil || quarter <= 14*4 && !utc && offset == ""; quarter++ {
		out = append(out, time.Duration(quarter)*15*time.Minute)
	}
	return out
}

// olderThan tells whether a time is certainly before another one by more than its resolution, whichever zone it was written for.
func (t shownTime) olderThan(at time.Time) bool {
	older := false
	for _, r := range t.readings() {
		switch {
		case at.IsZero():
			return false
		case r.at.After(at.Add(farAhead)): // no server shows a future time: it is of another zone
			continue
		case !r.at.Add(r.within).Before(at):
			return false
		}
		older = true
	}
	return older
}
