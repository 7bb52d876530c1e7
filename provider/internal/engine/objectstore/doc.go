// Package objectstore is the engine's S3 on plain files under one folder. In go buckets, keys and bytes, out come objects with their records;
// package s3api serves it over HTTP.
//
// Writes go to a temporary file, are synced and renamed, with the precondition checked under the
// same lock as the rename, so that If-None-Match and If-Match decide races as S3 does and a crash
// leaves the old object or the new one.
package objectstore
