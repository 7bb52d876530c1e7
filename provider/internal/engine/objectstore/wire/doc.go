// Package wire is what S3 puts on the wire beside its documents: errors in the service's own words, aws-chunked bodies with trailing checksums,
// ranges and preconditions. In go headers and bodies, out come what they say and whether it is true.
package wire
