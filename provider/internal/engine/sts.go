package engine

import (
	"bytes"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/api"
)

const (
	stsVersion   = "2011-06-15"
	stsNamespace = "https://sts.amazonaws.com/doc/2011-06-15/"
	maxSTSBody   = 64 << 10
)

type callerIdentity struct {
	XMLName  xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ GetCallerIdentityResponse"`
	ARN      string   `xml:"GetCallerIdentityResult>Arn"`
	UserID   string   `xml:"GetCallerIdentityResult>UserId"`
	Account  string   `xml:"GetCallerIdentityResult>Account"`
	Metadata struct {
		RequestID string `xml:"RequestId"`
	} `xml:"ResponseMetadata"`
}

type queryError struct {
	XMLName   xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ ErrorResponse"`
	Type      string   `xml:"Error>Type"`
	Code      string   `xml:"Error>Code"`
	Message   string   `xml:"Error>Message"`
	RequestID string   `xml:"RequestId"`
}

// isSTS tells a query protocol request from an object upload by its scope, or by
// the form it posts to the root, which S3 has no use for.
func isSTS(r *http.Request) bool {
	if strings.Contains(r.Header.Get("Authorization"), "/sts/aws4_request") {
		return true
	}
	return r.Method == http.MethodPost && r.URL.Path == "/" && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
}

// serveSTS answers GetCallerIdentity of the query protocol.
func serveSTS(w http.ResponseWriter, r *http.Request, id string) {
	form := r.URL.Query()
	if r.Method == http.MethodPost {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxSTSBody))
		if err == nil {
			form, err = url.ParseQuery(string(body))
		}
		if err != nil {
			writeXML(w, http.StatusBadRequest, queryError{Type: "Sender", Code: "MalformedInput", Message: "The form in the request body cannot be read.", RequestID: id})
			return
		}
	}
	caller, err := callerOf(r)
	if err != nil {
		service := api.AsError(err)
		code := strings.TrimSuffix(service.Code, "Exception")
		writeXML(w, service.Status, queryError{Type: "Sender", Code: code, Message: service.Message, RequestID: id})
		return
	}
	if action := form.Get("Action"); action != "GetCallerIdentity" {
		writeXML(w, http.StatusBadRequest, queryError{Type: "Sender", Code: "InvalidAction",
			Message: "Could not find operation " + action + " for version " + stsVersion, RequestID: id})
		return
	}
	answer := callerIdentity{ARN: caller.ARN(), UserID: caller.PrincipalID(), Account: api.Account}
	answer.Metadata.RequestID = id
	writeXML(w, http.StatusOK, answer)
}

func writeXML(w http.ResponseWriter, status int, value any) {
	var body bytes.Buffer
	if err := xml.NewEncoder(&body).Encode(value); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	// The client may be gone; there is nobody else to tell.
	_, _ = w.Write(body.Bytes())
}
