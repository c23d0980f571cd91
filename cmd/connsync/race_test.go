package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"connsync/apply/secmaster/emulator"
	"connsync/manifest/gitfs/gittest"
)

var races = flag.Int("races", 5, "how many seeded races of syncs to run")

// TestSyncsThatRace runs two or three syncs at once, from clones of their own, on one shared remote, with pauses that a
// seed decides. The losing sync waits, converges, or is refused; nothing is made twice, and nothing done is lost.
func TestSyncsThatRace(t *testing.T) {
	t.Cleanup(func() { t.Logf("T-CONC: %d races of two or three syncs, failed: %v", *races, t.Failed()) })
	for seed := range *races {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { race(t, uint64(seed)) })
	}
}

// hesitating is an emulated SecMaster. It lets each request wait a little: the pauses are what a seed varies. It gives them to the test, too.
func hesitating(t *testing.T, random *rand.Rand) (server *emulator.Server, url string, pause func() time.Duration) {
	t.Helper()
	server, err := emulator.New(emulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	pause = func() time.Duration {
		mu.Lock()
		defer mu.Unlock()
		return time.Duration(random.IntN(12)) * time.Millisecond
	}
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(pause())
		server.ServeHTTP(w, r)
	}))
	t.Cleanup(h.Close)
	return server, h.URL, pause
}

func race(t *testing.T, seed uint64) {
	t.Parallel()
	random := rand.New(rand.NewPCG(seed, 1))
	runners, wanted := 2+random.IntN(2), 1+random.IntN(4)
	server, url, pause := hesitating(t, random)
	bare := filepath.Join(t.TempDir(), "server.git")
	seedRepository(t, bare, wanted)

	env := map[string]string{"HUAWEICLOUD_SDK_AK": emulator.DefaultAccessKey, "HUAWEICLOUD_SDK_SK": emulator.DefaultSecretKey}
	var wg sync.WaitGroup
	outputs := make([]string, runners)
	for i := range runners {
		clone := filepath.Join(t.TempDir(), "clone")
		runGit(t, ".", "clone", "-q", bare, clone)
		start := pause()
		wg.Go(func() {
			time.Sleep(start)
			code, stdout, stderr := inProcess(env, "sync", "-C", clone, "--endpoint", url, "--lock-timeout", "60s", "-q")
			outputs[i] = fmt.Sprintf("exit %d\n%s%s", code, stdout, stderr)
			if code != exitDone {
				t.Errorf("sync %d: %s", i, outputs[i])
			}
		})
	}
	wg.Wait()
	t.Log(strings.Join(outputs, "\n"))
	names := map[string]int{}
	for _, c := range server.Connections() {
		names[c.Name]++
	}
	if len(names) != wanted || len(server.Connections()) != wanted || server.Count(emulator.RouteCreate) != wanted {
		t.Errorf("%d creates made %v:\n%s", server.Count(emulator.RouteCreate), names, strings.Join(outputs, "\n"))
	}
	known := runGit(t, bare, "show", "connsync-state/prod:known.jsonl")
	if n := strings.Count(known, "\n"); n != wanted {
		t.Errorf("%d of %d are known:\n%s", n, wanted, known)
	}
	if open := runGit(t, bare, "show", "connsync-state/prod:intents.jsonl"); strings.Count(open, "\n") != 0 || strings.Contains(open, `"run"`) {
		t.Errorf("left open: %s", open)
	}
	runGit(t, bare, "fsck", "--strict")
}

// seedRepository makes a bare repository with some wanted connections.
func seedRepository(t *testing.T, bare string, wanted int) {
	t.Helper()
	dir := t.TempDir()
	var b strings.Builder
	b.WriteString("connections:\n  prod:\n")
	for i := range wanted {
		fmt.Fprintf(&b, "    c%d:\n      component: KafkaBus\n      version: \"1.0\"\n      config: {kafkaAddr: k%d.example}\n", i, i)
	}
	if err := os.Mkdir(filepath.Join(dir, "connections"), 0o755); err != nil {
		t.Fatal(err)
	}
	project := fmt.Sprintf(demoProject, emulator.DefaultRegion, emulator.DefaultProject, emulator.DefaultWorkspace)
	for name, text := range map[string]string{"connsync.yaml": project, "connections/a.yaml": b.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	runGit(t, dir, "init", "-q", "-b", "main")
	runGit(t, dir, "add", "-A")
	runGit(t, dir, "commit", "-q", "-m", "wanted")
	runGit(t, dir, "clone", "-q", "--bare", dir, bare)
}

func runGit(t testing.TB, dir string, args ...string) string {
	t.Helper()
	if out, did := gittest.Does(dir, args...); did {
		return out
	}
	cmd := exec.Command("git", append([]string{"-c", "user.name=t", "-c", "user.email=t@example.invalid"}, args...)...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}
