package container

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

const groupsSupported = true

func groupAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func terminateGroup(pid int) error { return unix.Kill(-pid, unix.SIGTERM) }

func killGroup(pid int) error { return unix.Kill(-pid, unix.SIGKILL) }

// waitExited is false: there is no waiting here that leaves the process unreaped.
func waitExited(int) bool { return false }

// processStart is a process's start in microseconds, which with its id names it uniquely.
func processStart(pid int) (int64, bool) {
	info, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil || int(info.Proc.P_pid) != pid {
		return 0, false
	}
	return info.Proc.P_starttime.Sec*1_000_000 + int64(info.Proc.P_starttime.Usec), true
}

// groupFile records a group beside its base directory for a later engine, should this one die:
// another process's environment, which tells on Linux, cannot be read here.
func groupFile(baseDir string) string { return filepath.Join(filepath.Dir(baseDir), "group.json") }

type groupRecord struct {
	PID     int   `json:"pid"`
	Started int64 `json:"started"`
}

func recordGroup(baseDir string, pid int) {
	if started, ok := processStart(pid); ok && baseDir != "" {
		os.WriteFile(groupFile(baseDir), fmt.Appendf(nil, "{\"pid\":%d,\"started\":%d}\n", pid, started), 0o644)
	}
}

func forgetGroup(baseDir string) {
	if baseDir != "" {
		os.Remove(groupFile(baseDir))
	}
}

// KillLeftovers ends the process groups recorded for dir or below it, which an engine that was
// killed left behind. It returns how many it killed. A record counts only while its leader lives
// with the same start time, so that a number given to somebody else is safe.
func KillLeftovers(dir string) (int, error) {
	killed := 0
	kill := func(path string) {
		var rec groupRecord
		raw, err := os.ReadFile(path)
		if err != nil || json.Unmarshal(raw, &rec) != nil || rec.PID <= 1 {
			return
		}
		if started, ok := processStart(rec.PID); ok && started == rec.Started && killGroup(rec.PID) == nil {
			killed++
		}
		os.Remove(path)
	}
	kill(groupFile(dir))
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil // unreadable parts hold no record of ours
		case d.IsDir() && d.Name() == "ml" && path != dir:
			return fs.SkipDir // the container's own files
		case d.Name() == "group.json" && d.Type().IsRegular():
			kill(path)
		}
		return nil
	})
	return killed, err
}
