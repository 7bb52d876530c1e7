//go:build linux || darwin

package launch

import (
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

func terminate(pid int) error { return syscall.Kill(pid, syscall.SIGTERM) }

func kill(pid int) error { return syscall.Kill(pid, syscall.SIGKILL) }
