package main

import (
	"strings"
	"testing"
)

func TestBill(t *testing.T) {
	listed := `{"Module":{"Path":"b.example/x","Version":"v1.0.0"}}{}{"Module":{"Path":"a.example/y","Version":"v2.0.0"}}{"Module":{"Path":"b.example/x","Version":"v1.0.0"}}{"Module":{"Path":"own.example/z","Main":true}}`
	got, err := bill(strings.NewReader(listed))
	if err != nil {
		t.Fatal(err)
	}
	text := string(got)
	if strings.Count(text, "b.example/x@v1.0.0") != 1 || strings.Index(text, "a.example/y") > strings.Index(text, "b.example/x") || !strings.Contains(text, `"application"`) {
		t.Errorf("got %s", text)
	}
	if _, err := bill(strings.NewReader(`{}`)); err == nil {
		t.Error("a list without a main module was accepted")
	}
}
