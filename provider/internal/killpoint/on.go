//go:build titanicml_killpoints

package killpoint

import (
	"encoding/json"
	"os"
	"syscall"
)

// Enabled says whether this build has the points.
const Enabled = true

// Here marks a point; see the package comment.
func Here(point string) {
	if os.Getenv("TITANICML_TEST_KILL_AT") != point {
		return
	}
	pid := os.Getpid()
	if lock := os.Getenv("TITANICML_TEST_KILL_LOCK"); lock != "" {
		var engine struct {
			PID int `json:"pid"`
		}
		body, err := os.ReadFile(lock)
		if err != nil || json.Unmarshal(body, &engine) != nil || engine.PID <= 1 {
			panic("killpoint: no engine pid in " + lock)
		}
		pid = engine.PID
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		panic("killpoint: " + err.Error())
	}
	if pid == os.Getpid() {
		select {} // the signal is on its way
	}
}
