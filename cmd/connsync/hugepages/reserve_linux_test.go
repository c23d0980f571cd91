//go:build amd64 || arm64

package hugepages

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unsafe"
)

func TestHugePagesAreAskedForWhereTheyAreGivenOnRequest(t *testing.T) {
	for _, c := range []struct {
		setting, goDebug, limit string
		pageSize                int
		want                    bool
	}{
		{"always [madvise] never\n", "", "", 4096, true},
		{"always inherit [madvise] never\n", "http2debug=2", "off", 4096, true},
		{"[always] madvise never\n", "", "", 4096, false}, // there anyway
		{"always madvise [never]\n", "", "", 4096, false},
		{"", "", "", 4096, false},
		{"always [madvise] never\n", "", "", 65536, false}, // a huge page has 512 MiB
		{"always [madvise] never\n", "disablethp=1", "", 4096, false},
		{"always [madvise] never\n", "gctrace=1,disablethp=1", "", 4096, false},
		{"always [madvise] never\n", "disablethp=0", "", 4096, true},
		{"always [madvise] never\n", "", "200MiB", 4096, false},
	} {
		env := map[string]string{"GODEBUG": c.goDebug, "GOMEMLIMIT": c.limit}
		if got := wanted(c.setting, c.pageSize, func(name string) string { return env[name] }); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

// The heap of this test is asked for as that of connsync: what is made new lies in memory with the flag "hg", and nothing of what was
// reserved is in use.
func TestTheHeapIsAdvised(t *testing.T) {
	setting, _ := os.ReadFile("/sys/kernel/mm/transparent_hugepage/enabled")
	asked := wanted(string(setting), os.Getpagesize(), os.Getenv)
	Ask(2 * least)
	fresh := make([]byte, 3*least/2)
	for _, at := range []int{0, len(fresh) - 1} {
		if flags := flagsOf(t, uintptr(unsafe.Pointer(&fresh[at]))); slices.Contains(flags, "hg") != asked {
			t.Errorf("asked for: %v; flags of the heap at byte %d: %q", asked, at, flags)
		}
	}
	if held != nil {
		t.Error("what was reserved is still held")
	}
}

// flagsOf are the kernel's flags of the mapping an address lies in (VmFlags in proc(5)).
func flagsOf(t *testing.T, address uintptr) []string {
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	inside := false
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var from, to uintptr
		if n, _ := fmt.Sscanf(lines.Text(), "%x-%x ", &from, &to); n == 2 {
			inside = from <= address && address < to
		}
		if flags, ok := strings.CutPrefix(lines.Text(), "VmFlags:"); ok && inside {
			return strings.Fields(flags)
		}
	}
	t.Fatal("no mapping has the heap in it")
	return nil
}

func TestWhatCannotBeHadIsNotReserved(t *testing.T) {
	if free(1 << 62) {
		t.Error("more addresses than there are can be had")
	}
	if !free(1 << 20) {
		t.Error("a MiB of addresses cannot be had")
	}
}
