package container

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/datadir"
)

// Group is a program that runs as a process group of its own. When its leader ends, whatever it
// left behind is killed, as a container's end kills everything in it.
type Group struct {
	cmd     *exec.Cmd
	baseDir string
	exited  chan struct{} // the leader has ended and nothing is left
	state   *os.ProcessState

	mu   sync.Mutex
	gone bool // reaped: its id may belong to somebody else
}

// StartGroup runs argv in dir with env, baseDir being what env calls SAGEMAKER_BASE_DIR. All its
// output goes to out, which gets no call after Done is closed.
func StartGroup(argv []string, dir, baseDir string, env []string, out io.Writer) (*Group, error) {
	if !groupsSupported {
		return nil, datadir.ErrUnsupported
	}
	if len(argv) == 0 {
		return nil, errors.New("the command is empty")
	}
	path, err := lookPath(argv[0])
	if err != nil {
		return nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe: %w", err)
	}
	cmd := &exec.Cmd{Path: path, Args: argv, Dir: dir, Env: env, Stdout: w, Stderr: w, SysProcAttr: groupAttr()}
	if err := cmd.Start(); err != nil {
		r.Close()
		w.Close()
		return nil, err
	}
	w.Close()
	g := &Group{cmd: cmd, baseDir: baseDir, exited: make(chan struct{})}
	recordGroup(baseDir, g.PID())
	copied := make(chan struct{})
	go func() {
		io.Copy(out, r) // ends when every holder of the pipe has
		close(copied)
	}()
	go g.reap(r, copied)
	return g, nil
}

// lookPath finds the program; relative names are looked up in PATH only, as in a container's
// entrypoint, never in the job's directory.
func lookPath(name string) (string, error) {
	if filepath.IsAbs(name) {
		return name, nil
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", err
	}
	return filepath.Abs(path)
}

// reap waits for the leader, then sees that nothing of the group is left.
func (g *Group) reap(r *os.File, copied chan struct{}) {
	if waitExited(g.PID()) {
		// Between the leader's end and its reaping its id cannot be given to another process.
		killGroup(g.PID())
		g.mu.Lock()
		g.cmd.Wait() // its error only repeats the state
	} else {
		g.cmd.Wait()
		g.mu.Lock()
		killGroup(g.PID())
	}
	g.gone = true
	g.mu.Unlock()
	if g.baseDir != "" {
		KillLeftovers(g.baseDir) // those that left the group
	}
	select {
	case <-copied:
	case <-time.After(2 * time.Second): // somebody beyond our reach holds the pipe
	}
	r.Close()
	<-copied
	g.state = g.cmd.ProcessState
	forgetGroup(g.baseDir)
	close(g.exited)
}

// PID is the leader's process id, which is the group's.
func (g *Group) PID() int { return g.cmd.Process.Pid }

// Done is closed when the leader has ended and everything it left was killed.
func (g *Group) Done() <-chan struct{} { return g.exited }

// State is the leader's end; only after Done.
func (g *Group) State() *os.ProcessState { return g.state }

// Terminate sends SIGTERM to the group.
func (g *Group) Terminate() { g.signal(terminateGroup) }

// Kill sends SIGKILL to the group.
func (g *Group) Kill() { g.signal(killGroup) }

func (g *Group) signal(send func(pid int) error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.gone {
		send(g.cmd.Process.Pid) // only fails when it has ended
	}
}
