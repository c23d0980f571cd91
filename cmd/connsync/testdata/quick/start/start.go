// Package start says which variables only the start of a process reads.
package start

import "strings"

// readOnce is what Go, and a library that connsync links, read once in the life of a process.
var readOnce = map[string]bool{
	"GODEBUG": true, "GOTRACEBACK": true, "GOMAXPROCS": true, "TZ": true, "SSL_CERT_FILE": true, "SSL_CERT_DIR": true,
	"HTTP_PROXY": true, "HTTPS_PROXY": true, "ALL_PROXY": true, "NO_PROXY": true, "GOCOVERDIR": true,
	"GRPC_GO_LOG_SEVERITY_LEVEL": true, "GRPC_GO_LOG_VERBOSITY_LEVEL": true, "AZURE_SDK_GO_LOGGING": true,
}

// Reads tells whether a variable is read at the start alone.
func Reads(name string) bool { return readOnce[strings.ToUpper(name)] }

// Forbidding are the variables that have the kernel forbid a process something for its life: there are processes for each.
var Forbidding = []string{"CONNSYNC_TEST_NO_SOCKETS", "CONNSYNC_TEST_NO_CHILDREN"}

// Forbidden is what the kernel is to forbid: one bit for each variable.
func Forbidden(get func(string) string) (bits byte) {
	for i, name := range Forbidding {
		if get(name) != "" {
			bits |= 1 << i
		}
	}
	return bits
}

// Observed tells whether a variable has a process of the tests do something to itself, which ends it.
func Observed(name string) bool {
	if !strings.HasPrefix(name, "CONNSYNC_TEST_") {
		return false
	}
	for _, f := range Forbidding {
		if name == f {
			return false
		}
	}
	return true
}
