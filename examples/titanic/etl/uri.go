package main

import (
	"fmt"
	"strings"
)

type place struct{ bucket, key string }

func parseURI(uri string) (place, error) {
	rest, ok := strings.CutPrefix(uri, "s3://")
	bucket, key, slash := strings.Cut(rest, "/")
	if !ok || !slash || bucket == "" || key == "" {
		return place{}, fmt.Errorf("got %q, expected s3://BUCKET/KEY", uri)
	}
	return place{bucket, key}, nil
}
