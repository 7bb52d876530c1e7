package engine

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/api"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/fleet"
)

const (
	// HealthPath answers with 200 and the data directory, or 503 once that is gone. The underscore keeps it
	// apart from every possible bucket.
	HealthPath = "/_titanicml/health"

	targetPrefix = "SageMaker."
	jsonType     = "application/x-amz-json-1.1"

	// maxControlBody bounds a control plane request; the largest the service takes
	// is well under it. Objects and invocations have limits of their own.
	maxControlBody = 4 << 20
)

// ServeHTTP routes one request by what its headers say it is: SageMaker's control
// plane, the runtime, STS, else S3.
func (e *Engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.activity.begin()
	defer e.activity.end()
	id := requestID()
	w.Header().Set("X-Amzn-Requestid", id)
	defer e.recoverPanic(w, r)
	if host := r.Host; !loopback(hostname(host)) {
		// A web page whose name was rebound to 127.0.0.1 still sends its own name.
		writeError(w, api.ForbiddenHost.With(host))
		return
	}
	if origin := r.Header.Get("Origin"); origin != "" || r.Header.Get("Sec-Fetch-Site") == "cross-site" {
		// SDKs send neither. A page open in a browser on this machine could otherwise
		// read and write everything here, because signatures are not verified.
		writeError(w, api.ForbiddenOrigin.With(origin))
		return
	}
	virtualHost(r)
	switch target := r.Header.Get("X-Amz-Target"); {
	case target != "":
		e.control(w, r, target)
	case strings.HasPrefix(r.URL.Path, "/endpoints/") && r.Method == http.MethodPost:
		e.runtime(w, r)
	case isSTS(r):
		serveSTS(w, r, id)
	case r.URL.Path == HealthPath:
		e.health(w)
	default:
		e.objectHTTP.ServeHTTP(w, r)
	}
}

// virtualHost puts the bucket of a virtual-hosted request into its path: SDKs that are given
// http://localhost:PORT and not told of path style ask for http://BUCKET.localhost:PORT/KEY.
func virtualHost(r *http.Request) {
	bucket, found := strings.CutSuffix(strings.ToLower(hostname(r.Host)), localDomain)
	if !found || bucket == "" || r.Header.Get("X-Amz-Target") != "" {
		return
	}
	r.URL.Path = "/" + bucket + r.URL.Path
	if r.URL.RawPath != "" {
		r.URL.RawPath = "/" + bucket + r.URL.RawPath
	}
}

func (e *Engine) recoverPanic(w http.ResponseWriter, r *http.Request) {
	failure := recover()
	if failure == nil {
		return
	}
	if failure == http.ErrAbortHandler { // the proxy's way to cut a connection
		panic(failure)
	}
	e.options.Log.Error("request panicked", "path", r.URL.Path, "panic", failure, "stack", string(debug.Stack()))
	writeError(w, api.InternalFailure.With("see the engine's log"))
}

// control answers one SageMaker operation.
func (e *Engine) control(w http.ResponseWriter, r *http.Request, target string) {
	operation, known := strings.CutPrefix(target, targetPrefix)
	handler := e.operations[operation]
	if !known || handler == nil {
		writeError(w, api.UnknownOperation.With(target))
		return
	}
	caller, err := callerOf(r)
	if err != nil {
		writeError(w, err)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxControlBody))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			err = api.RequestTooLarge.With(tooLarge.Limit)
		}
		writeError(w, err)
		return
	}
	input, err := e.table.DecodeRequest(operation, body)
	if err != nil {
		writeError(w, err)
		return
	}
	begin := time.Now()
	result, err := handler(r.Context(), api.Request{Caller: caller, Operation: operation, Input: input})
	level := slog.LevelInfo
	if strings.HasPrefix(operation, "Describe") || strings.HasPrefix(operation, "List") {
		level = slog.LevelDebug
	}
	e.options.Log.Log(r.Context(), level, "operation", "name", operation, "caller", caller.AccessKey, "region", caller.Region, "took", time.Since(begin), "error", err)
	if err != nil {
		e.logFailure(operation, err)
		writeError(w, err)
		return
	}
	answer, err := e.table.Project(operation, result)
	if err != nil {
		e.logFailure(operation, err)
		writeError(w, err)
		return
	}
	w.Header().Set("Content-Type", jsonType)
	if _, err := w.Write(answer); err != nil {
		e.options.Log.Debug("client left before the answer", "operation", operation, "error", err)
	}
}

