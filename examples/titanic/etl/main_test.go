package main

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

type shelf map[string]string

func (s shelf) GetObject(_ context.Context, in *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	return &s3.GetObjectOutput{Body: io.NopCloser(strings.NewReader(s[*in.Bucket+"/"+*in.Key]))}, nil
}

func (s shelf) PutObject(_ context.Context, in *s3.PutObjectInput, _ ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	body, err := io.ReadAll(in.Body)
	s[*in.Bucket+"/"+*in.Key] = string(body)
	return &s3.PutObjectOutput{}, err
}

func TestLandTheDataSet(t *testing.T) {
	delivery, err := os.ReadFile("../data/titanic.csv")
	if err != nil {
		t.Fatal(err)
	}
	s := shelf{"b/incoming/titanic.csv": string(delivery)}
	rows, err := land(t.Context(), s, "s3://b/incoming/titanic.csv", "s3://b/raw/titanic.csv")
	if err != nil {
		t.Fatal(err)
	}
	if rows != 1309 || strings.Count(s["b/raw/titanic.csv"], "\n") != 1310 {
		t.Errorf("got %d passengers and %d lines, expected 1309 and 1310", rows, strings.Count(s["b/raw/titanic.csv"], "\n"))
	}
}

func TestLandWritesNothingOfABrokenDelivery(t *testing.T) {
	tests := []struct{ name, input, content, want string }{
		{"bad value", "s3://b/in.csv", "passenger_id,survived,pclass,sex,age,sibsp,parch\n1,1,7,female,29,0,0\n", "pclass"},
		{"empty", "s3://b/in.csv", "", "s3://b/in.csv"},
		{"no URI", "b/in.csv", "", "expected s3://BUCKET/KEY"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := shelf{"b/in.csv": test.content}
			_, err := land(t.Context(), s, test.input, "s3://b/out.csv")
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, expected %q", err, test.want)
			}
			if _, there := s["b/out.csv"]; there {
				t.Error("something was landed")
			}
		})
	}
}
