package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestFind looks for targets where the project's are, and not in what tools have downloaded below a hidden directory.
func TestFind(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"a/a_test.go":        "package a\n\nfunc FuzzB(f *testing.F) {}\n\nfunc FuzzA(f *testing.F) {}\n\n// func FuzzC(f *testing.F)\n",
		"b_test.go":          "package b\n\nfunc FuzzA(f *testing.F) {}\n",
		"b.go":               "package b\n\nfunc FuzzD(f *testing.F) {}\n",
		".tools/c/c_test.go": "package c\n\nfunc FuzzA(f *testing.F) {}\n",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for only, want := range map[string][]string{"": {"./. FuzzA", "./a FuzzA", "./a FuzzB"}, "B$": {"./a FuzzB"}, "FuzzD": nil} {
		found, err := find(".", regexp.MustCompile(only))
		if err != nil || len(found) != len(want) {
			t.Fatalf("%q: got %v, %v, want %v", only, found, err, want)
		}
		for i, f := range found {
			if got := f.Package + " " + f.Name; got != want[i] {
				t.Errorf("%q: got %s, want %s", only, got, want[i])
			}
		}
	}
}
