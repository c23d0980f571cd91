package main

import "io"

func markdown(w io.Writer, s sheet) error    { return nil }
func htmlPage(w io.Writer, s sheet) error    { return nil }
func annotations(w io.Writer, s sheet) error { return nil }
