//go:build !titanicml_killpoints

package killpoint

// Enabled says whether this build has the points.
const Enabled = false

// Here marks a point; see the package comment.
func Here(string) {}
