package main

import (
	"os"
	"testing"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/workload"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/launch"
)

// The engine and its container are the test program, run again.
func TestMain(m *testing.M) {
	if handled, code := launch.RunChild(os.Args[1:]); handled {
		os.Exit(code)
	}
	if handled, code := workload.Run(os.Args[1:]); handled {
		os.Exit(code)
	}
	os.Exit(m.Run())
}
