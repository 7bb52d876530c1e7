//go:build linux || darwin

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/container"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/launch"
)

// TestMain lets the test binary be the program under test, the detached engine, a container of an
// endpoint ("serve"), and a client that sets scripts up ("seed").
func TestMain(m *testing.M) {
	if handled, code := launch.RunChild(os.Args[1:]); handled {
		os.Exit(code)
	}
	if os.Getenv("SAGEMAKER_BIND_TO_PORT") != "" {
		contain()
		return
	}
	testscript.Main(m, map[string]func(){
		"titanicml-local": func() { os.Exit(run()) },
		"seed":            func() { exitOn(seed(os.Args[1])) },
		"container":       contain,
		"seed-decision":   func() { exitOn(seedDecision(os.Args[1])) },
		"rewrite":         func() { exitOn(rewrite(os.Args[1], os.Args[2])) },
	})
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func contain() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ping", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("POST /invocations", func(w http.ResponseWriter, r *http.Request) {
		buf := make([]byte, 1<<10)
		n, _ := r.Body.Read(buf)
		if strings.HasPrefix(string(buf[:n]), "bad") {
			http.Error(w, "row 1, column age: got bad, want a number", http.StatusBadRequest)
			return
		}
		fmt.Fprintf(w, "%s|%s", r.Header.Get("Content-Type"), buf[:n])
	})
	exitOn(http.ListenAndServe("127.0.0.1:"+os.Getenv("SAGEMAKER_BIND_TO_PORT"), mux))
}

// seed gives a running engine an endpoint "demo" and a group "survival" with two versions.
func seed(dataDir string) error {
	ctx := context.Background()
	i, ok, err := launch.Find(dataDir)
	if err != nil || !ok {
		return fmt.Errorf("no engine: %w", err)
	}
	cfg := settings(i, "eu-west-1", "trainer")
	objects := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := objects.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("seed-bucket")}); err != nil {
		return err
	}
	client := sagemaker.NewFromConfig(cfg)
	role := aws.String("arn:aws:iam::000000000000:role/local")
	name := aws.String("demo")
	if _, err := client.CreateModel(ctx, &sagemaker.CreateModelInput{ModelName: name, ExecutionRoleArn: role, PrimaryContainer: &types.ContainerDefinition{Image: aws.String("demo")}}); err != nil {
		return err
	}
	if _, err := client.CreateEndpointConfig(ctx, &sagemaker.CreateEndpointConfigInput{EndpointConfigName: name, ProductionVariants: []types.ProductionVariant{{
		VariantName: aws.String("main"), ModelName: name, InitialInstanceCount: aws.Int32(1), InstanceType: types.ProductionVariantInstanceTypeMlM5Large, InitialVariantWeight: aws.Float32(1)}}}); err != nil {
		return err
	}
	if _, err := client.CreateEndpoint(ctx, &sagemaker.CreateEndpointInput{EndpointName: name, EndpointConfigName: name}); err != nil {
		return err
	}
	if err := sagemaker.NewEndpointInServiceWaiter(client, func(o *sagemaker.EndpointInServiceWaiterOptions) { o.MinDelay = 20 * time.Millisecond }).
		Wait(ctx, &sagemaker.DescribeEndpointInput{EndpointName: name}, 30*time.Second); err != nil {
		return err
	}
	group := aws.String("survival")
	if _, err := client.CreateModelPackageGroup(ctx, &sagemaker.CreateModelPackageGroupInput{ModelPackageGroupName: group}); err != nil {
		return err
	}
	for range 2 {
		if _, err := client.CreateModelPackage(ctx, &sagemaker.CreateModelPackageInput{ModelPackageGroupName: group, ModelApprovalStatus: types.ModelApprovalStatusPendingManualApproval,
			InferenceSpecification: &types.InferenceSpecification{Containers: []types.ModelPackageContainerDefinition{{Image: aws.String("demo")}},
				SupportedContentTypes: []string{"text/csv"}, SupportedResponseMIMETypes: []string{"text/csv"}}}); err != nil {
			return err
		}
	}
	return nil
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Vars = append(e.Vars, "AWS_EC2_METADATA_DISABLED=true")
			e.Defer(func() {
				// Nothing a script started may outlive it.
				for _, d := range []string{"data", ".titanicml"} {
					if err := launch.Stop(context.Background(), filepath.Join(e.WorkDir, d)); err != nil && !errors.Is(err, launch.ErrNotRunning) {
						t.Error(err)
					}
				}
				// A script that failed right after it killed an engine leaves its processes.
				if _, err := container.KillLeftovers(e.WorkDir); err != nil {
					t.Error(err)
				}
			})
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			// await DIR: wait until an engine answers on the data directory.
			"await": func(ts *testscript.TestScript, _ bool, args []string) {
				for range 500 {
					if _, ok, err := launch.Find(ts.MkAbs(args[0])); err == nil && ok {
						return
					}
					time.Sleep(10 * time.Millisecond)
				}
				ts.Fatalf("no engine came up on %s", args[0])
			},
			// take-port VAR: hold a port for the rest of the script.
			"take-port": func(ts *testscript.TestScript, _ bool, args []string) {
				l, err := net.Listen("tcp", "127.0.0.1:0")
				ts.Check(err)
				ts.Defer(func() { l.Close() })
				ts.Setenv(args[0], l.Addr().String())
			},
			// crash DIR: kill the engine as a power failure would.
			"crash": func(ts *testscript.TestScript, _ bool, args []string) {
				i, ok, err := launch.Find(ts.MkAbs(args[0]))
				if err != nil || !ok {
					ts.Fatalf("no engine on %s: %v", args[0], err)
				}
				ts.Check(syscall.Kill(i.PID, syscall.SIGKILL))
				for ok && err == nil { // the kernel takes its lock away a moment later
					_, ok, err = launch.Find(ts.MkAbs(args[0]))
				}
				ts.Check(err)
			},
			// program VAR NAME: the path of a program of this test.
			"program": func(ts *testscript.TestScript, _ bool, args []string) {
				for dir := range strings.SplitSeq(ts.Getenv("PATH"), string(os.PathListSeparator)) {
					if path := filepath.Join(dir, args[1]); executable(path) {
						ts.Setenv(args[0], path)
						return
					}
				}
				ts.Fatalf("no program %s", args[1])
			},
		},
	})
}

