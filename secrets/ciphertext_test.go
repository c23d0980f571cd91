package secrets_test

import (
	"strings"
	"testing"

	"connsync/secrets"
)

// A ciphertext has one spelling: another one of the same bytes would be another fingerprint, and the same secret.
func TestACiphertextHasOneSpelling(t *testing.T) {
	const good = "ENC[AES256_GCM,data:YWI=,iv:YWJj,tag:YWJjZGVmZ2hpamtsbW5vcA==,type:str]"
	if !secrets.IsCiphertext(good, "int", "str") || secrets.IsCiphertext(good, "int") {
		t.Error("the good one")
	}
	for what, bad := range map[string]string{
		"spare bits of the data":    strings.Replace(good, "YWI=", "YWJ=", 1),
		"spare bits of the tag":     strings.Replace(good, "cA==", "cB==", 1),
		"no padding":                strings.Replace(good, "YWI=", "YWI", 1),
		"a byte moved into the tag": strings.Replace(good, "data:YWI=,iv:YWJj,tag:YWJjZGVmZ2hpamtsbW5vcA==", "data:YQ==,iv:YWJj,tag:YmFiY2RlZmdoaWprbG1ub3A=", 1),
		"a tag cut short":           strings.Replace(good, "YWJjZGVmZ2hpamtsbW5vcA==", "YWJj", 1),
		"a line break":              strings.Replace(good, "YWJjZGVm", "YWJj\nZGVm", 1),
		"no data":                   strings.Replace(good, "YWI=", "", 1),
		"something behind it":       good + "x",
		"something before it":       " " + good,
		"bytes":                     strings.Replace(good, "type:str", "type:bytes", 1),
		"another cipher":            strings.Replace(good, "AES256", "AES128", 1),
		"one part more":             strings.Replace(good, ",type", ",x:y,type", 1),
		"the alphabet of URLs":      strings.Replace(good, "data:YWI=", "data:-_8=", 1),
	} {
		if secrets.IsCiphertext(bad, "str") {
			t.Errorf("%s: %q", what, bad)
		}
	}
}
