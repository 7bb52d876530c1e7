package s3api

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore/wire"
)

// anonymous tells whether a request names no identity: no bucket here is public. A form carries its
// own in its fields.
func anonymous(r request) bool {
	form := r.Method == http.MethodPost && r.key == "" && strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data")
	return r.Header.Get("Authorization") == "" && !r.query.Has("X-Amz-Credential") && !r.query.Has("AWSAccessKeyId") && !form
}

// longestExpiry is a week, in seconds.
const longestExpiry = 604800

// expired refuses a presigned URL, of signature version 4 or 2, that is used too late. Its
// signature is not checked, but a client that shares URLs sees here what it will see on AWS.
func (h *server) expired(r request) error {
	if v := r.query.Get("X-Amz-Expires"); v != "" {
		seconds, err := strconv.ParseInt(v, 10, 64)
		switch {
		case err != nil:
			return badExpiry("X-Amz-Expires should be a number")
		case seconds < 0:
			return badExpiry("X-Amz-Expires must be non-negative")
		case seconds > longestExpiry:
			return badExpiry("X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds")
		}
		signed, err := time.Parse("20060102T150405Z", r.query.Get("X-Amz-Date"))
		if err != nil {
			return badExpiry(`X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'"`)
		}
		if until := signed.Add(time.Duration(seconds) * time.Second); h.s.Now().After(until) {
			return h.tooLate(until).With("X-Amz-Expires", v, "Expires", until.UTC().Format(time.RFC3339), "ServerTime", h.s.Now().UTC().Format(time.RFC3339))
		}
		return nil
	}
	if v := r.query.Get("Expires"); v != "" && r.query.Has("Signature") {
		seconds, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return wire.Errorf("AccessDenied", http.StatusForbidden, "Invalid date (should be seconds since epoch): %s", v)
		}
		if until := time.Unix(seconds, 0); h.s.Now().After(until) {
			return h.tooLate(until)
		}
	}
	return nil
}

func badExpiry(message string) error {
	return wire.Errorf("AuthorizationQueryParametersError", http.StatusBadRequest, "%s", message)
}

func (h *server) tooLate(until time.Time) *wire.Error {
	return wire.Errorf("AccessDenied", http.StatusForbidden, "Request has expired").
		With("Expires", until.UTC().Format(time.RFC3339), "ServerTime", h.s.Now().UTC().Format(time.RFC3339))
}

// versionID refuses any version but the only one that an object here has. What does not look like
// an identifier of S3 is an argument that is wrong, not a version that is missing.
func versionID(id string) error {
	switch {
	case id == "" || id == "null":
		return nil
	case versionPattern.MatchString(id):
		return wire.ErrNoSuchVersion
	}
	return wire.Argument("versionId", id, "Invalid version id specified")
}

var versionPattern = regexp.MustCompile(`^[A-Za-z0-9._-]{32}$`)
