package passengers

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"
)

// HeldOut tells whether the passenger belongs to the held-out part of the given size in percent. It
// depends on the id alone, so a passenger stays on the same side when rows are added, removed or moved,
// and a smaller held-out part is a subset of a larger one.
func HeldOut(id int64, percent float64) bool {
	digest := sha256.Sum256([]byte("titanic holdout " + strconv.FormatInt(id, 10)))
	const buckets = 10_000
	bucket := binary.BigEndian.Uint64(digest[:8]) % buckets
	return float64(bucket) < percent*buckets/100
}

// Split deals the passengers into a training and a held-out part, both in the order given.
func Split(rows []Labelled, percent float64) (training, holdout []Labelled) {
	for _, row := range rows {
		if HeldOut(row.ID, percent) {
			holdout = append(holdout, row)
		} else {
			training = append(training, row)
		}
	}
	return training, holdout
}
