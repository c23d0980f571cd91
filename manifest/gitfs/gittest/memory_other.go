//go:build !linux

package gittest

// roomy is for Linux alone.
func roomy(string) bool { return false }
