package seal

import (
	"encoding/json"
	"fmt"
	"strings"

	"connsync/lazy"
)

// free are the keys right below config left out of a seal, since they change often and lead nowhere. Every other key is bound, known or not.
var free = map[string]bool{
	"interval": true, "poll_interval": true, "timeout": true, "connect_timeout": true, "read_timeout": true, "retries": true, "max_retries": true,
	"retry_interval": true, "page_size": true, "batch_size": true, "limit": true, "log_level": true, "debug": true, "verbose": true,
}

// harmless is a value that can be no address.
var harmless = lazy.New(`^[A-Za-z0-9 _-]{0,40}$`)

// free tells whether a seal says nothing of a setting while it has this value.
func (s Setting) free() bool {
	key, direct := strings.CutPrefix(string(s.Path), "config.")
	if s.Secret || !direct || !free[key] {
		return false
	}
	switch v := s.Value.(type) {
	case string:
		return harmless.MatchString(v)
	case json.Number, bool:
		return harmless.MatchString(fmt.Sprint(v))
	}
	return false
}
