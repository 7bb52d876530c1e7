package main

import (
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// TestRelease: a release has what `tflint --init` asks for: an archive tflint-ruleset-NAME_OS_ARCH.zip that holds the binary
// tflint-ruleset-NAME, checksums.txt with lines of a sum and a name, and checksums.txt.sig.
func TestRelease(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../.goreleaser.yml")
	if err != nil {
		t.Fatal(err)
	}
	config := string(text)
	name := newRuleSet().BuiltinRuleSet.Name
	section := func(key, id string) string {
		_, rest, ok := strings.Cut(config, "\n"+key+":\n")
		if !ok {
			t.Fatalf("no section %s", key)
		}
		rest = regexp.MustCompile(`(?m)^\w`).Split(rest, 2)[0]
		for _, item := range regexp.MustCompile(`(?m)^  - `).Split(rest, -1) {
			if strings.HasPrefix(item, "id: "+id+"\n") {
				return item
			}
		}
		t.Fatalf("%s has no item %s", key, id)
		return ""
	}
	for _, c := range []struct{ key, id, want string }{
		{"builds", "tflint", "binary: tflint-ruleset-" + name + "\n"},
		{"archives", "tflint", "formats: [zip]\n"},
		{"archives", "tflint", `name_template: "tflint-ruleset-` + name + `_{{ .Os }}_{{ .Arch }}"`},
		{"signs", "tflint-sums", "artifacts: checksum\n    cmd: cp\n    signature: checksums.txt\n"},
		{"signs", "tflint-signature", "signature: checksums.txt.sig\n"},
	} {
		if item := section(c.key, c.id); !strings.Contains(item, c.want) {
			t.Errorf("%s %s lacks %q:\n%s", c.key, c.id, c.want, item)
		}
	}
	if build := section("builds", "tflint"); !strings.Contains(build, runtime.GOOS) || !strings.Contains(build, runtime.GOARCH) {
		t.Errorf("the plugin is not built for %s/%s", runtime.GOOS, runtime.GOARCH)
	}
}
