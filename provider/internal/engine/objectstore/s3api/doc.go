// Package s3api is the path-style REST API of S3 over an object store. Routing and XML of the rarer operations are gofakes3's; what it lacks
// (conditional reads, multipart ETags, conditions on completion, tagging, copies, encoded listings) is handled in front of it.
package s3api
