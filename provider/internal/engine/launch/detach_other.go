//go:build !linux && !darwin

package launch

import (
	"io"
	"os"
	"syscall"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/datadir"
)

const supported = false

func detached() *syscall.SysProcAttr { return nil }

func inherited(int) io.WriteCloser { return os.Stderr }

func terminate(int) error { return datadir.ErrUnsupported }

func kill(int) error { return datadir.ErrUnsupported }
