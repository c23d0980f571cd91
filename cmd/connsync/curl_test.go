package main

import (
	"flag"
	"io"
	"net/http"
	"os"
	"os/exec"
)

// curl stands in for curl where a machine has none, as far as the examples download with it.
func curl() {
	f := flag.NewFlagSet("curl", flag.ContinueOnError)
	for _, name := range []string{"fail", "silent", "show-error", "location"} {
		f.Bool(name, false, "")
	}
	output := f.String("output", "", "")
	if f.Parse(os.Args[1:]) != nil || f.NArg() != 1 || *output == "" {
		os.Exit(2)
	}
	fetch := &http.Transport{Proxy: http.ProxyFromEnvironment}
	fetch.RegisterProtocol("file", http.NewFileTransport(http.Dir("/")))
	resp, err := (&http.Client{Transport: fetch}).Get(f.Arg(0))
	switch {
	case err != nil:
		os.Exit(7)
	case resp.StatusCode >= http.StatusBadRequest:
		os.Exit(22)
	}
	to, err := os.Create(*output)
	if err == nil {
		_, err = io.Copy(to, resp.Body)
	}
	if err != nil || to.Close() != nil {
		os.Exit(23)
	}
}

// lacks tells whether a machine has no such program.
func lacks(program string) bool {
	_, err := exec.LookPath(program)
	return err != nil
}
