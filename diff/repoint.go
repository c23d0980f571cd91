package diff

import (
	"time"

	"connsync/manifest"
)

// stamp is what a file said of its last encryption when a connection of it was applied: a time authenticated by its MAC, and the MAC.
type stamp struct {
	at  time.Time
	mac string
}

func stampOf(lastModified, mac string) stamp {
	at, _ := time.Parse(time.RFC3339, lastModified) // the zero time is before every other
	return stamp{at, mac}
}

// written tells whether sops wrote a file after it was stamped: the time is not earlier, and the MAC is another one. No one makes it
// without the key. Whether the two belong together is seen when the file is opened.
func (s stamp) written(f *manifest.Sops) bool {
	now := stampOf(f.LastModified, f.MAC)
	return !now.at.Before(s.at) && now.mac != s.mac
}

// restamp has an unchanged connection recorded once more where sops wrote its file: what happens to the file later is compared with this.
func restamp(c *Change) {
	s := c.Want.File.Sops
	if c.Action != Unchanged || s == nil || s.MAC == "" {
		return
	}
	last := stampOf(c.Known.LastModified, c.Known.MAC)
	c.Restamp = last.mac == "" || last.written(s) || c.resealed()
}
