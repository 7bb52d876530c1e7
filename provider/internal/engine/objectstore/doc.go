// Package objectstore is the engine's S3: path-style REST over HTTP for the SDKs, and a Go API
// for the engine itself, on plain files under one folder.
//
// Writes go to a temporary file, are synced and renamed, with the precondition checked under the
// same lock as the rename, so that If-None-Match and If-Match decide races as S3 does and a crash
// leaves the old object or the new one. Routing and XML of the common operations are gofakes3's;
// what it lacks (conditional reads, multipart ETags, conditions on completion, tagging, copies,
// encoded listings, aws-chunked bodies with trailing checksums) is handled in front of it.
package objectstore
