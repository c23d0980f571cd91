//go:build !linux || !(amd64 || arm64)

package hugepages

// ask is for Linux alone, and for processors whose small pages may have 4 KiB.
func ask(int) {}
