//go:build amd64 || arm64

package hugepages

import (
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"unsafe"
)

const madvHugepage = 14 // see madvise(2); syscall has no name for it

func ask(bytes int) {
	setting, _ := os.ReadFile("/sys/kernel/mm/transparent_hugepage/enabled")
	if wanted(string(setting), os.Getpagesize(), os.Getenv) && free(bytes) {
		reserve(bytes)
	}
}

// held is what reserve holds; a variable of the package, so that no compiler puts it on a stack.
var held []byte

// reserve has the heap grow by n bytes at once, advises the kernel while none of them was touched, and gives them back to the heap with a
// garbage collection: until then their addresses cannot be used for anything else. None of these steps touches the pages. The size alone would have the
// runtime begin another collection.
func reserve(n int) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	held = make([]byte, n)
	// Its errors are ignored: the kernel may know no such advice, and pages of 4 KiB do.
	_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, uintptr(unsafe.Pointer(unsafe.SliceData(held))), uintptr(n), madvHugepage)
	held = nil
	runtime.GC()
}

// free tells whether n bytes of addresses can be had: a runtime that cannot have them ends the process.
func free(n int) bool {
	m, err := syscall.Mmap(-1, 0, n, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	return err == nil && syscall.Munmap(m) == nil
}

// wanted judges the kernel's setting ("always [madvise] never"), the size of its small pages, on which that of its huge ones depends, and what
// the user asks of Go's runtime.
func wanted(setting string, pageSize int, env func(string) string) bool {
	limit := env("GOMEMLIMIT")
	return strings.Contains(setting, "[madvise]") && pageSize == 4096 && (limit == "" || limit == "off") && !strings.Contains(env("GODEBUG"), "disablethp=1")
}
