package objectstore

import (
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"syscall"
)

// apiError is an S3 error: its code, HTTP status and message in the service's own words.
type apiError struct {
	code     string
	status   int
	message  string
	sentinel error // what errors.Is finds in the Go API
}

func (e *apiError) Error() string { return e.code + ": " + e.message }

func (e *apiError) Unwrap() error { return e.sentinel }

func errorf(code string, status int, format string, a ...any) *apiError {
	return &apiError{code: code, status: status, message: fmt.Sprintf(format, a...)}
}

var (
	errNoSuchBucket = &apiError{"NoSuchBucket", http.StatusNotFound, "The specified bucket does not exist", ErrNoSuchBucket}
	errNoSuchKey    = &apiError{"NoSuchKey", http.StatusNotFound, "The specified key does not exist.", ErrNoSuchKey}
	errPrecondition = &apiError{"PreconditionFailed", http.StatusPreconditionFailed, "At least one of the pre-conditions you specified did not hold", ErrPreconditionFailed}
	errNoSuchUpload = errorf("NoSuchUpload", http.StatusNotFound, "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.")

	errNoSuchVersion = errorf("NoSuchVersion", http.StatusNotFound, "The specified version does not exist.")

	errIncompleteBody = errorf("IncompleteBody", http.StatusBadRequest, "You did not provide the number of bytes specified by the Content-Length HTTP header")
	errInvalidDigest  = errorf("InvalidDigest", http.StatusBadRequest, "The Content-MD5 you specified was invalid.")
	errInvalidPart    = errorf("InvalidPart", http.StatusBadRequest, "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.")
	errInvalidRange   = errorf("InvalidRange", http.StatusRequestedRangeNotSatisfiable, "The requested range is not satisfiable")
	errKeyTooLong     = errorf("KeyTooLongError", http.StatusBadRequest, "Your key is too long")
	errNoACLs         = errorf("AccessControlListNotSupported", http.StatusBadRequest, "The bucket does not allow ACLs")
	errMalformedXML   = errorf("MalformedXML", http.StatusBadRequest, "The XML you provided was not well-formed or did not validate against our published schema")
	errBucketName     = errorf("InvalidBucketName", http.StatusBadRequest, "The specified bucket is not valid.")
	errNotImplemented = errorf("NotImplemented", http.StatusNotImplemented, "A header you provided implies functionality that is not implemented")
	errNotAllowed     = errorf("MethodNotAllowed", http.StatusMethodNotAllowed, "The specified method is not allowed against this resource.")
)

type errorXML struct {
	XMLName    xml.Name `xml:"Error"`
	Code       string
	Message    string
	Key        string `xml:",omitempty"`
	BucketName string `xml:",omitempty"`
	Resource   string
	RequestID  string `xml:"RequestId"`
	HostID     string `xml:"HostId"`
}

// asAPIError turns any error into what S3 would say. A full disk has no code on S3; InternalError
// with its text is the most useful answer.
func asAPIError(err error) *apiError {
	if e, ok := errors.AsType[*apiError](err); ok {
		return e
	}
	switch {
	case errors.Is(err, ErrNoSuchKey):
		return errNoSuchKey
	case errors.Is(err, ErrNoSuchBucket):
		return errNoSuchBucket
	case errors.Is(err, ErrPreconditionFailed):
		return errPrecondition
	case errors.Is(err, syscall.ENAMETOOLONG):
		return errKeyTooLong
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EROFS), errors.Is(err, syscall.EACCES):
		return errorf("InternalError", http.StatusInternalServerError, "We encountered an internal error: %s", err)
	}
	return errorf("InternalError", http.StatusInternalServerError, "We encountered an internal error. Please try again.")
}
