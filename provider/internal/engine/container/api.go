package container

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"
)

// Training is what a training container is told in its base directory and environment.
type Training struct {
	JobName         string
	JobARN          string
	Region          string
	HyperParameters map[string]string
	Channels        []Channel
	InstanceType    string
	InstanceCount   int
	Environment     map[string]string // CreateTrainingJob's Environment
}

// Channel is one entry of inputdataconfig.json. Zero fields take SageMaker's defaults (File,
// FullyReplicated, None).
type Channel struct {
	Name              string
	ContentType       string
	InputMode         string
	DistributionType  string
	RecordWrapperType string
	CompressionType   string
}

// Processing is what a processing container is told.
type Processing struct {
	JobName       string
	JobARN        string
	Region        string
	Config        any // marshalled into config/processingjobconfig.json
	InstanceType  string
	InstanceCount int
	Environment   map[string]string
	LocalPaths    []string // ProcessingInput and ProcessingOutput LocalPaths (/opt/ml/...), made before the start
}

// Layout is a job's directory: <JobDir>/ml stands for /opt/ml (SAGEMAKER_BASE_DIR), and
// <JobDir>/stdout.log is the log.
type Layout struct {
	JobDir string
	Env    []string // the whole environment of the container: nothing of the engine's own but PATH, HOME, TMPDIR, LANG, TZ
}

// PrepareTraining makes the layout of a training job and writes its config files. The caller then
// fills ChannelDir for each channel and starts the container. Leftovers of an earlier attempt in
// jobDir are removed first.
func PrepareTraining(jobDir string, t Training) (Layout, error) { return Layout{}, errUnbuilt }

// PrepareProcessing makes the layout of a processing job; the caller fills its inputs through Path.
func PrepareProcessing(jobDir string, p Processing) (Layout, error) { return Layout{}, errUnbuilt }

// ML is the directory that stands for /opt/ml.
func (l Layout) ML() string { return "" }

// ChannelDir is input/data/<channel>.
func (l Layout) ChannelDir(channel string) string { return "" }

// ModelDir is the directory a training container leaves its model in.
func (l Layout) ModelDir() string { return "" }

// OutputDataDir is output/data, packed into output.tar.gz by SageMaker.
func (l Layout) OutputDataDir() string { return "" }

// LogFile is where the container's stdout and stderr go.
func (l Layout) LogFile() string { return "" }

// Path maps a LocalPath (/opt/ml or below it) into the layout; any other path is refused.
func (l Layout) Path(localPath string) (string, error) { return "", errUnbuilt }

// Command builds the argument vector of a container from the command its image maps to.
// An entrypoint whose first word has the same base name as the mapped program loses that word, so
// that ["/titanic","evaluate"] works on AWS and here. Without entrypoint and arguments the
// default argument ("train", "serve") is appended; "" appends none.
func Command(mapped, entrypoint, arguments []string, defaultArgument string) []string { return nil }

// MetricDefinition names a metric and the regular expression whose first group is its value
// (the whole match without a group), applied to each log line.
type MetricDefinition struct {
	Name  string
	Regex string
}

// Metric is the last value that a metric had in the log.
type Metric struct {
	Name  string
	Value float64 // may be NaN or infinite when the container printed so
	Time  time.Time
}

// Outcome says how a container ended.
type Outcome string

// The outcomes.
const (
	Completed   Outcome = "Completed"   // exit code 0 and no complaint
	Failed      Outcome = "Failed"      // a non-zero exit, a signal that nobody asked for, or it never started
	Stopped     Outcome = "Stopped"     // Stop was called
	MaxRuntime  Outcome = "MaxRuntime"  // its time was up
	Interrupted Outcome = "Interrupted" // the context ended: the engine goes down, the job is to run again
)

// Options of one container run.
type Options struct {
	Layout     Layout
	Argv       []string // from Command; Argv[0] absolute or found in PATH
	Metrics    []MetricDefinition
	MaxRuntime time.Duration // 0: no limit
	Grace      time.Duration // between SIGTERM and SIGKILL; 0: 30s. SageMaker gives 120s
	LogLimit   int64         // bytes of log kept on disk, half head, half tail; 0: 8 MiB

	Now      func() time.Time                     // nil: time.Now
	After    func(time.Duration) <-chan time.Time // nil: time.After
	Log      *slog.Logger                         // nil: discard
	OnMetric func(Metric)                         // nil: none; called in the order of the log
}

// Result of a container run.
type Result struct {
	Outcome       Outcome
	ExitCode      int    // -1 when a signal ended it
	Signal        string // its name, "" without one
	FailureReason string // "" when Completed; "AlgorithmError: ..." as SageMaker words it, with output/failure or the log's end; <= 1024 characters
	Metrics       []Metric
	LogTail       string // the last lines, at most 4 KiB
	StartedAt     time.Time
	EndedAt       time.Time
}

// Process is a running container.
type Process struct{}

// Start runs a container as a process group of its own. Errors are for what the caller did
// wrong (a regular expression that does not compile); a program that does not exist is a Process
// that ended Failed, as an image that cannot be pulled is a failed job.
func Start(ctx context.Context, o Options) (*Process, error) { return nil, errUnbuilt }

// PID is the process group's id, 0 when the program never started.
func (p *Process) PID() int { return 0 }

// Stop asks the container to end: SIGTERM to the group, SIGKILL after the grace. It returns at once.
func (p *Process) Stop() {}

// Wait blocks until the container has ended and nothing of its group lives.
func (p *Process) Wait() Result { return Result{} }

// KillLeftovers ends what an earlier engine left running in baseDir (the directory given as
// SAGEMAKER_BASE_DIR), and returns how many processes it killed. Called at recovery.
func KillLeftovers(baseDir string) (int, error) { return 0, errUnbuilt }

// Pack writes the files under dir as a tar.gz whose bytes depend only on names, modes and
// content: sorted, without times or owners. Symbolic links are followed when they stay inside dir
// and refused when they leave it. An empty directory gives a valid empty archive.
func Pack(ctx context.Context, dir string, w io.Writer) error { return errUnbuilt }

// Limits bounds what Unpack accepts. Zero fields take the defaults of DefaultLimits.
type Limits struct {
	Bytes   int64 // sum of file sizes
	Entries int
}

// DefaultLimits are 5 GiB and 100,000 entries.
var DefaultLimits = Limits{Bytes: 5 << 30, Entries: 100_000}

// Unpack extracts a tar.gz into dir (made when missing). An entry that is absolute, has "..",
// is a link, a device, a pipe, exceeds the limits or comes twice with different kinds ends it with an
// error that names the entry; nothing is ever written outside dir.
func Unpack(ctx context.Context, r io.Reader, dir string, limits Limits) error { return errUnbuilt }

var errUnbuilt = errors.New("under construction")
