package main

import (
	"os"
	"strings"
	"testing"
)

func TestTheCommittedPictureIsTheSources(t *testing.T) {
	t.Chdir("../..")
	file, err := os.Open(source)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	want, err := render(file)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(target)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what %s says; run go run ./scripts/diagram", target, source)
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"node 0 x a A":               "line 1",
		"edge a b":                   "line 1: got",
		"node 0 0 a A\nedge a b yes": `names "b"`,
	} {
		if _, err := render(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, expected %q", text, err, want)
		}
	}
}
