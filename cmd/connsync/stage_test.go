package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"connsync/apply/secmaster/emulator"
	"connsync/secrets/sops"
)

// stage is what the stories of interrupted syncs begin with: a workspace and a clone in which the next sync creates two connections,
// updates two, deletes one and leaves one alone.
type stage struct {
	work, bare  string // to be copied
	connections []emulator.Connection
	want        map[string]string // what an undisturbed sync makes of it, by name
	calm        map[bool][]string // and its effects, where known state is in the clone alone, and where it is shared
}

// inMemory tells whether there is a folder in memory, and programs in it can be run.
var inMemory = sync.OnceValue(func() bool {
	dir, err := os.MkdirTemp("/dev/shm", "connsync-test-")
	if err != nil {
		return false
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "program")
	return os.WriteFile(program, []byte("#!/bin/sh\n"), 0o755) == nil && exec.Command(program).Run() == nil
})

// quickDir is a folder where files, and syncing them to the disk, cost little: processes die in these tests, and no machine.
func quickDir(t *testing.T) string {
	t.Helper()
	if !inMemory() {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp("/dev/shm", "connsync-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func setStage(t *testing.T) *stage {
	t.Helper()
	if err := adopt(); err != nil {
		t.Fatal(err)
	}
	root := quickDir(t)
	st := &stage{work: filepath.Join(root, "work"), bare: filepath.Join(root, "bare"), calm: map[bool][]string{}}
	if err := os.MkdirAll(filepath.Join(st.work, "connections"), 0o755); err != nil {
		t.Fatal(err)
	}
	project := fmt.Sprintf(demoProject, emulator.DefaultRegion, emulator.DefaultProject, emulator.DefaultWorkspace)
	if err := os.WriteFile(filepath.Join(st.work, "connsync.yaml"), []byte(project), 0o644); err != nil {
		t.Fatal(err)
	}
	write := func(file, description string, names ...string) {
		t.Helper()
		text := "connections:\n  prod:\n"
		for _, n := range names {
			text += fmt.Sprintf("    %s:\n      description: %s\n      component: KafkaBus\n      version: \"1.0\"\n      config: {kafkaAddr: k.example:9093, userName: u, password: of-%s}\n", n, description, n)
		}
		sealed, err := sops.Encrypt([]byte(text), testRecipient, sops.EncryptOptions{EncryptedRegex: "password", MACOnlyEncrypted: true})
		if err == nil {
			err = os.WriteFile(filepath.Join(st.work, "connections", file), sealed, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	runGit(t, st.work, "init", "-q", "-b", "main", "--template=")
	write("same.yaml", "one", "same")
	write("updated.yaml", "one", "updated_1", "updated_2")
	write("gone.yaml", "one", "gone")
	runGit(t, st.work, "add", "-A")
	runGit(t, st.work, "commit", "-q", "-m", "one")
	server, env, url := emulated(t)
	if code, _, stderr := inProcess(env, "sync", "-C", st.work, "--endpoint", url); code != exitDone {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	st.connections = server.Connections()
	write("updated.yaml", "two", "updated_1", "updated_2")
	write("new.yaml", "two", "new_1", "new_2")
	runGit(t, st.work, "rm", "-q", "connections/gone.yaml")
	runGit(t, st.work, "add", "-A")
	runGit(t, st.work, "commit", "-q", "-m", "two")
	runGit(t, root, "clone", "-q", "--bare", "--template=", st.work, st.bare)

	for _, shared := range []bool{false, true} {
		st.rehearse(t, shared)
	}
	return st
}

// rehearse is the undisturbed sync.
func (st *stage) rehearse(t *testing.T, shared bool) {
	t.Helper()
	s, err := st.begin(shared)
	if err != nil {
		t.Fatal(err)
	}
	defer s.end()
	log := filepath.Join(s.root, "effects")
	cmd := s.process([]string{effectLog + "=" + log})
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil || !strings.Contains(out.String(), "2 created, 2 updated, 1 deleted, 1 unchanged") {
		t.Fatalf("%v: %s", err, &out)
	}
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	st.calm[shared], st.want = strings.Split(strings.TrimSpace(string(text)), "\n"), s.shown()
}
