package container

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const groupsSupported = true

func groupAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func terminateGroup(pid int) error { return unix.Kill(-pid, unix.SIGTERM) }

func killGroup(pid int) error { return unix.Kill(-pid, unix.SIGKILL) }

// waitExited returns when the process has ended, leaving it to be reaped.
func waitExited(pid int) bool {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return err == nil
		}
	}
}

// Nothing needs recording here: KillLeftovers reads processes' environments.
func recordGroup(string, int) {}

func forgetGroup(string) {}

// processStart is a process's start in clock ticks since boot, which with its id names it
// uniquely.
func processStart(pid int) (int64, bool) {
	raw, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, false
	}
	// The second field, the program's name in parentheses, may hold anything.
	_, rest, ok := strings.Cut(string(raw[bytes.LastIndexByte(raw, ')')+1:]), " ")
	fields := strings.Fields(rest)
	if !ok || len(fields) < 20 || fields[0] == "Z" {
		return 0, false
	}
	n, err := strconv.ParseInt(fields[19], 10, 64)
	return n, err == nil
}

// KillLeftovers ends every process whose base directory is dir or below it, whatever group or
// session it moved to: what a container left behind, or an engine that was killed. It returns
// how many it killed, after they are gone.
func KillLeftovers(dir string) (int, error) {
	killed := map[int]bool{}
	for deadline := time.Now().Add(2 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		pids, err := processesIn(dir)
		if err != nil {
			return len(killed), err
		}
		// Again until none is left: one may fork while it is looked at.
		if len(pids) == 0 || time.Now().After(deadline) {
			return len(killed), nil
		}
		for _, pid := range pids {
			unix.Kill(pid, unix.SIGKILL)
			killed[pid] = true
		}
	}
}

// processesIn finds living processes by the base directory in their environment. Those of other
// users cannot be read and are not ours.
func processesIn(dir string) ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	self := os.Getpid()
	marker := []byte(baseDirEnv + "=" + filepath.Clean(dir))
	var out []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == self {
			continue
		}
		env, err := os.ReadFile("/proc/" + e.Name() + "/environ")
		if err != nil || !bytes.Contains(env, marker) {
			continue
		}
		for v := range bytes.SplitSeq(env, []byte{0}) {
			rest, ok := bytes.CutPrefix(v, marker)
			if ok && (len(rest) == 0 || rest[0] == '/') {
				if _, alive := processStart(pid); alive {
					out = append(out, pid)
				}
				break
			}
		}
	}
	return out, nil
}
