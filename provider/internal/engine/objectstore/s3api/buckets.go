package s3api

import (
	"encoding/xml"
	"errors"
	"io/fs"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/johannesboyne/gofakes3"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore/wire"
)

// listBuckets answers ListBuckets, with the paging and the filters that it has had since 2024.
func (h *server) listBuckets(w http.ResponseWriter, r request) error {
	if r.Method != http.MethodGet {
		return wire.ErrNotAllowed
	}
	most := 10000
	if v := r.query.Get("max-buckets"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > most {
			return wire.Errorf("InvalidArgument", http.StatusBadRequest, "Argument max-buckets must be an integer between 1 and 10000.")
		}
		most = n
	}
	names, err := h.s.BucketNames()
	if err != nil {
		return err
	}
	type bucketXML struct {
		Name         string
		CreationDate string
		BucketRegion string
	}
	var out struct {
		XMLName           xml.Name `xml:"ListAllMyBucketsResult"`
		Xmlns             string   `xml:"xmlns,attr"`
		Owner             ownerXML
		Buckets           []bucketXML `xml:"Buckets>Bucket"`
		Prefix            string      `xml:",omitempty"`
		ContinuationToken string      `xml:",omitempty"`
	}
	out.Xmlns, out.Owner, out.Prefix = xmlns, account, r.query.Get("prefix")
	after, region := r.query.Get("continuation-token"), r.query.Get("bucket-region")
	for _, name := range names {
		rec, err := h.s.Bucket(name)
		if err != nil { // deleted since the folder was read, or a folder somebody else made
			continue
		}
		if !strings.HasPrefix(name, out.Prefix) || name <= after || region != "" && region != rec.Region() {
			continue
		}
		if len(out.Buckets) == most {
			out.ContinuationToken = out.Buckets[most-1].Name
			break
		}
		out.Buckets = append(out.Buckets, bucketXML{name, listTime(rec.Created), rec.Region()})
	}
	writeXML(w, http.StatusOK, out)
	return nil
}

func (h *server) createBucket(w http.ResponseWriter, r request) error {
	if strings.EqualFold(r.Header.Get("X-Amz-Bucket-Object-Lock-Enabled"), "true") { // a lock that is passed over protects nothing
		return wire.ErrNotImplemented
	}
	if acl := r.Header.Get("X-Amz-Acl"); acl != "" && acl != "private" {
		return wire.Errorf("InvalidBucketAclWithObjectOwnership", http.StatusBadRequest, "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting")
	}
	location := ""
	if r.ContentLength != 0 {
		var in struct {
			LocationConstraint string `xml:"LocationConstraint"`
		}
		if err := readXML(r, &in); err != nil {
			return err
		}
		location = in.LocationConstraint
	}
	if err := checkLocation(location, signedRegion(r)); err != nil {
		return err
	}
	err := h.s.CreateBucket(r.bucket, location)
	// In us-east-1, and only there, S3 takes making one's own bucket again for a success.
	if errors.Is(err, fs.ErrExist) && !strings.Contains(r.Header.Get("Authorization"), "/us-east-1/s3/") {
		return wire.Errorf("BucketAlreadyOwnedByYou", http.StatusConflict, "Your previous request to create the named bucket succeeded and you already own it.")
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	w.Header().Set("Location", "/"+r.bucket)
	w.WriteHeader(http.StatusOK)
	return nil
}

// regionName is the form of a region's name.
var regionName = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)

// signedRegion is the region that a request is signed for.
func signedRegion(r request) string {
	_, credential, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	if scope := strings.Split(credential, "/"); len(scope) > 3 {
		return scope[2]
	}
	return ""
}

// checkLocation refuses what is no region and the region of another endpoint. us-east-1, which is
// S3's default, is never named and makes buckets anywhere. No constraint at all is taken everywhere,
// where S3 wants one outside of us-east-1.
func checkLocation(location, region string) error {
	switch {
	case location == "" || location == region && region != "us-east-1" || location == "EU" && region == "eu-west-1":
		return nil
	case location == "us-east-1" || location != "EU" && !regionName.MatchString(location):
		return wire.Errorf("InvalidLocationConstraint", http.StatusBadRequest, "The specified location-constraint is not valid").With("LocationConstraint", location)
	case region == "us-east-1" || region == "":
		return nil
	}
	return wire.Errorf("IllegalLocationConstraintException", http.StatusBadRequest, "The %s location constraint is incompatible for the region specific endpoint this request was sent to.", location)
}

func (h *server) location(w http.ResponseWriter, r request) error {
	b, err := h.s.Bucket(r.bucket)
	if err != nil {
		return err
	}
	writeXML(w, http.StatusOK, gofakes3.GetBucketLocation{Xmlns: xmlns, LocationConstraint: b.Location})
	return nil
}

// versioning answers that versioning was never enabled: with an empty element, as S3 does.
func (h *server) versioning(w http.ResponseWriter, r request) error {
	if _, err := h.s.Bucket(r.bucket); err != nil {
		return err
	}
	writeXML(w, http.StatusOK, struct {
		XMLName xml.Name `xml:"VersioningConfiguration"`
		Xmlns   string   `xml:"xmlns,attr"`
	}{Xmlns: xmlns})
	return nil
}

func (h *server) headBucket(w http.ResponseWriter, r request) error {
	b, err := h.s.Bucket(r.bucket)
	if err != nil {
		return err
	}
	w.Header().Set("X-Amz-Bucket-Region", b.Region())
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(http.StatusOK)
	return nil
}
