package engine_test

import (
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
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine"
)

// TestMain makes the test binary its own container image: with this variable set it
// is a training, processing or serving container instead of a test run, so that no
// test depends on a shell or any other program.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == containerArgument {
		os.Exit(containerMain(os.Args[2], os.Args[3:]))
	}
	if len(os.Args) > 2 && os.Args[1] == engineArgument {
		os.Exit(engineMain(os.Args[2]))
	}
	os.Exit(m.Run())
}

// engineArgument makes the test binary an engine of its own, for tests that kill it.
const engineArgument = "__engine"

func engineMain(dataDir string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	e, err := engine.Open(ctx, options(dataDir))
	if err != nil {
		fmt.Println("error:", err)
		return 1
	}
	fmt.Println(e.URL())
	if err := e.Serve(ctx); err != nil {
		fmt.Println("error:", err)
		return 1
	}
	return 0
}

const containerArgument = "__container"

// image returns the command of a container that behaves as named.
func image(behaviour string) []string {
	program, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return []string{program, containerArgument, behaviour}
}

func containerMain(behaviour string, args []string) int {
	base := os.Getenv("SAGEMAKER_BASE_DIR")
	switch behaviour {
	case "hang", "deaf":
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, syscall.SIGTERM)
		fmt.Println("hanging=1")
		mustWrite(filepath.Join(base, "started"), "yes")
		for range signals {
			if behaviour == "hang" {
				mustWrite(filepath.Join(base, "model", "partial.txt"), "saved on SIGTERM")
				return 0
			}
		}
	case "fail":
		mustWrite(filepath.Join(base, "output", "failure"), strings.Repeat("the data has no rows. ", 100))
		return 1
	case "exit":
		return 3
	case "blocked":
		// Waits for a file beside the job, so that a test decides when it ends.
		for {
			if _, err := os.Stat(filepath.Join(os.Getenv("GATE"))); err == nil {
				return 0
			}
			time.Sleep(5 * time.Millisecond)
		}
	case "gated":
		// Serves once a file is there.
		for _, err := os.Stat(os.Getenv("GATE")); err != nil; _, err = os.Stat(os.Getenv("GATE")) {
			time.Sleep(5 * time.Millisecond)
		}
	case "cluster":
		return member(base)
	case "sick":
		return serve(http.StatusInternalServerError)
	}
	if len(args) > 0 && args[0] == "serve" {
		return serve(http.StatusOK)
	}
	if len(args) > 0 && args[0] == "train" {
		return train(base)
	}
	return evaluate(base, args)
}

func train(base string) int {
	data, err := os.ReadFile(filepath.Join(base, "input", "data", "train", "train.csv"))
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Printf("rows=%d; accuracy=0.5;\naccuracy=0.8125;\nloss=NaN;\n", strings.Count(string(data), "\n"))
	parameters, err := os.ReadFile(filepath.Join(base, "input", "config", "hyperparameters.json"))
	if err != nil {
		fmt.Println(err)
		return 1
	}
	mustWrite(filepath.Join(base, "model", "model.json"), string(parameters))
	if os.Getenv("CHECKPOINTS") != "" {
		earlier, _ := os.ReadFile(filepath.Join(base, "checkpoints", "epochs")) // none at first
		mustWrite(filepath.Join(base, "checkpoints", "epochs"), string(earlier)+"epoch\n")
	}
	return 0
}

// member is one host of a job of several. It leaves what it was told and given.
func member(base string) int {
	config := filepath.Join(base, "input", "config", "resourceconfig.json")
	out := filepath.Join(base, "model")
	data := filepath.Join(base, "input", "data")
	if _, err := os.Stat(config); err != nil {
		config = filepath.Join(base, "config", "resourceconfig.json")
		out = filepath.Join(base, "processing", "output")
		data = filepath.Join(base, "processing", "input")
	}
	raw, err := os.ReadFile(config)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	var told struct {
		Host  string   `json:"current_host"`
		Group string   `json:"current_group_name"`
		Hosts []string `json:"hosts"`
	}
	if err := json.Unmarshal(raw, &told); err != nil {
		fmt.Println(err)
		return 1
	}
	report := fmt.Sprintln(told.Host, told.Group, told.Hosts)
	err = filepath.WalkDir(data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path) // of a pipe, to its end
		report += fmt.Sprintf("%s %q\n", strings.TrimPrefix(path, data+"/"), content)
		return err
	})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Printf("accuracy=0.%s\n", strings.TrimPrefix(told.Host, "algo-"))
	mustWrite(filepath.Join(out, told.Host+".txt"), report)
	mustWrite(filepath.Join(out, "who.txt"), told.Host)
	if told.Host == os.Getenv("BROKEN_HOST") {
		mustWrite(filepath.Join(base, "output", "failure"), told.Host+" has no memory left")
		return 1
	}
	if os.Getenv("BROKEN_HOST") != "" {
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, syscall.SIGTERM)
		<-signals
	}
	return 0
}

func evaluate(base string, args []string) int {
	input, err := os.ReadFile(filepath.Join(base, "processing", "input", "data", "train.csv"))
	if err != nil {
		fmt.Println(err)
		return 1
	}
	mustWrite(filepath.Join(base, "processing", "output", "report.txt"), strings.Join(args, " ")+"\n"+string(input))
	return 0
}

// serve answers /ping with a status and echoes invocations after the model's text.
func serve(ping int) int {
	model, _ := os.ReadFile(filepath.Join(os.Getenv("SAGEMAKER_BASE_DIR"), "model", "model.json"))
	mux := http.NewServeMux()
	mux.HandleFunc("/ping", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(ping) })
	mux.HandleFunc("/invocations", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "text/plain")
		switch string(body) {
		case "slowly": // the second half only when the client has acknowledged the first
			io.WriteString(w, "first ")
			http.NewResponseController(w).Flush()
			for _, err := os.Stat(os.Getenv("GATE")); err != nil; _, err = os.Stat(os.Getenv("GATE")) {
				time.Sleep(5 * time.Millisecond)
			}
			io.WriteString(w, "second")
			return
		case "broken off":
			io.WriteString(w, "first")
			http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
		fmt.Fprintf(w, "%s%s:%s", os.Getenv("FLAVOUR"), model, body)
	})
	server := &http.Server{Addr: "127.0.0.1:" + os.Getenv("SAGEMAKER_BIND_TO_PORT"), Handler: mux}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	go func() {
		<-signals
		server.Close()
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		fmt.Println(err)
		return 1
	}
	return 0
}

func mustWrite(path, text string) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		panic(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		panic(err)
	}
}
