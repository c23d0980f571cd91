package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkPreview10000 compares two commits of 10,000 connections in 10,000 files, and five differ.
func BenchmarkPreview10000(b *testing.B) {
	dir := b.TempDir()
	git := func(args ...string) { runGit(b, dir, args...) }
	write := func(name, text string) {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	one := func(i int, description string) {
		const enc = "ENC[AES256_GCM,data:YWJjZGVmZ2hpamtsbW5vcA==,iv:%032d,tag:YWJjZGVmZ2hpamtsbW5vcA==,type:str]"
		password, mac := fmt.Sprintf(enc, i), fmt.Sprintf(enc, i+20_000)
		write(fmt.Sprintf("connections/%02d/c%05d.yaml", i%100, i), fmt.Sprintf("connections:\n  prod:\n    c%05d:\n      description: %s\n      component: KafkaBus\n      version: \"1.0\"\n"+
			"      config:\n        kafkaAddr: k%d.example:9093\n        userName: u\n        password: %s\nsops:\n  age:\n    - recipient: age1x\n      enc: wrapped%d\n"+
			"  lastmodified: \"2026-01-01T00:00:00Z\"\n  mac: %s\n  encrypted_regex: ^password$\n  mac_only_encrypted: true\n", i, description, i, password, i, mac))
	}
	git("init", "-q", "-b", "main")
	write("connsync.yaml", "targets:\n  prod:\n    region: cn-north-4\n    workspace_id: w\n")
	for i := range 10_000 {
		one(i, "as it was")
	}
	git("add", "-A")
	git("commit", "-q", "-m", "main")
	git("checkout", "-q", "-b", "topic")
	for i := range 5 {
		one(i, "another")
		git("commit", "-q", "-a", "-m", "edit")
	}
	git("repack", "-q", "-a", "-d")
	for _, head := range []string{"", "topic"} {
		b.Run("head="+head, func(b *testing.B) {
			for b.Loop() {
				w := world{stdout: io.Discard, stderr: os.Stderr, env: func(string) string { return "" }}
				if code := Main(context.Background(), []string{"diff", "-C", dir, "--base", "main", "--head", head}, w); code != exitDone {
					b.Fatal(code)
				}
			}
		})
	}
}
