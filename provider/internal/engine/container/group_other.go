//go:build !linux && !darwin

package container

import (
	"syscall"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/datadir"
)

const groupsSupported = false

func groupAttr() *syscall.SysProcAttr { return nil }

func terminateGroup(int) error { return datadir.ErrUnsupported }

func killGroup(int) error { return datadir.ErrUnsupported }

func waitExited(int) bool { return false }

func recordGroup(string, int) {}

func forgetGroup(string) {}

// KillLeftovers finds nothing where no container can run.
func KillLeftovers(string) (int, error) { return 0, nil }
