//go:build !linux

package main

// noCoreDumps does nothing where core files are not written by default.
func noCoreDumps() {}
