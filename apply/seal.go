package apply

import (
	"context"
	"errors"
	"strings"

	"connsync/diff"
	"connsync/manifest"
	"connsync/secrets"
	"connsync/secrets/seal"
)

// SealFault names what is wrong with a seal.
type SealFault string

// The faults.
const (
	SealNone    SealFault = "none"    // what is encrypted there is no seal, or one of another version
	SealDiffers SealFault = "differs" // the connection is not what was sealed
	SealOlder   SealFault = "older"   // a later seal was applied, or stands in the history
	SealFuture  SealFault = "future"  // its counter is a time to come: its maker locks out everybody else
)

// SealError says why a connection is not sent: its seal does not say that its secrets may go where it leads.
type SealError struct {
	Fault  SealFault
	File   string
	Fields []secrets.Path // of SealDiffers
}

func (e *SealError) Error() string { return e.File + ": seal " + string(e.Fault) }

// Versions calls a function with each content of a manifest in the history up to the commit, the commit's own excepted.
type Versions func(ctx context.Context, each func(file string, data []byte)) error

// prove compares the seal of a wanted connection with it, once its file was opened. It gives what is recorded of the seal; nil where there is none to
// compare.
func (p *Prepared) prove(c *diff.Change, o opened, history map[string]int64) (*diff.Seal, error) {
	w := c.Want
	if w == nil || w.Seal == nil || p.sync.Destinations == manifest.Reviewed {
		return nil, nil
	}
	if o.err != nil {
		return nil, o.err
	}
	fault := func(f SealFault, fields ...secrets.Path) (*diff.Seal, error) {
		return nil, &SealError{f, w.File.Path, fields}
	}
	text, _ := o.secrets[w.Seal.Path].Expose().(string)
	s, err := seal.Parse(text)
	lines, ok := w.Bound(p.sync.Place.Target())
	switch {
	case err != nil:
		return fault(SealNone)
	case seal.Future(s.N, p.sync.Clock.now()):
		return fault(SealFuture)
	case !ok:
		return fault(SealDiffers)
	}
	if differ := seal.Compare(s.Lines, lines); differ != nil {
		var fields []secrets.Path
		for _, d := range differ {
			fields = append(fields, d.Name)
		}
		return fault(SealDiffers, fields...)
	}
	now := &diff.Seal{Settings: lines.Digest(), N: s.N, Digest: secrets.Digest(strings.TrimSpace(s.Text())), Sealed: true, Secrets: w.HasSecrets()}
	if n, same := p.newest(c, history); now.N < n || now.N == n && same != "" && same != now.Digest {
		return fault(SealOlder)
	}
	return now, nil
}

// newest is the largest counter applied under the names of a connection, with the digest of its seal where it is known; or, where nothing is known
// of it, the largest in the history.
func (p *Prepared) newest(c *diff.Change, history map[string]int64) (n int64, digest string) {
	known := false
	for _, name := range []string{c.Name, c.Want.Previously} {
		n = max(n, p.sync.Known.Past[name].N)
		if s := p.sync.Known.Of(name).Seal; name != "" && s != nil && s.N > 0 {
			known = true
			if s.N > n {
				n, digest = s.N, s.Digest
			}
		}
	}
	if !known {
		n = max(n, history[c.Name])
	}
	return n, digest
}

// sealHistory are the largest counters of seals in the history, by name, of the sealed connections without a record. Versions that do not open say
// nothing.
func (p *Prepared) sealHistory(ctx context.Context, cs []*diff.Change) (map[string]int64, error) {
	wanted := map[secrets.Path]string{}
	for _, c := range cs {
		if c.Want == nil || c.Want.Seal == nil || p.sync.Destinations == manifest.Reviewed {
			continue
		}
		if n, _ := p.newest(c, nil); n == 0 {
			wanted[c.Want.Seal.Path] = c.Name
		}
	}
	if len(wanted) == 0 || p.sync.Versions == nil {
		return nil, nil
	}
	out := map[string]int64{}
	err := p.sync.Versions(ctx, func(file string, data []byte) {
		if !strings.Contains(string(data), seal.Key) {
			return
		}
		values, _, err := p.sync.Open(ctx, file, data)
		if err != nil {
			return
		}
		for path, name := range wanted {
			text, _ := values[path].Expose().(string)
			if s, err := seal.Parse(text); err == nil {
				out[name] = max(out[name], s.N)
			}
		}
	})
	if err != nil {
		return nil, errors.Join(ErrHistory, err)
	}
	return out, nil
}
