package main

import (
	"encoding/binary"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unicode/utf16"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"titanicml-lint": func() { os.Exit(Main()) }})
}

// TestScripts runs the program on the scripts of testdata/script; -update rewrites what cmp expects.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			// exits STATUS COMMAND...: runs the command and checks its exit status.
			"exits": func(ts *testscript.TestScript, _ bool, args []string) {
				want, err := strconv.Atoi(args[0])
				ts.Check(err)
				err = ts.Exec(args[1], args[2:]...)
				got := 0
				if err != nil {
					if _, after, ok := strings.Cut(err.Error(), "exit status "); ok {
						got, err = strconv.Atoi(after)
					}
					ts.Check(err)
				}
				if got != want {
					ts.Fatalf("exit status %d, want %d", got, want)
				}
			},
			// repeat TEXT COUNT FILE writes a text many times.
			"repeat": func(ts *testscript.TestScript, _ bool, args []string) {
				n, err := strconv.Atoi(args[1])
				ts.Check(err)
				text := strings.ReplaceAll(args[0], `\n`, "\n")
				ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(strings.Repeat(text, n)), 0o600))
			},
			// windows FILE writes a file as editors there do: a byte order mark, and CR before every line feed.
			"windows": func(ts *testscript.TestScript, _ bool, args []string) {
				text := "\ufeff" + strings.ReplaceAll(ts.ReadFile(args[0]), "\n", "\r\n")
				ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
			},
			// utf16 FILE writes a file in UTF-16, little endian and without a mark.
			"utf16": func(ts *testscript.TestScript, _ bool, args []string) {
				var text []byte
				for _, unit := range utf16.Encode([]rune(ts.ReadFile(args[0]))) {
					text = binary.LittleEndian.AppendUint16(text, unit)
				}
				ts.Check(os.WriteFile(ts.MkAbs(args[0]), text, 0o600))
			},
			// mode FILE BITS checks the permissions of a file.
			"mode": func(ts *testscript.TestScript, _ bool, args []string) {
				info, err := os.Stat(ts.MkAbs(args[0]))
				ts.Check(err)
				if got := strconv.FormatUint(uint64(info.Mode().Perm()), 8); got != args[1] {
					ts.Fatalf("%s has mode %s, want %s", args[0], got, args[1])
				}
			},
			// fifo FILE makes a named pipe.
			"fifo": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Check(syscall.Mkfifo(ts.MkAbs(args[0]), 0o600))
			},
		},
	})
}
