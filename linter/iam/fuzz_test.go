package iam

import (
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/titanicml/terraform-provider-titanicml/linter/iam/node"
	"golang.org/x/tools/txtar"
)

// FuzzPolicy feeds arbitrary texts. Whatever they are, nothing panics or runs long, a message is one line of valid UTF-8
// without a raw hole, and a Deny statement more changes no finding.
func FuzzPolicy(f *testing.F) {
	for _, name := range []string{"actions", "escalation", "grammar", "principals", "resources"} {
		archive, err := txtar.ParseFile("testdata/" + name + ".txtar")
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			if text := strings.TrimSpace(string(file.Data)); strings.HasSuffix(file.Name, ".json") {
				if strings.HasPrefix(text, "[") {
					text = `{"Statement":` + text + "}"
				}
				f.Add(strings.ReplaceAll(text, "…", node.Hole))
			}
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse(text)
		if err != nil {
			check(t, err.Error())
			return
		}
		for _, problem := range p.Problems {
			check(t, problem.Message)
		}
		p.WorkloadServices()
		p.Guess()
		for kind := Identity; kind <= Limit; kind++ {
			found := p.Check(kind)
			for _, finding := range found {
				check(t, finding.Message)
			}
			denied := *p
			denied.Statements = append(append([]Statement(nil), p.Statements...), Statement{
				Effect: Deny, Action: Set{Present: true, Items: []Text{{S: "*"}}}, Resource: Set{Present: true, Items: []Text{{S: "*"}}},
			})
			if got := denied.Check(kind); !reflect.DeepEqual(got, found) {
				t.Errorf("with a Deny statement: %v, without: %v", got, found)
			}
		}
	})
}

func check(t *testing.T, message string) {
	t.Helper()
	if strings.ContainsAny(message, "\n\r\x00") || !utf8.ValidString(message) || strings.Contains(message, node.Hole) || len(message) > 2000 {
		t.Errorf("message %q", message)
	}
}
