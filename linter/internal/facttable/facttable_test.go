package facttable

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

func write(t *testing.T, entries []Entry) string {
	t.Helper()
	var out strings.Builder
	if err := Write(&out, "npm thing 1.2.3 (MIT)", entries); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestRoundTrip(t *testing.T) {
	var entries []Entry
	for i := range 3000 {
		entries = append(entries, Entry{Name: fmt.Sprintf("n%04d", i), Note: fmt.Sprint(i % 3), Text: strings.Repeat(fmt.Sprint(i, ","), i%40)})
	}
	data := write(t, entries)
	table, err := Open(data)
	if err != nil {
		t.Fatal(err)
	}
	if len(table.blocks) < 2 {
		t.Fatalf("%d blocks, the test wants several", len(table.blocks))
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for _, e := range entries {
				text, ok, err := table.Text(e.Name)
				note, _ := table.Note(e.Name)
				if err != nil || !ok || text != e.Text || note != e.Note {
					t.Errorf("%s: got %q %q %v %v, want %q %q", e.Name, text, note, ok, err, e.Text, e.Note)
				}
			}
		})
	}
	wg.Wait()
	if got := table.Names("n000"); len(got) != 10 || got[0] != "n0000" {
		t.Errorf("Names: %v", got)
	}
	if table.Source() != "npm thing 1.2.3 (MIT)" {
		t.Errorf("Source: %q", table.Source())
	}
	for _, name := range []string{"", "n", "n00", "N0001", "n0001\t0", "x"} {
		if _, ok, err := table.Text(name); ok || err != nil {
			t.Errorf("%q: found %v, error %v", name, ok, err)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	for name, entries := range map[string][]Entry{
		"twice":      {{Name: "a"}, {Name: "a"}},
		"empty name": {{Name: ""}},
		"tab":        {{Name: "a\tb"}},
		"note":       {{Name: "a", Note: "x\ny"}},
	} {
		if err := Write(&strings.Builder{}, "s", entries); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	good := write(t, []Entry{{Name: "a", Text: "hello"}})
	for name, data := range map[string]string{
		"empty":     "",
		"other":     "something else entirely\n\n\n\n",
		"no index":  magic + "source: x\n",
		"no blocks": magic + "source: x\nblocks: 0 1 1\n\na\t0\t0\t1\t\n",
		"truncated": good[:len(good)-1],
	} {
		if _, err := Open(data); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	broken, err := Open(good[:len(good)-3] + "\xff\xff\xff")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := broken.Text("a"); err == nil {
		t.Error("a damaged block is read without an error")
	}
}
