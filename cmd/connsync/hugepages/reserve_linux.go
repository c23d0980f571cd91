//go:build amd64 || arm64

package hugepages

import (
	"runtime"
	"syscall"
	"unsafe"
)

const (
	chunk   = 4 << 20   // the runtime's heap grows by multiples of it, and a huge page never lies across two
	atStart = 128 << 20 // what a diff of 10,000 connections needs

	madvHugepage = 14 // see madvise(2); syscall has no names for them
	madvCollapse = 25
)

// asked tells whether huge pages were asked for at the start.
var asked = wanted(read("/sys/kernel/mm/transparent_hugepage/enabled"), syscall.Getpagesize(), syscall.Getenv) && free(atStart)

func init() {
	if asked {
		reserve(atStart)
		collapseFirst()
	}
}

// held is what reserve holds; a variable of the package, so that no compiler puts it on a stack.
var held []byte

// reserve has the heap grow by n bytes at once, advises the kernel while none of them was touched, and gives them back to the heap with a
// garbage collection: until then their addresses cannot be used for anything else. None of these steps touches the pages.
func reserve(n int) {
	held = make([]byte, n)
	advise(uintptr(unsafe.Pointer(unsafe.SliceData(held))), uintptr(n), madvHugepage)
	held = nil
	runtime.GC()
}

// collapseFirst is for the part of the heap that was in use before: what was touched of it is moved to a huge page.
func collapseFirst() {
	first := uintptr(unsafe.Pointer(new([16]byte))) &^ (chunk - 1)
	advise(first, chunk, madvHugepage)
	advise(first, chunk/2, madvCollapse)
}

// advise ignores errors: the kernel may know no such advice, and pages of 4 KiB do.
func advise(from, n, advice uintptr) { _, _, _ = syscall.Syscall(syscall.SYS_MADVISE, from, n, advice) }

// free tells whether n bytes of addresses can be had: a runtime that cannot have them ends the process.
func free(n int) bool {
	m, err := syscall.Mmap(-1, 0, n, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	return err == nil && syscall.Munmap(m) == nil
}

// wanted judges the kernel's setting ("always [madvise] never"), the size of its small pages, on which that of its huge ones depends, and what
// the user asks of Go's runtime.
func wanted(setting string, pageSize int, env func(string) (string, bool)) bool {
	limit, _ := env("GOMEMLIMIT")
	debug, _ := env("GODEBUG")
	return has(setting, "[madvise]") && pageSize == 4096 && (limit == "" || limit == "off") && !has(debug, "disablethp=1")
}

// has tells whether a word is anywhere in a text. Package strings is initialised later than this one has to be.
func has(text, word string) bool {
	for i := 0; i+len(word) <= len(text); i++ {
		if text[i:i+len(word)] == word {
			return true
		}
	}
	return false
}

// read is the beginning of a small file; "" where there is none.
func read(path string) string {
	f, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return ""
	}
	defer syscall.Close(f)
	var b [64]byte
	n, _ := syscall.Read(f, b[:])
	return string(b[:max(n, 0)])
}
