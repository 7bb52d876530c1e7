package main

import (
	"context"
	"strings"
	"testing"
)

func TestHandle(t *testing.T) {
	const header = "passenger_id,survived,pclass,sex,age,sibsp,parch\n"
	tests := []struct {
		name, content, want string // want is of the error; empty: none
	}{
		{"complete", header + "1,1,1,female,29,0,0\n2,0,3,male,,1,0\n", ""},
		{"short", header + "1,1,1,female,29,0,0\n", "has 1 passengers, expected at least 2"},
		{"no passenger", header + "1,1,9,female,29,0,0\n2,0,3,male,,1,0\n", "cannot be used"},
		{"no table", "hello\n", "cannot be used"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := checker{uri: "s3://b/raw/titanic.csv", minRows: 2, read: func(context.Context, string, int64) ([]byte, error) { return []byte(test.content), nil }}
			got, err := c.handle(t.Context(), Event{})
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %v, expected %q", err, test.want)
				}
				return
			}
			if err != nil || got.Rows != 2 || len(got.SHA256) != 64 {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}
