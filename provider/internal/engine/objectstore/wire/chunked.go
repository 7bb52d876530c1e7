package wire

import (
	"bufio"
	"io"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
)

// chunkedBody decodes the aws-chunked bodies that SDKs send: chunks with or without signatures,
// then trailing headers. Signatures are not checked, as nothing is secret between a user's own
// processes on loopback.
type chunkedBody struct {
	r        *bufio.Reader
	left     int64 // of the current chunk
	started  bool
	done     bool
	trailers http.Header
}

func newChunkedBody(r io.Reader) *chunkedBody {
	return &chunkedBody{r: bufio.NewReaderSize(r, 32<<10), trailers: http.Header{}}
}

// Read returns decoded bytes; a malformed frame is errIncompleteBody.
func (c *chunkedBody) Read(p []byte) (int, error) {
	if c.done {
		return 0, io.EOF
	}
	if c.left == 0 {
		if err := c.next(); err != nil {
			return 0, err
		}
		if c.done {
			return 0, io.EOF
		}
	}
	if int64(len(p)) > c.left {
		p = p[:c.left]
	}
	n, err := c.r.Read(p)
	c.left -= int64(n)
	if err == io.EOF {
		err = ErrIncompleteBody
	}
	return n, err
}

func (c *chunkedBody) next() error {
	if c.started {
		if line, err := c.line(); err != nil || line != "" {
			return ErrIncompleteBody
		}
	}
	c.started = true
	head, err := c.line()
	if err != nil {
		return err
	}
	size, _, _ := strings.Cut(head, ";")
	n, err := strconv.ParseInt(strings.TrimSpace(size), 16, 64)
	if err != nil || n < 0 {
		return ErrIncompleteBody
	}
	c.left = n
	if n > 0 {
		return nil
	}
	c.done = true
	for range 32 { // trailers; their end is an empty line or the body's end
		line, err := c.line()
		if err != nil || line == "" {
			return nil
		}
		if name, value, ok := strings.Cut(line, ":"); ok {
			c.trailers.Set(textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name)), strings.TrimSpace(value))
		}
	}
	return ErrIncompleteBody
}

// line reads up to CRLF; frames have short lines, so that a long one is an attack or garbage.
func (c *chunkedBody) line() (string, error) {
	s, err := c.r.ReadSlice('\n')
	if err != nil || len(s) > 4096 {
		return "", ErrIncompleteBody
	}
	return strings.TrimRight(string(s), "\r\n"), nil
}

// DecodeBody returns a request's payload without its transport framing, its declared length (-1
// when there is none), and the trailers once the payload was read.
func DecodeBody(r *http.Request) (body io.Reader, length int64, trailers func() http.Header, err error) {
	if !strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		return r.Body, r.ContentLength, nil, nil
	}
	length, err = strconv.ParseInt(r.Header.Get("X-Amz-Decoded-Content-Length"), 10, 64)
	if err != nil || length < 0 {
		return nil, 0, nil, Errorf("MissingContentLength", http.StatusLengthRequired, "You must provide the Content-Length HTTP header.")
	}
	c := newChunkedBody(r.Body)
	return c, length, func() http.Header { return c.trailers }, nil
}
