package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const ordinary = 65534 // a user who is not root

// A program started by connsync, as the same ordinary user, can read neither the environment of connsync's start nor its memory,
// though /proc has files of both. Its own it reads: so it does not fail for another reason. Root reads everything: a test
// run as root gives connsync, and so its child, to an ordinary user.
func TestAChildCannotReadWhatConnsyncWasStartedWith(t *testing.T) {
	t.Parallel()
	dir := quickDir(t)
	lock(t, dir)
	files := map[string]string{
		"seen": "", "own": "", "tried": "",
		"peek": fmt.Sprintf("#!/bin/sh\ncd %s\ncat /proc/$PPID/environ >seen\nhead -c 1 /proc/$PPID/mem 2>>tried\ncat /proc/$$/environ >own\nstat -c %%U /proc/$PPID/environ >>tried\necho %s\n", dir, testIdentity),
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := asOrdinary(t, dir, "set", "-C", dir, "prod/a.config.endpoint", "https://new.example")
	cmd.Env = append(cmd.Env, "SOPS_AGE_KEY_CMD="+filepath.Join(dir, "peek"), "HUAWEICLOUD_SDK_SK=canary-sk", "CONNSYNC_GIT_TOKEN=canary-token")
	out, err := cmd.CombinedOutput()
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if err != nil || !strings.Contains(read("connections/x.yaml"), "https://new.example") {
		t.Fatalf("%v: %s", err, out)
	}
	if seen := read("seen"); seen != "" {
		t.Errorf("a child read %d bytes of the environment", len(seen))
	}
	if own := read("own"); !strings.Contains(own, "SOPS_AGE_KEY_CMD=") || strings.Contains(own, "canary") {
		t.Errorf("what the child has itself: %q", own)
	}
	if tried := read("tried"); !strings.Contains(tried, "root") {
		t.Errorf("whose /proc/PPID/environ is: %q", tried)
	}
}

// asOrdinary is connsync as an ordinary user, to whom the folder is given. The program comes by an open file, since the folder that it is
// built in may be root's.
func asOrdinary(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = exe.Close() })
	cmd := exec.Command("/proc/self/fd/3", args...)
	cmd.Args[0], cmd.Dir, cmd.ExtraFiles = "connsync", dir, []*os.File{exe}
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1"}
	if os.Getuid() != 0 {
		return cmd
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: ordinary, Gid: ordinary}}
	err = filepath.Walk(dir, func(path string, _ os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, ordinary, ordinary)
	})
	if err != nil {
		t.Fatal(err)
	}
	return cmd
}

// What a process gives up so, it does not need: it still reads and writes what it was given as /dev/fd/N.
func TestAProcessKeptApartStillReadsItsOwnFiles(t *testing.T) {
	t.Parallel()
	dir := quickDir(t)
	lock(t, dir)
	cmd := asOrdinary(t, dir, "set", "-C", dir, "prod/a.config.endpoint", "https://new.example")
	key := filepath.Join(dir, "key")
	err := os.WriteFile(key, []byte(testIdentity), 0o644)
	r, openErr := os.Open(key)
	if err != nil || openErr != nil {
		t.Fatal(err, openErr)
	}
	defer r.Close()
	var out bytes.Buffer
	cmd.ExtraFiles, cmd.Stdout, cmd.Stderr = append(cmd.ExtraFiles, r), &out, &out
	cmd.Env = append(cmd.Env, "SOPS_AGE_KEY_FILE=/dev/fd/4")
	if err := cmd.Run(); err != nil {
		t.Errorf("%v: %s", err, &out)
	}
}
