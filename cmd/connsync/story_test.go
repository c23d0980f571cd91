package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"connsync/apply/secmaster/emulator"
	"connsync/apply/state"
	"connsync/manifest/gitfs"
)

// story is one workspace and one clone, and what happens to them.
type story struct {
	stage      *stage
	root       string
	work, bare string // bare is "" where known state stays in the clone
	server     *emulator.Server
	http       *httptest.Server
	env        map[string]string

	ended time.Time // when the last process had ended

	mu     sync.Mutex
	posts  map[string]int // sent creates, by name
	open   map[net.Conn]bool
	closed map[string]bool // addresses of ended connections
}

func (st *stage) begin(shared bool) (*story, error) {
	root, err := os.MkdirTemp(filepath.Dir(st.work), "story-")
	if err != nil {
		return nil, err
	}
	s := &story{
		stage: st, root: root, work: filepath.Join(root, "work"), posts: map[string]int{}, open: map[net.Conn]bool{}, closed: map[string]bool{},
		env: map[string]string{"HUAWEICLOUD_SDK_AK": emulator.DefaultAccessKey, "HUAWEICLOUD_SDK_SK": emulator.DefaultSecretKey},
	}
	if s.server, err = emulator.New(emulator.Options{}); err != nil {
		return nil, err
	}
	for _, c := range st.connections {
		s.server.Put(c)
	}
	err = os.CopyFS(s.work, os.DirFS(st.work))
	if shared && err == nil {
		s.bare = filepath.Join(root, "server.git")
		err = errors.Join(os.CopyFS(s.bare, os.DirFS(st.bare)), s.addRemote())
	}
	if err != nil {
		return nil, err
	}
	s.http = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.http.Config.ConnState = s.connection
	s.http.Start()
	return s, nil
}

func (s *story) end() {
	s.http.Close()
	_ = os.RemoveAll(s.root)
}

func (s *story) addRemote() error {
	f, err := os.OpenFile(filepath.Join(s.work, ".git/config"), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "[remote \"origin\"]\n\turl = %s\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n", s.bare)
	return errors.Join(err, f.Close())
}

// serve counts the creates of each name before they are executed.
func (s *story) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost && !strings.HasSuffix(r.URL.Path, "/search") {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		var b struct{ Name string }
		if json.Unmarshal(body, &b) == nil {
			s.mu.Lock()
			s.posts[b.Name]++
			s.mu.Unlock()
		}
	}
	s.server.ServeHTTP(w, r)
}

func (s *story) connection(c net.Conn, to http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch to {
	case http.StateNew:
		s.open[c] = true
	case http.StateClosed, http.StateHijacked:
		delete(s.open, c)
		s.closed[c.RemoteAddr().String()] = true
	}
}

// settled waits until the server has done with every request of dead processes: a connection made
// now is accepted after all of theirs.
func (s *story) settled() error {
	c, err := net.Dial("tcp", s.http.Listener.Addr().String())
	if err != nil {
		return err
	}
	mine := c.LocalAddr().String()
	_ = c.Close()
	for range 5000 {
		s.mu.Lock()
		done := s.closed[mine] && len(s.open) == 0
		s.mu.Unlock()
		if done {
			return nil
		}
		time.Sleep(2 * time.Millisecond)
	}
	return errors.New("the server is still busy")
}

// flags are those of every sync of a story: nothing waits for long.
func (s *story) flags(more ...string) []string {
	return append([]string{
		"sync", "-C", s.work, "--endpoint", s.http.URL, "--prune", "--max-deletes", "1", "--parallelism", "1", "--settle", "1ms", "--lock-timeout", "0s",
	}, more...)
}

func (s *story) sync(more ...string) (int, string, string) {
	return inProcess(s.env, s.flags(more...)...)
}

// process is a sync as a process of its own, in a group of its own, with variables for what it does to itself. One that hangs is
// killed in the end.
func (s *story) process(variables []string, more ...string) *exec.Cmd {
	exe, err := os.Executable()
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 40*time.Second)
	context.AfterFunc(ctx, cancel)
	cmd := exec.CommandContext(ctx, exe)
	cmd.Args = append([]string{"connsync"}, s.flags(more...)...)
	cmd.Env = append(append(os.Environ(), "TMPDIR="+onDisk), variables...) // another file system than that of the repository
	for k, v := range s.env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// after waits for the end of a process, and of everything it started or asked for.
func (s *story) after(cmd *exec.Cmd) (syscall.WaitStatus, error) {
	var failed *exec.ExitError
	err := cmd.Wait()
	s.ended = time.Now()
	if err != nil && !errors.As(err, &failed) {
		return 0, err
	}
	return cmd.ProcessState.Sys().(syscall.WaitStatus), s.afterGroup(cmd.Process.Pid)
}

func (s *story) afterGroup(id int) error {
	if err := waitForGroup(id); err != nil {
		return err
	}
	return s.settled()
}

// shown is what the workspace has, by name; several of one name are joined.
func (s *story) shown() map[string]string {
	out := map[string]string{}
	for _, c := range s.server.Connections() {
		out[c.Name] += c.Description + " " + c.ComponentID + " " + c.ComponentVersionID + " " + c.Config
	}
	return out
}

// known is the state as a reader without a lock finds it.
func (s *story) known() (state.Snapshot, error) {
	dir := s.work
	if s.bare != "" {
		dir = s.bare
	}
	repo, err := gitfs.Open(dir)
	if err != nil {
		return state.Snapshot{}, err
	}
	defer repo.Close()
	store, err := state.Open(state.Repo{Git: repo.Git(), CommonDir: repo.CommonDir()}, "prod")
	if err != nil {
		return state.Snapshot{}, err
	}
	return store.Read(context.Background())
}

var (
	objectFile = regexp.MustCompile(`^objects/([0-9a-f]{2}/[0-9a-f]{38}|pack/pack-[0-9a-f]{40}\.(pack|idx|rev)|info/.*)$`)
	refFile    = regexp.MustCompile(`^([0-9a-f]{40}|ref: refs/.*)\n$`)
)

// files are those of a repository, with their content; what has no business there is an error.
func files(gitDir string) (map[string]string, error) {
	out, stray := map[string]string{}, []string{}
	err := filepath.WalkDir(gitDir, func(name string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(gitDir, name)
		if strings.HasPrefix(rel, "objects/tmp_objdir-incoming-") { // Git's own, where its client went away; it prunes them
			return fs.SkipDir
		}
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		switch lock := rel == "connsync/prod.lock"; {
		case lock:
			return err
		case strings.HasPrefix(rel, "objects/") && !objectFile.MatchString(rel), strings.HasPrefix(rel, "connsync/"),
			strings.HasSuffix(rel, ".lock"), strings.HasPrefix(d.Name(), "tmp_"), strings.HasPrefix(rel, "refs/") && !refFile.Match(text):
			stray = append(stray, rel)
		}
		out[rel] = string(text)
		return err
	})
	if len(stray) > 0 {
		err = errors.Join(err, fmt.Errorf("left behind: %v", stray))
	}
	return out, err
}
