// Package workload is the smallest container image that trains, evaluates and serves: the harnesses run their own program as
// it, so that they need no other one.
//
// The hyperparameter "quality" of a training job, in per mille, is all that its model knows: the share of the examples that it
// gets right, and what it answers when it is invoked. So an answer tells which model gave it.
package workload

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
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
	"time"
)

// Argument makes a program that calls Run the container.
const Argument = "__container"

// Examples is how many examples an evaluation scores.
const Examples = 200

type model struct {
	Quality int `json:"quality"`
}

// Artifact is the model.tar.gz of a model with this quality.
func Artifact(quality int) ([]byte, error) {
	body, err := json.Marshal(model{quality})
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	files := tar.NewWriter(zipped)
	err = files.WriteHeader(&tar.Header{Name: "model.json", Mode: 0o600, Size: int64(len(body))})
	if err == nil {
		_, err = files.Write(body)
	}
	if err = errors.Join(err, files.Close(), zipped.Close()); err != nil {
		return nil, fmt.Errorf("packing a model: %w", err)
	}
	return out.Bytes(), nil
}

// Quality reads the quality out of a model.tar.gz.
func Quality(artifact io.Reader) (int, error) {
	unzipped, err := gzip.NewReader(artifact)
	if err != nil {
		return 0, err
	}
	for files := tar.NewReader(unzipped); ; {
		h, err := files.Next()
		if err != nil {
			return 0, fmt.Errorf("looking for model.json: %w", err)
		}
		if filepath.Base(h.Name) != "model.json" {
			continue
		}
		var m model
		if err := json.NewDecoder(files).Decode(&m); err != nil {
			return 0, fmt.Errorf("reading model.json: %w", err)
		}
		return m.Quality, nil
	}
}

// Run is the container when args (os.Args[1:]) start with Argument; handled tells.
func Run(args []string) (handled bool, exitCode int) {
	if len(args) == 0 || args[0] != Argument {
		return false, 0
	}
	base := os.Getenv("SAGEMAKER_BASE_DIR")
	var err error
	switch command := args[len(args)-1]; command {
	case "train":
		err = train(base)
	case "evaluate":
		err = evaluate(base)
	case "serve":
		err = serve(base)
	default:
		err = fmt.Errorf("container: got command %q, expected train, evaluate or serve", command)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return true, 1
	}
	return true, 0
}

// train takes as long as the hyperparameter "milliseconds" says, so that there is a job to kill and to stop.
func train(base string) error {
	var hyperparameters map[string]string
	body, err := os.ReadFile(filepath.Join(base, "input/config/hyperparameters.json"))
	if err == nil {
		err = json.Unmarshal(body, &hyperparameters)
	}
	if err != nil {
		return fmt.Errorf("reading the hyperparameters: %w", err)
	}
	quality, err := strconv.Atoi(hyperparameters["quality"])
	if err != nil {
		return fmt.Errorf("hyperparameter quality: %w", err)
	}
	if text := hyperparameters["milliseconds"]; text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("hyperparameter milliseconds: %w", err)
		}
		stop := make(chan os.Signal, 1)
		signal.Notify(stop, syscall.SIGTERM)
		select {
		case <-stop:
			return errors.New("stopped")
		case <-time.After(time.Duration(n) * time.Millisecond):
		}
	}
	fmt.Printf("accuracy=0.%03d;\n", quality)
	if body, err = json.Marshal(model{quality}); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(base, "model/model.json"), body, 0o600)
}

func evaluate(base string) error {
	in, out := filepath.Join(base, "processing/input"), filepath.Join(base, "processing/output")
	if err := score(filepath.Join(in, "model"), out); err != nil {
		return err
	}
	err := score(filepath.Join(in, "baseline"), filepath.Join(out, "baseline"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // no champion to compare with
	}
	return err
}

// score writes the predictions of the model in a directory.
func score(from, to string) error {
	artifact, err := os.Open(filepath.Join(from, "model.tar.gz"))
	if err != nil {
		return err
	}
	defer artifact.Close()
	quality, err := Quality(artifact)
	if err != nil {
		return err
	}
	var rows strings.Builder
	rows.WriteString("id,label,score,sex\n")
	right := 0
	for i := range Examples {
		label := i % 2
		// 123 is prime to the number of examples, so that those a model gets right are spread over labels and slices.
		good := (i*123)%Examples*1000 < quality*Examples
		value := 0.3
		if good == (label == 1) {
			value = 0.7
		}
		if good {
			right++
		}
		fmt.Fprintf(&rows, "%d,%d,%g,%s\n", i, label, value, []string{"female", "male"}[(i/2)%2])
	}
	report := fmt.Sprintf(`{"binary_classification_metrics":{"accuracy":{"value":%g}},"performance":{"p95_latency_ms":{"value":0.25},"examples":{"value":%d}}}`,
		float64(right)/Examples, Examples)
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(to, "evaluation.json"), []byte(report), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(to, "predictions.csv"), []byte(rows.String()), 0o600)
}

// serve answers every invocation with the model's quality.
func serve(base string) error {
	body, err := os.ReadFile(filepath.Join(base, "model/model.json"))
	if err != nil {
		return fmt.Errorf("reading the model: %w", err)
	}
	var m model
	if err := json.Unmarshal(body, &m); err != nil {
		return fmt.Errorf("reading the model: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ping", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("POST /invocations", func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return // the client has gone
		}
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprint(w, m.Quality)
	})
	server := &http.Server{Addr: "127.0.0.1:" + os.Getenv("SAGEMAKER_BIND_TO_PORT"), Handler: mux, ReadHeaderTimeout: 10 * time.Second}
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
