package provider

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
)

// containerArgument makes the test binary its own container image, so that acceptance tests need no other program.
const containerArgument = "__container"

// providerProgram is the name under which the test binary is the provider that Terraform starts.
const providerProgram = "terraform-provider-titanicml"

func TestMain(m *testing.M) {
	if handled, code := RunEngine(os.Args[1:]); handled {
		os.Exit(code)
	}
	if filepath.Base(os.Args[0]) == providerProgram {
		if err := providerserver.Serve(context.Background(), New("test", Options{}), providerserver.ServeOpts{Address: "registry.terraform.io/titanicml/titanicml", ProtocolVersion: 6}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if len(os.Args) > 1 && os.Args[1] == containerArgument {
		if err := containerMain(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// containerModel is what the container trains: the share of examples it gets right, in per mille. Its hyperparameters
// "behaviour" (train) and environment CONTAINER_BEHAVIOUR (evaluate, serve) make it misbehave.
type containerModel struct {
	Quality   int    `json:"quality"`
	Behaviour string `json:"behaviour"`
}

func containerMain(args []string) error {
	base := os.Getenv("SAGEMAKER_BASE_DIR")
	behaviour := os.Getenv("CONTAINER_BEHAVIOUR")
	switch args[len(args)-1] {
	case "train":
		return containerTrain(base)
	case "evaluate":
		return containerEvaluate(base, behaviour)
	case "serve":
		return containerServe(base, behaviour)
	}
	return fmt.Errorf("unknown command %q", args)
}

func containerTrain(base string) error {
	var hp map[string]string
	body, err := os.ReadFile(filepath.Join(base, "input/config/hyperparameters.json"))
	if err == nil {
		err = json.Unmarshal(body, &hp)
	}
	if err != nil {
		return err
	}
	quality, _ := strconv.Atoi(hp["quality"])
	switch hp["behaviour"] {
	case "exit1":
		fmt.Println("reading the data")
		if err := os.WriteFile(filepath.Join(base, "output/failure"), []byte("train.csv line 7: got \"x\", expected a number"), 0o600); err != nil {
			return err
		}
		return errors.New("giving up")
	case "hang":
		return waitForTerm()
	case "until-file":
		fmt.Println("waiting, and careless with", os.Getenv("API_KEY"))
		waitForFile(hp["file"])
	case "flood":
		line := strings.Repeat("x", 1023) + "\n"
		for range 100 << 10 {
			if _, err := os.Stdout.WriteString(line); err != nil {
				return err
			}
		}
	case "nan":
		fmt.Println("auc=NaN;")
	}
	fmt.Printf("accuracy=0.%03d; auc=0.9123;\n", quality)
	body, err = json.Marshal(containerModel{Quality: quality, Behaviour: hp["serve"]})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(base, "model/model.json"), body, 0o600)
}

func waitForTerm() error {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	fmt.Println("waiting for SIGTERM")
	<-stop
	return errors.New("stopped")
}

// waitForFile lets the tests decide when a job ends, by making this file.
func waitForFile(file string) {
	for {
		if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func readModel(dir string) (containerModel, error) {
	var m containerModel
	if body, err := os.ReadFile(filepath.Join(dir, "model.json")); err == nil {
		return m, json.Unmarshal(body, &m)
	}
	f, err := os.Open(filepath.Join(dir, "model.tar.gz"))
	if err != nil {
		return m, err
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		return m, err
	}
	files := tar.NewReader(unzipped)
	for {
		h, err := files.Next()
		if err != nil {
			return m, err
		}
		if filepath.Base(h.Name) == "model.json" {
			body, err := io.ReadAll(files)
			if err != nil {
				return m, err
			}
			return m, json.Unmarshal(body, &m)
		}
	}
}

func containerEvaluate(base, behaviour string) error {
	in, out := filepath.Join(base, "processing/input"), filepath.Join(base, "processing/output")
	switch behaviour {
	case "exit1":
		return errors.New("evaluate: giving up")
	case "hang":
		return waitForTerm()
	case "until-file":
		waitForFile(os.Getenv("CONTAINER_FILE"))
	}
	model, err := readModel(filepath.Join(in, "model"))
	if err != nil {
		return err
	}
	if err := writeScores(out, model, behaviour); err != nil {
		return err
	}
	champion, err := readModel(filepath.Join(in, "baseline"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return writeScores(filepath.Join(out, "baseline"), champion, "")
}

// writeScores scores 1,000 examples, half of them positive, of which the model gets its quality right.
func writeScores(dir string, m containerModel, behaviour string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	var rows strings.Builder
	rows.WriteString("passenger_id,label,score,pclass,sex\n")
	right := 0
	for i := range 1000 {
		label := i % 2
		// 617 is prime to 1,000, so that the examples a model gets right are spread over both labels and all slices.
		score, good := 0.3, (i*617)%1000 < m.Quality
		if good == (label == 1) {
			score = 0.7
		}
		if good {
			right++
		}
		fmt.Fprintf(&rows, "%d,%d,%g,%d,%s\n", i, label, score, 1+i%3, []string{"female", "male"}[(i/2)%2])
	}
	accuracy := strconv.FormatFloat(float64(right)/1000, 'f', -1, 64)
	report := `{"binary_classification_metrics":{"accuracy":{"value":` + accuracy + `},"odd":{"value":"NaN"}},"performance":{"p95_latency_ms":{"value":0.25},"examples":{"value":1000}}}`
	switch behaviour {
	case "no-report":
		return nil
	case "bare-nan":
		report = `{"binary_classification_metrics":{"accuracy":{"value":NaN}}}`
	case "no-label":
		rows.Reset()
		rows.WriteString("passenger_id,truth,score\n1,1,0.5\n")
	}
	if err := os.WriteFile(filepath.Join(dir, "evaluation.json"), []byte(report), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "predictions.csv"), []byte(rows.String()), 0o600)
}

func containerServe(base, behaviour string) error {
	model, err := readModel(filepath.Join(base, "model"))
	if err != nil {
		return err
	}
	if behaviour == "" {
		behaviour = model.Behaviour
	}
	if behaviour == "exit1" {
		return errors.New("serve: giving up")
	}
	port := os.Getenv("SAGEMAKER_BIND_TO_PORT")
	if port == "" {
		port = "8080"
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ping", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("POST /invocations", func(w http.ResponseWriter, r *http.Request) {
		if behaviour == "error500" {
			http.Error(w, "model is broken", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"predictions":[{"score":%g}]}`, float64(model.Quality)/1000)
	})
	server := &http.Server{Addr: "127.0.0.1:" + port, Handler: mux, ReadHeaderTimeout: time.Second}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, os.Interrupt)
	go func() {
		<-stop
		server.Close()
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
