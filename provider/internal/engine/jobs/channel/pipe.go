package channel

import (
	"compress/gzip"
	"context"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/container"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore"
)

// Pipe is a channel in Pipe mode.
type Pipe struct {
	Source
	Gzipped  bool // the objects are unpacked on the way
	RecordIO bool // each object is wrapped in a RecordIO record
}

// stream writes the objects of a channel one after another.
func (p Pipe) stream(ctx context.Context, bucket string, matches []objectstore.Match, w io.Writer) error {
	for _, match := range matches {
		if err := p.streamObject(ctx, bucket, match.Key, w); err != nil {
			return fmt.Errorf("s3://%s/%s: %w", bucket, match.Key, err)
		}
	}
	return nil
}

func (p Pipe) streamObject(ctx context.Context, bucket, key string, w io.Writer) error {
	object, _, err := p.Objects.Get(ctx, bucket, key)
	if err != nil {
		return err
	}
	defer object.Close()
	var body io.Reader = object
	if p.Gzipped {
		zip, err := gzip.NewReader(object)
		if err != nil {
			return fmt.Errorf("CompressionType is Gzip: %w", err)
		}
		body = zip
	}
	if !p.RecordIO {
		_, err := io.Copy(w, body)
		return err
	}
	// The length comes first, so the whole object has to be known.
	raw, err := io.ReadAll(io.LimitReader(body, maxRecord+1))
	if err != nil {
		return err
	}
	return writeRecord(w, raw)
}

const (
	recordMagic = 0xced7230a
	maxRecord   = 1<<29 - 1 // three bits of the length are flags
)

// writeRecord writes one record of MXNet's RecordIO: magic number, length, data padded to four
// bytes.
func writeRecord(w io.Writer, data []byte) error {
	if len(data) > maxRecord {
		return fmt.Errorf("a RecordIO record holds at most %d bytes", maxRecord)
	}
	head := binary.LittleEndian.AppendUint32(nil, recordMagic)
	head = binary.LittleEndian.AppendUint32(head, uint32(len(data)))
	if _, err := w.Write(head); err != nil {
		return err
	}
	if _, err := w.Write(data); err != nil {
		return err
	}
	_, err := w.Write(make([]byte, (4-len(data)%4)%4))
	return err
}

// Feed serves a host's share of a channel through pipes beside dir, until stop is called. failed hears of what breaks a stream.
func (p Pipe) Feed(ctx context.Context, dir string, host, hosts int, failed func(error)) (stop func(), err error) {
	bucket, matches, err := p.matches(ctx)
	if err != nil {
		return nil, err
	}
	matches = p.share(matches, host, hosts)
	return container.Feed(ctx, dir, func(w io.Writer) error { return p.stream(ctx, bucket, matches, w) }, failed)
}
