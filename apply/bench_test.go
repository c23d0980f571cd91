package apply_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"connsync/apply/secmaster"
	"connsync/apply/secmaster/emulator"
	"connsync/secrets"
)

// thousand is a workspace with nothing built in, behind a latency, and a thousand wanted connections.
func thousand(b *testing.B, latency time.Duration) *scene {
	b.Helper()
	var names []string
	for i := range 1000 {
		names = append(names, fmt.Sprintf("c%04d", i))
	}
	s := staged(b, names...)
	c, err := secmaster.NewClient(secmaster.Options{
		Endpoint: s.url, Region: "cn-north-4", WorkspaceID: emulator.DefaultWorkspace,
		Credentials: secmaster.Credentials{AccessKey: emulator.DefaultAccessKey, SecretKey: secrets.Hide(emulator.DefaultSecretKey)},
	})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	all, err := c.List(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	for _, conn := range all {
		s.server.Remove(conn.ID)
	}
	if err := s.server.Set("latency=" + latency.String()); err != nil {
		b.Fatal(err)
	}
	s.clock.at = time.Now()
	s.server.ResetRequests()
	return s
}

// BenchmarkCreate1000 gives the ratio of a sync's time to the least time allowed by the latency at 10 writes at a time.
func BenchmarkCreate1000(b *testing.B) {
	const latency = 30 * time.Millisecond
	for b.Loop() {
		b.StopTimer()
		s := thousand(b, latency)
		b.StartTimer()
		started := time.Now()
		r := s.sync()
		took := time.Since(started)
		if n := s.server.Count(emulator.RouteCreate); n != 1000 || len(s.server.Connections()) != 1000 {
			b.Fatalf("%d creates: %v", n, r.Err)
		}
		lists := s.server.Count(emulator.RouteList)
		if others := s.server.Count("") - 1000 - lists - s.server.Count(emulator.RouteProject) - s.server.Count(emulator.RouteComponents); others != 0 || lists != 1+6 {
			b.Fatalf("%d lists and %d other requests", lists, others)
		}
		b.ReportMetric(float64(took)/float64(1000*latency/10), "×least")
	}
}

// BenchmarkUnchanged1000 is a sync with nothing to do: six lists with overlapping pages.
func BenchmarkUnchanged1000(b *testing.B) {
	s := thousand(b, 0)
	s.sync()
	if err := s.server.Set("latency=30ms"); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s.server.ResetRequests()
		s.sync()
		if n := s.server.Count(emulator.RouteList); n != 6 || s.server.Count("") != 6+s.server.Count(emulator.RouteProject) {
			b.Fatalf("requests: %d lists of %d", n, s.server.Count(""))
		}
	}
}
