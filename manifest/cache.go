package manifest

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sync"
)

// Cache keeps what files gave, by their name and Git's hash of their content: two commits share most of their files, and those are
// read and parsed once. The zero Cache is empty and ready. It may be used concurrently.
type Cache struct {
	mu   sync.Mutex
	seen map[cached]loaded
}

// cached says what a reading depends on: the file, and of the project and its rules for sops what a manifest is checked against.
type cached struct {
	name, hash, rules, selector string
	ruled                       bool
}

// Hashed is a file tree. It knows Git's hash of a file without reading it; "" where it does not.
type Hashed interface{ BlobHash(name string) string }

// load reads a file, or gives what the same content gave before. rules are p.rules(), the same for all files.
func (c *Cache) load(fsys fs.FS, name string, p Project, rules string, rule *Rule) (loaded, error) {
	if c == nil {
		l, _, err := loadFile(fsys, name, p, rule)
		return l, err
	}
	key := cached{name: name, rules: rules}
	if rule != nil {
		key.ruled, key.selector = true, rule.Selector
	}
	if h, ok := fsys.(Hashed); ok {
		key.hash = h.BlobHash(name)
	}
	if l, ok := c.get(key); ok && key.hash != "" {
		return l, nil
	}
	l, _, err := loadFile(fsys, name, p, rule)
	if err != nil {
		return l, err
	}
	key.hash = l.file.Blob
	c.put(key, l)
	return l, nil
}

func (c *Cache) get(key cached) (loaded, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l, ok := c.seen[key]
	return l, ok
}

func (c *Cache) put(key cached, l loaded) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen == nil {
		c.seen = map[cached]loaded{}
	}
	c.seen[key] = l
}

// rules are the parts of a project for the checks of a manifest.
func (p Project) rules() string {
	return fmt.Sprint(p.File, slices.Sorted(maps.Keys(p.Targets)), p.Secrets.FullMAC, p.Secrets.RuleWarn)
}

// BlobHash is Git's name of a file's content: 40 hex digits, the SHA-1 of a header and the bytes (gitformat-pack(5)).
func BlobHash(text []byte) string {
	h := sha1.New()
	fmt.Fprintf(h, "blob %d\x00", len(text))
	h.Write(text)
	return hex.EncodeToString(h.Sum(nil))
}