func executable(path string) bool {
	_, err := exec.LookPath(path)
	return err == nil
}

func TestSplitWords(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want []string
		err  string
	}{
		{`./bin/titanic`, []string{"./bin/titanic"}, ""},
		{`  a   b	c `, []string{"a", "b", "c"}, ""},
		{`python3 "/opt/my models/score.py" --x='a b'`, []string{"python3", "/opt/my models/score.py", "--x=a b"}, ""},
		{`a "" ''`, []string{"a", "", ""}, ""},
		{`a\ b "c\"d\\e\f" 'g\h'`, []string{"a b", `c"d\e\f`, `g\h`}, ""},
		{`$HOME *.txt ; rm | x`, []string{"$HOME", "*.txt", ";", "rm", "|", "x"}, ""},
		{``, nil, ""},
		{`a "b`, nil, "not closed"},
		{`a 'b`, nil, "not closed"},
		{`a \`, nil, "escapes nothing"},
	} {
		got, err := splitWords(tt.in)
		if !slices.Equal(got, tt.want) || (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%q: got %q %v, want %q %q", tt.in, got, err, tt.want, tt.err)
		}
	}
}

// FuzzSplitWords checks that quoting words and splitting them again gives the words.
func FuzzSplitWords(f *testing.F) {
	f.Add("a b", `c"d\`, "'")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		splitWords(a) // must not panic
		var quoted []string
		words := []string{a, b, c}
		for _, w := range words {
			w = strings.ToValidUTF8(w, "")
			quoted = append(quoted, `"`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(w)+`"`)
		}
		got, err := splitWords(strings.Join(quoted, " "))
		if err != nil || len(got) != 3 {
			t.Fatalf("%q: %q %v", quoted, got, err)
		}
		for i := range words {
			if got[i] != strings.ToValidUTF8(words[i], "") {
				t.Errorf("%q came back as %q", words[i], got[i])
			}
		}
	})
}
