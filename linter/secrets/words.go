package secrets

import "strings"

// wordTable finds any of some words in a text, in any case of letters, in one pass. Every file is read for them, and most have none: three
// letters of each word, which are rare in configurations, select the few places where words are compared.
type wordTable struct {
	bucket [4096]uint8 // index in words by the hash of three letters; 0 for none
	words  [][]anchored
}

type anchored struct {
	text  string
	after int // length of the text before the three letters
}

// tableOf takes words in lower case, each with a stroke before the three letters.
func tableOf(words ...string) *wordTable {
	t := &wordTable{words: make([][]anchored, 1)}
	for _, w := range words {
		before, rest, _ := strings.Cut(w, "|")
		b := &t.bucket[trigram(uint32(rest[0])<<16|uint32(rest[1])<<8|uint32(rest[2]))]
		if *b == 0 {
			*b = uint8(len(t.words))
			t.words = append(t.words, nil)
		}
		t.words[*b] = append(t.words[*b], anchored{before + rest, len(before)})
	}
	return t
}

// in reports whether the text has one of the table's words.
func in[T string | []byte](t *wordTable, text T) bool {
	last := uint32(0)
	for i := range len(text) {
		last = last<<8 | uint32(folded[text[i]])
		bucket := t.bucket[trigram(last)]
		if bucket == 0 {
			continue
		}
		for _, w := range t.words[bucket] {
			if at := i - 2 - w.after; at >= 0 && at+len(w.text) <= len(text) && strings.EqualFold(string(text[at:at+len(w.text)]), w.text) {
				return true
			}
		}
	}
	return false
}

// trigram hashes the last three of four letters.
func trigram(last uint32) uint32 { return last << 8 * 0x9E3779B1 >> 20 }

var folded = func() (table [256]byte) {
	for i := range table {
		table[i] = byte(i)
		if 'A' <= i && i <= 'Z' {
			table[i] += 'a' - 'A'
		}
	}
	return table
}()
