package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

const authorization = "AWS4-HMAC-SHA256 Credential=titanicml/20260415/eu-west-1/sagemaker/aws4_request, SignedHeaders=host, Signature=00"

// send makes a raw request; headers are "Name: value".
func send(t *testing.T, url, body string, headers ...string) (int, http.Header, map[string]any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		if name == "Host" {
			request.Host = value
			continue
		}
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answer map[string]any
	// Answers of S3 and STS are XML: they stay nil.
	_ = json.Unmarshal(raw, &answer)
	return response.StatusCode, response.Header, answer
}

func TestRawRequests(t *testing.T) {
	s := newSuite(t)
	signed := "Authorization: " + authorization
	describe := "X-Amz-Target: SageMaker.DescribeTrainingJob"
	for name, c := range map[string]struct {
		headers []string
		body    string
		status  int
		code    string
	}{
		"unknown operation":   {[]string{"X-Amz-Target: SageMaker.CreateNotebookInstance", signed}, "{}", 400, "UnknownOperationException"},
		"unknown service":     {[]string{"X-Amz-Target: DynamoDB_20120810.GetItem", signed}, "{}", 400, "UnknownOperationException"},
		"no signature":        {[]string{describe}, "{}", 403, "MissingAuthenticationTokenException"},
		"no scope":            {[]string{describe, "Authorization: Bearer abc"}, "{}", 403, "IncompleteSignatureException"},
		"a region that moves": {[]string{describe, "Authorization: AWS4-HMAC-SHA256 Credential=a/20260415/../sagemaker/aws4_request,"}, "{}", 403, "IncompleteSignatureException"},
		"a foreign host":      {[]string{describe, signed, "Host: evil.example"}, "{}", 403, "AccessDeniedException"},
		"a web page":          {[]string{describe, signed, "Origin: http://evil.example"}, "{}", 403, "AccessDeniedException"},
		"a page's object":     {[]string{"Origin: http://evil.example"}, "", 403, "AccessDeniedException"},
		"a page's link":       {[]string{"Sec-Fetch-Site: cross-site"}, "", 403, "AccessDeniedException"},
		"localhost":           {[]string{describe, signed, "Host: localhost:80"}, `{"TrainingJobName":"a"}`, 400, "ValidationException"},
		"no JSON":             {[]string{describe, signed}, "{", 400, "SerializationException"},
		"a number for a name": {[]string{describe, signed}, `{"TrainingJobName":1}`, 400, "SerializationException"},
		"a list for a body":   {[]string{describe, signed}, `[]`, 400, "SerializationException"},
		"nothing":             {[]string{describe, signed}, "", 400, "ValidationException"},
		"null":                {[]string{describe, signed}, `{"TrainingJobName":null}`, 400, "ValidationException"},
		"a huge body":         {[]string{describe, signed}, `{"TrainingJobName":"` + strings.Repeat("a", 5<<20) + `"}`, 413, "RequestEntityTooLargeException"},
	} {
		t.Run(name, func(t *testing.T) {
			status, header, answer := send(t, s.engine.URL(), c.body, c.headers...)
			if status != c.status || answer["__type"] != c.code || header.Get("X-Amzn-Errortype") != c.code {
				t.Errorf("got %d %v, want %d %s", status, answer, c.status, c.code)
			}
			if header.Get("X-Amzn-Requestid") == "" {
				t.Error("no request id")
			}
		})
	}
}

func TestTimestampsAreEpochSeconds(t *testing.T) {
	s := newSuite(t)
	s.group("survival")
	_, _, answer := send(t, s.engine.URL(), `{"ModelPackageGroupName":"survival","Unknown":{"Member":1}}`,
		"X-Amz-Target: SageMaker.DescribeModelPackageGroup", "Authorization: "+authorization)
	if seconds, ok := answer["CreationTime"].(float64); !ok || seconds < 1e9 || seconds > 1e11 {
		t.Errorf("CreationTime is %v", answer["CreationTime"])
	}
	for member := range answer {
		if strings.HasPrefix(member, "_") {
			t.Errorf("internal member %s leaves the engine", member)
		}
	}
}

func TestIdentityIsTheAccessKey(t *testing.T) {
	s := newSuite(t)
	s.as("carmen", homeRegion)
	out, err := s.sts.GetCallerIdentity(s.ctx, &sts.GetCallerIdentityInput{})
	if err != nil || aws.ToString(out.Arn) != "arn:aws:iam::000000000000:user/carmen" || aws.ToString(out.Account) != "000000000000" {
		t.Fatalf("got %+v, %v", out, err)
	}
	_, err = s.sts.GetSessionToken(s.ctx, &sts.GetSessionTokenInput{})
	wantError(t, err, "InvalidAction", "GetSessionToken")
}

func TestHealthNamesTheDataDirectory(t *testing.T) {
	s := newSuite(t)
	response, err := http.Get(s.engine.URL() + "/_titanicml/health")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || !bytes.Contains(body, []byte(s.dataDir)) {
		t.Errorf("got %d %s, %v", response.StatusCode, body, err)
	}
}

// TestVirtualHostedBuckets uses the SDK as it is by default, without path style.
func TestVirtualHostedBuckets(t *testing.T) {
	s := newSuite(t)
	address := s.engine.URL()[len("http://"):]
	client := s3.New(s3.Options{
		Region: homeRegion, BaseEndpoint: aws.String("http://localhost" + address[strings.LastIndex(address, ":"):]),
		Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
		HTTPClient: &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", address) // names below localhost need no resolver here
		}}},
	})
	for _, key := range []string{"endpoints/a b/invocations", "x//y"} {
		if _, err := client.PutObject(s.ctx, &s3.PutObjectInput{Bucket: aws.String(bucket), Key: &key, Body: strings.NewReader("virtual")}); err != nil {
			t.Fatal(err)
		}
		if got := s.object(key); got != "virtual" {
			t.Errorf("%s is %q", key, got)
		}
	}
	list, err := client.ListObjectsV2(s.ctx, &s3.ListObjectsV2Input{Bucket: aws.String(bucket), Prefix: aws.String("x/")})
	if err != nil || len(list.Contents) != 1 {
		t.Errorf("list %+v, %v", list, err)
	}
}
