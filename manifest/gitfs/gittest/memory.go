package gittest

import "os"

// memory is a folder that Linux keeps in memory.
const memory = "/dev/shm"

// InMemory puts the temporary folders of this process, and of those it starts, into memory where there is room, unless somebody chose a place.
// A disk is slow with what tests do all the time: it looks at every file deleted within the last seconds before it makes one.
func InMemory() {
	if os.Getenv("TMPDIR") == "" && roomy(memory) {
		os.Setenv("TMPDIR", memory)
	}
}
