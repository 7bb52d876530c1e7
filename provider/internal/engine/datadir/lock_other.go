//go:build !linux && !darwin

package datadir

import "os"

func tryLock(*os.File) (bool, error) { return false, ErrUnsupported }

func lockedByOther(*os.File) (bool, error) { return false, ErrUnsupported }
