package wire

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
)

// FuzzChunkedBody decodes anything without panic or growth, and what was framed comes back.
func FuzzChunkedBody(f *testing.F) {
	f.Add([]byte("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"), 3)
	f.Add([]byte("ffffffffffffffff\r\n"), 1)
	f.Add([]byte(strings.Repeat("1", 5000)), 7)
	f.Fuzz(func(t *testing.T, data []byte, size int) {
		if got, _ := io.ReadAll(newChunkedBody(bytes.NewReader(data))); len(got) > len(data) {
			t.Errorf("%d bytes came out of %d", len(got), len(data))
		}
		size = max(1, size%1000)
		var framed bytes.Buffer
		for rest := data; len(rest) > 0; rest = rest[min(size, len(rest)):] {
			chunk := rest[:min(size, len(rest))]
			fmt.Fprintf(&framed, "%x;chunk-signature=00\r\n%s\r\n", len(chunk), chunk)
		}
		framed.WriteString("0\r\nX-Amz-Trailer-Signature: 00\r\n\r\n")
		c := newChunkedBody(&framed)
		got, err := io.ReadAll(c)
		if err != nil || !bytes.Equal(got, data) || c.trailers.Get("x-amz-trailer-signature") != "00" {
			t.Errorf("%q came back as %q, %v, %v", data, got, err, c.trailers)
		}
	})
}

// FuzzParseRange checks that a range that is accepted lies within the object.
func FuzzParseRange(f *testing.F) {
	f.Add("bytes=0-4", int64(10))
	f.Add("bytes=-5", int64(3))
	f.Add("bytes=9223372036854775807-", int64(1))
	f.Fuzz(func(t *testing.T, header string, size int64) {
		if size < 0 {
			return
		}
		if b, ok, err := ParseRange(header, size); ok && err == nil && (b.Start < 0 || b.End < b.Start || b.End >= size) {
			t.Errorf("%q of %d bytes gave %v", header, size, b)
		}
	})
}
