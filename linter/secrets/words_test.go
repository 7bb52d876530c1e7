package secrets

import (
	"strings"
	"testing"
)

// TestWords compares the single pass with a search for each word.
func TestWords(t *testing.T) {
	t.Parallel()
	for _, w := range quickWords {
		w = strings.ReplaceAll(w, "|", "")
		for text, want := range map[string]bool{w: true, "a " + strings.ToUpper(w) + "\n": true, w[:len(w)-1]: false, w[1:]: false, w[:2] + " " + w[2:]: false} {
			for _, other := range quickWords { // a shortened word may be another
				want = want || strings.Contains(strings.ToLower(text), strings.ReplaceAll(other, "|", ""))
			}
			if in(quick, text) != want || in(quick, []byte("x"+text)) != (want || in(quick, "x"+text)) {
				t.Errorf("%q: %v", text, !want)
			}
		}
	}
	for _, name := range append([]string{"db_pass", "psw", "connection_string"}, credentials...) {
		if !in(telling, name) {
			t.Errorf("%s tells nothing", name)
		}
	}
}
