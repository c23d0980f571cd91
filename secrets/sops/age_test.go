package sops

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	agetest "c2sp.org/CCTV/age"
	"filippo.io/age/armor"
	"github.com/getsops/sops/v3/keyservice"
)

// ageVector is one file of the age project's own test kit, as a wrapped data key.
type ageVector struct {
	expect, hash string
	identities   []string
	passphrase   bool
	wrapped      string // in armor, as SOPS has it
}

// TestTheAgeTestKit unwraps the age project's vectors for all implementations, in the way the data key of a file is
// unwrapped, and opens a file with each of them: 26 are good, and 2 of these only with a passphrase, and SOPS never asks for one.
func TestTheAgeTestKit(t *testing.T) {
	vectors, err := fs.ReadDir(agetest.Vectors, ".")
	if err != nil {
		t.Fatal(err)
	}
	stranger, _, file := ageFile(t)
	count := map[string]int{}
	failed := 0
	for _, v := range vectors {
		data, err := fs.ReadFile(agetest.Vectors, v.Name())
		if err != nil {
			t.Fatal(err)
		}
		if !t.Run(v.Name(), func(t *testing.T) {
			vector := readVector(t, data)
			count[vector.kind()]++
			t.Setenv("HOME", t.TempDir())
			t.Setenv("XDG_CONFIG_HOME", t.TempDir())
			t.Setenv("SOPS_AGE_KEY", strings.Join(append(vector.identities, stranger), "\n"))
			vector.unwrap(t)
			vector.open(t, file)
		}) {
			failed++
		}
	}
	if len(vectors) < 147 || count["good"] < 24 || count["bad"] < 121 || count["good, for a passphrase"] != 2 {
		t.Errorf("%d vectors, %v: these are not what they were", len(vectors), count)
	}
	t.Logf("T-AGE: %d cells, %d failed (%v)", len(vectors), failed, count)
}

// kind is what is expected of a vector on SOPS's road.
func (v ageVector) kind() string {
	switch {
	case v.expect != "success":
		return "bad"
	case v.passphrase:
		return "good, for a passphrase"
	}
	return "good"
}

// unwrap asks the key service of a file.
func (v ageVector) unwrap(t *testing.T) {
	t.Helper()
	k := &keys{ctx: context.Background(), allow: []string{"age"}, ages: &ageKeys{}}
	request := &keyservice.DecryptRequest{
		Key:        &keyservice.Key{KeyType: &keyservice.Key_AgeKey{AgeKey: &keyservice.AgeKey{Recipient: "age1x"}}},
		Ciphertext: []byte(v.wrapped),
	}
	answer, err := k.Decrypt(context.Background(), request)
	switch {
	case v.kind() == "good" && err != nil:
		t.Errorf("not unwrapped: %v", err)
	case v.kind() == "good":
		if sum := sha256.Sum256(answer.GetPlaintext()); hex.EncodeToString(sum[:]) != v.hash {
			t.Error("unwrapped to something else")
		}
	case err == nil:
		t.Errorf("unwrapped, and expected is: %s", v.expect)
	}
}

// open opens a file with the vector as its data key: a good one is not the key of its values, and a bad one is none.
func (v ageVector) open(t *testing.T, file string) {
	t.Helper()
	if !utf8.ValidString(v.wrapped) || len(v.wrapped) > maxFile/2 {
		return // no file can hold it
	}
	quoted, err := json.Marshal(v.wrapped)
	if err != nil {
		t.Fatal(err)
	}
	text := regexp.MustCompile(`(?m)^( *)(?:- )?enc: \|\n(?: {6,}.*\n)+`).ReplaceAllLiteralString(file, "    - enc: "+string(quoted)+"\n")
	if text == file {
		t.Fatal("the file has no wrapped key to replace")
	}
	_, err = New(Options{Allow: []string{"age"}}).Open(context.Background(), "a.yaml", []byte(text))
	want := KindNoKey
	if v.kind() == "good" {
		want = KindAltered
	}
	var e *Error
	if !errors.As(err, &e) || e.Kind != want {
		t.Errorf("%v, want one of kind %s", err, want)
	}
	if said := fmt.Sprintf("%v %+v", err, e); !strings.HasPrefix(said, "a.yaml: ") || foreign.MatchString(said) {
		t.Errorf("it says %s", said)
	}
}

// foreign are words of the libraries.
var foreign = regexp.MustCompile(`(?i)identity|header|armor|stanza|chunk|failed|scrypt|hmac|malformed|age-secret|canary`)

// ageFile is a file for a thrown-away key, and another key.
func ageFile(t *testing.T) (stranger, recipient, file string) {
	t.Helper()
	recipient, _, err := NewAgeKey()
	if err != nil {
		t.Fatal(err)
	}
	_, other, err := NewAgeKey()
	if err != nil {
		t.Fatal(err)
	}
	data, err := Encrypt([]byte("connections:\n  password: canary-password\n"), recipient, EncryptOptions{EncryptedRegex: "password"})
	if err != nil {
		t.Fatal(err)
	}
	return other.Expose().(string), recipient, string(data)
}

func readVector(t *testing.T, data []byte) ageVector {
	t.Helper()
	head, body, ok := bytes.Cut(data, []byte("\n\n"))
	if !ok {
		t.Fatal("a vector without a header")
	}
	v, armored := ageVector{}, false
	for line := range strings.SplitSeq(string(head), "\n") {
		key, value, _ := strings.Cut(line, ": ")
		switch key {
		case "expect":
			v.expect = value
		case "payload":
			v.hash = value
		case "identity":
			v.identities = append(v.identities, value)
		case "passphrase":
			v.passphrase = true
		case "armored":
			armored = true
		case "compressed":
			r, err := zlib.NewReader(bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			if body, err = io.ReadAll(r); err != nil {
				t.Fatal(err)
			}
		}
	}
	v.wrapped = string(body)
	if !armored {
		v.wrapped = inArmor(t, body)
	}
	return v
}

// inArmor writes a binary file as text, as SOPS writes wrapped keys.
func inArmor(t *testing.T, data []byte) string {
	t.Helper()
	var b bytes.Buffer
	w := armor.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
