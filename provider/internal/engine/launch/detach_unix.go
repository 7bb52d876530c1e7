//go:build linux || darwin

package launch

import (
	"errors"
	"io"
	"os"
	"syscall"
)

const supported = true

// detached gives the engine a session of its own: neither a terminal's hang-up nor a signal to
// Terraform's process group reaches it.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// inherited opens a descriptor the parent passed on, closed for the engine's own children.
func inherited(fd int) io.WriteCloser {
	syscall.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), "report")
}

func terminate(pid int) error { return signalTo(pid, syscall.SIGTERM) }

func kill(pid int) error { return signalTo(pid, syscall.SIGKILL) }

// signalTo takes a process that has ended already for one that was reached.
func signalTo(pid int, s syscall.Signal) error {
	if err := syscall.Kill(pid, s); !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}