func (e *Engine) logFailure(operation string, err error) {
	if service := api.AsError(err); service.Status >= http.StatusInternalServerError {
		e.options.Log.Error("operation broke", "operation", operation, "error", err)
	}
}

// runtime answers POST /endpoints/<name>/invocations and its streaming sister.
func (e *Engine) runtime(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if len(parts) != 3 || parts[2] != "invocations" && parts[2] != "invocations-response-stream" {
		writeError(w, api.UnknownOperation.With(r.URL.Path))
		return
	}
	caller, err := callerOf(r)
	if err != nil {
		writeError(w, err)
		return
	}
	key := fleet.Key{Region: caller.Region, Endpoint: parts[1]}
	if err := e.hosting.AwaitRecovery(r.Context(), key); err != nil {
		writeError(w, err)
		return
	}
	if parts[2] == "invocations" {
		e.fleet.Invoke(w, r, key)
	} else {
		e.fleet.InvokeStream(w, r, key)
	}
}

func (e *Engine) health(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	if e.dataDirGone() {
		w.WriteHeader(http.StatusServiceUnavailable) // whoever asks waits for the next engine
		return
	}
	// An encoding error means that the client is gone.
	_ = json.NewEncoder(w).Encode(map[string]any{"status": "ok", "data_dir": e.options.DataDir})
}

var (
	accessKey = regexp.MustCompile(`^[\w+=,.@-]{1,128}$`)
	region    = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)
)

// callerOf reads access key and region from the signature's credential scope, in
// the header or in a presigned query.
func callerOf(r *http.Request) (api.Caller, error) {
	header := r.Header.Get("Authorization")
	credential := r.URL.Query().Get("X-Amz-Credential")
	if header != "" {
		var found bool
		if _, credential, found = strings.Cut(header, "Credential="); !found {
			return api.Caller{}, api.IncompleteSignature.With(schemeOf(header))
		}
		credential, _, _ = strings.Cut(credential, ",")
		credential = strings.TrimSpace(credential)
	}
	if credential == "" {
		return api.Caller{}, api.MissingToken.With()
	}
	scope := strings.Split(credential, "/")
	// The region becomes a directory of jobs and the access key a user's name, so
	// both have to look like one.
	if len(scope) != 5 || scope[4] != "aws4_request" || !accessKey.MatchString(scope[0]) || !region.MatchString(scope[2]) {
		return api.Caller{}, api.IncompleteSignature.With(schemeOf(header))
	}
	return api.Caller{AccessKey: scope[0], Region: scope[2]}, nil
}

// schemeOf shows of a broken header only what cannot be a secret.
func schemeOf(header string) string {
	scheme, _, _ := strings.Cut(header, " ")
	return scheme + " ..."
}

// writeError sends an error as AWS JSON 1.1 clients read it: the code in a header
// and as __type, the message under the spelling of modelled and of common errors.
func writeError(w http.ResponseWriter, err error) {
	service := api.AsError(err)
	body, encodeErr := json.Marshal(map[string]string{"__type": service.Code, "message": service.Message, "Message": service.Message})
	if encodeErr != nil {
		body = []byte("{}")
	}
	w.Header().Set("Content-Type", jsonType)
	w.Header().Set("X-Amzn-Errortype", service.Code)
	w.WriteHeader(service.Status)
	// The client may be gone; there is nobody else to tell.
	_, _ = w.Write(body)
}

func hostname(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	return hostport
}

// requestID returns a version 4 UUID.
func requestID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
