package main

import (
	"bufio"
	"bytes"
	"flag"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"os/exec"
	"strings"
)

// texts are the values of a repeatable flag.
type texts []string

func (t *texts) String() string         { return strings.Join(*t, " ") }
func (t *texts) Set(value string) error { *t = append(*t, value); return nil }

// curl stands in for curl where a machine has none, as far as the examples need it: downloads, and forms with headers from a pipe.
func curl() {
	f := flag.NewFlagSet("curl", flag.ContinueOnError)
	for _, name := range []string{"fail", "silent", "show-error", "location"} {
		f.Bool(name, false, "")
	}
	output, config, method := f.String("output", "/dev/stdout", ""), f.String("config", "", ""), f.String("request", "", "")
	var form texts
	f.Var(&form, "form", "")
	args := os.Args[1:]
	for i, a := range args { // an address may stand before options
		if strings.Contains(a, "://") {
			args = append(append(args[:i:i], args[i+1:]...), a)
			break
		}
	}
	if f.Parse(args) != nil || f.NArg() != 1 {
		os.Exit(2)
	}
	body, contentType, err := formOf(form)
	if err != nil {
		os.Exit(26)
	}
	request, err := http.NewRequest(*method, f.Arg(0), body)
	if err != nil {
		os.Exit(3)
	}
	request.Header.Set("Content-Type", contentType)
	for lines := bufio.NewScanner(os.Stdin); *config == "-" && lines.Scan(); {
		header, _ := strings.CutPrefix(lines.Text(), `header = "`)
		name, value, _ := strings.Cut(strings.TrimSuffix(header, `"`), ": ")
		request.Header.Set(name, value)
	}
	os.Exit(fetched(request, *output))
}

func formOf(fields texts) (body *bytes.Buffer, contentType string, err error) {
	body = &bytes.Buffer{}
	w := multipart.NewWriter(body)
	for _, field := range fields {
		name, value, _ := strings.Cut(field, "=")
		if file, fromFile := strings.CutPrefix(value, "<"); fromFile {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, "", err
			}
			value = string(text)
		}
		if err := w.WriteField(name, value); err != nil {
			return nil, "", err
		}
	}
	return body, w.FormDataContentType(), w.Close()
}

// fetched gives curl's exit code.
func fetched(request *http.Request, output string) int {
	by := &http.Transport{Proxy: http.ProxyFromEnvironment}
	by.RegisterProtocol("file", http.NewFileTransport(http.Dir("/")))
	resp, err := (&http.Client{Transport: by}).Do(request)
	switch {
	case err != nil:
		return 7
	case resp.StatusCode >= http.StatusBadRequest:
		return 22
	}
	to, err := os.OpenFile(output, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err == nil {
		_, err = io.Copy(to, resp.Body)
	}
	if err != nil || to.Close() != nil {
		return 23
	}
	return 0
}

// lacks tells whether a machine has no such program.
func lacks(program string) bool {
	_, err := exec.LookPath(program)
	return err != nil
}
