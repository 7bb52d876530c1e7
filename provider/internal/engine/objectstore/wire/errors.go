package wire

import (
	"errors"
	"fmt"
	"net/http"
	"syscall"
)

// Error is an S3 error: its code, HTTP status and message in the service's own words.
type Error struct {
	Code    string
	Status  int
	Message string
	Details []Detail // further elements of the answer, in this order
}

// Detail is an element of an error's document that only some errors have.
type Detail struct{ Name, Value string }

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Is compares codes, so that an error with details is the one it was made from.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// With returns the error with details: name, value, name, value.
func (e *Error) With(nameValue ...string) *Error {
	more := *e
	more.Details = nil
	for i := 0; i+1 < len(nameValue); i += 2 {
		more.Details = append(more.Details, Detail{nameValue[i], nameValue[i+1]})
	}
	return &more
}

// Argument is S3's InvalidArgument with what was given.
func Argument(name, value, message string) *Error {
	return Errorf("InvalidArgument", http.StatusBadRequest, "%s", message).With("ArgumentName", name, "ArgumentValue", value)
}

// Errorf makes an error of S3.
func Errorf(code string, status int, format string, a ...any) *Error {
	return &Error{Code: code, Status: status, Message: fmt.Sprintf(format, a...)}
}

var (
	ErrNoSuchBucket = Errorf("NoSuchBucket", http.StatusNotFound, "The specified bucket does not exist")
	ErrNoSuchKey    = Errorf("NoSuchKey", http.StatusNotFound, "The specified key does not exist.")
	ErrPrecondition = Errorf("PreconditionFailed", http.StatusPreconditionFailed, "At least one of the pre-conditions you specified did not hold")
	ErrNoSuchUpload = Errorf("NoSuchUpload", http.StatusNotFound, "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.")

	ErrNoSuchVersion  = Errorf("NoSuchVersion", http.StatusNotFound, "The specified version does not exist.")
	ErrAnonymous      = Errorf("AccessDenied", http.StatusForbidden, "Access Denied")
	ErrRangeAndPart   = Errorf("InvalidRequest", http.StatusBadRequest, "Cannot specify both Range header and partNumber query parameter")
	errManyChecksums  = Errorf("InvalidRequest", http.StatusBadRequest, "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
	errNoChecksum     = Errorf("InvalidRequest", http.StatusBadRequest, "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.")
	ErrNoDeleteDigest = Errorf("InvalidRequest", http.StatusBadRequest, "Missing required header for this request: Content-MD5")

	ErrIncompleteBody = Errorf("IncompleteBody", http.StatusBadRequest, "You did not provide the number of bytes specified by the Content-Length HTTP header")
	errInvalidDigest  = Errorf("InvalidDigest", http.StatusBadRequest, "The Content-MD5 you specified was invalid.")
	ErrInvalidPart    = Errorf("InvalidPart", http.StatusBadRequest, "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.")
	errInvalidRange   = Errorf("InvalidRange", http.StatusRequestedRangeNotSatisfiable, "The requested range is not satisfiable")
	ErrKeyTooLong     = Errorf("KeyTooLongError", http.StatusBadRequest, "Your key is too long")
	ErrNoACLs         = Errorf("AccessControlListNotSupported", http.StatusBadRequest, "The bucket does not allow ACLs")
	ErrMalformedXML   = Errorf("MalformedXML", http.StatusBadRequest, "The XML you provided was not well-formed or did not validate against our published schema")
	ErrBucketNotEmpty = Errorf("BucketNotEmpty", http.StatusConflict, "The bucket you tried to delete is not empty")
	ErrBucketName     = Errorf("InvalidBucketName", http.StatusBadRequest, "The specified bucket is not valid.")
	ErrNotImplemented = Errorf("NotImplemented", http.StatusNotImplemented, "A header you provided implies functionality that is not implemented")
	ErrNotAllowed     = Errorf("MethodNotAllowed", http.StatusMethodNotAllowed, "The specified method is not allowed against this resource.")
)

// AsError turns any error into what S3 would say. A full disk has no code on S3; InternalError
// with its text is the most useful answer.
func AsError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	switch {
	case errors.Is(err, syscall.ENAMETOOLONG):
		return ErrKeyTooLong
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EROFS), errors.Is(err, syscall.EACCES):
		return Errorf("InternalError", http.StatusInternalServerError, "We encountered an internal error: %s", err)
	}
	return Errorf("InternalError", http.StatusInternalServerError, "We encountered an internal error. Please try again.")
}
