//go:build linux || darwin

package datadir

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// tryLock takes an exclusive flock without waiting. Children never inherit it: Go opens files
// close-on-exec.
func tryLock(f *os.File) (bool, error) {
	return flock(f, unix.LOCK_EX|unix.LOCK_NB)
}

// lockedByOther tells whether somebody holds the lock. The probe takes a shared lock, so that
// two probes never take each other for an engine; it is dropped when the caller closes f.
func lockedByOther(f *os.File) (bool, error) {
	ok, err := flock(f, unix.LOCK_SH|unix.LOCK_NB)
	return !ok, err
}

func flock(f *os.File, how int) (bool, error) {
	for {
		err := unix.Flock(int(f.Fd()), how)
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EWOULDBLOCK):
			return false, nil
		default:
			return false, err
		}
	}
}
