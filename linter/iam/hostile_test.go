package iam

import (
	"strings"
	"testing"
	"time"
)

// TestHostilePolicies: what was written to take forever is judged in bounded time, and not let through.
func TestHostilePolicies(t *testing.T) {
	statement := func(element string, items int, item func(int) string) string {
		var b strings.Builder
		b.WriteString(`{"Statement":[{"Effect":"Allow","Action":"s3:GetObject","` + element + `":[`)
		for i := range items {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(`"` + item(i) + `"`)
		}
		b.WriteString(`]}]}`)
		return b.String()
	}
	letters := func(i int) string { return string([]byte{byte('a' + i%26), byte('a' + i/26%26), byte('a' + i/676%26)}) }
	for name, text := range map[string]string{
		"wildcards over all services": statement("Action", 5000, func(i int) string { return letters(i) + "*:*" + letters(i*7) + "*" }),
		"long wildcards":              statement("Action", 10, func(i int) string { return "s3:" + strings.Repeat("*a", 20000) + letters(i) }),
		"misspelt actions":            statement("Action", 5000, func(i int) string { return "ec2:DescribeInstance" + letters(i) }),
		"resources":                   statement("Resource", 5000, func(i int) string { return "arn:aws:ec2:*:*:" + letters(i) + "*/*" }),
		"statements":                  `{"Statement":[` + strings.Repeat(`{"Effect":"Allow","Action":["iam:PassRole","iam:Pass*"],"Resource":"arn:aws:iam::1:role/*"},`, 2000) + `{}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			if found := p.Check(Identity); len(found) == 0 {
				t.Error("no finding")
			}
			if took := time.Since(start); took > 30*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
}
