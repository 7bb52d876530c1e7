// Package jobs answers the operations on training and processing jobs and runs them
// as local processes.
//
// Checked requests go in; records whose status follows the job come out, with
// artifacts and outputs in S3. A job survives the engine: one that an engine left
// unfinished runs again under its name.
package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/api"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/catalog"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/container"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/images"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/jobs/channel"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/store"
)

// The statuses of both kinds of jobs.
const (
	inProgress = "InProgress"
	completed  = "Completed"
	failed     = "Failed"
	stopping   = "Stopping"
	stopped    = "Stopped"
)

// states is the state machine of a job of either kind. InProgress repeats while a
// training job goes from one secondary status to the next.
var states = catalog.Machine{
	inProgress: {inProgress, completed, failed, stopping, stopped},
	stopping:   {stopped, failed},
	completed:  {},
	failed:     {},
	stopped:    {},
}

const (
	// maxConcurrent bounds the jobs that run at once; the others wait as Starting.
	// It only has to keep a runaway loop of jobs from taking the machine down.
	maxConcurrent = 32

	defaultMaxRuntime = 24 * 60 * 60 // seconds, the service's default
)

// Options are what jobs need of the engine.
type Options struct {
	Catalog *catalog.Catalog
	Objects *objectstore.Store
	Images  *images.Mappings
	Dir     string // the jobs folder of the data directory
}

// Jobs runs jobs.
type Jobs struct {
	Options
	ctx    context.Context // ends when the engine goes down
	cancel context.CancelFunc
	slots  chan struct{}
	wait   sync.WaitGroup

	mu      sync.Mutex
	running map[key]*run
}

type key struct {
	kind   store.Kind
	region string
	name   string
}

// run is one job that is being worked on.
type run struct {
	key       key
	stop      chan struct{} // closed when the job is to stop
	mu        sync.Mutex
	stopped   bool
	processes []*container.Process // one for each host
	broken    error                // why its containers were ended
}

// New returns a runner without jobs.
func New(o Options) *Jobs {
	ctx, cancel := context.WithCancel(context.Background())
	return &Jobs{Options: o, ctx: ctx, cancel: cancel, slots: make(chan struct{}, maxConcurrent), running: map[key]*run{}}
}

// Running returns how many jobs are being worked on.
func (j *Jobs) Running() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.running)
}

// Close interrupts all jobs and returns when none of their processes lives. Their
// records stay unfinished, for Recover of the next engine.
func (j *Jobs) Close() {
	j.cancel()
	j.wait.Wait()
}

// Recover takes up what an earlier engine left unfinished: its processes are ended,
// stopping jobs are stopped, the others start again.
func (j *Jobs) Recover(ctx context.Context) error {
	for _, kind := range []store.Kind{store.TrainingJob, store.ProcessingJob} {
		records, err := j.Catalog.Store.Alive(ctx, kind, inProgress, stopping)
		if err != nil {
			return err
		}
		for _, record := range records {
			k := key{kind, record.Region, record.Name}
			killed, err := container.KillLeftovers(j.dir(k))
			if err != nil {
				return fmt.Errorf("end the processes of interrupted job %s: %w", record.Name, err)
			}
			j.Catalog.Log.Info("job was interrupted", "job", record.Name, "status", record.Status, "leftovers", killed)
			if record.Status == stopping {
				err = j.finish(ctx, k, ending{status: stopped, secondary: "Stopped", message: "Training job stopped"})
			} else {
				err = j.advance(ctx, k, "Restarting", "Restarting the training job after an interruption of the engine", nil)
				j.start(k)
			}
			if err != nil {
				return fmt.Errorf("take up job %s: %w", record.Name, err)
			}
		}
	}
	return nil
}

func (j *Jobs) dir(k key) string {
	kind := "training"
	if k.kind == store.ProcessingJob {
		kind = "processing"
	}
	return filepath.Join(j.Dir, k.region, kind, k.name)
}

// start works on a recorded job until it has ended.
func (j *Jobs) start(k key) {
	r := &run{key: k, stop: make(chan struct{})}
	j.mu.Lock()
	j.running[k] = r
	j.mu.Unlock()
	j.wait.Add(1)
	go func() {
		defer j.wait.Done()
		defer func() {
			j.mu.Lock()
			// Once it has ended its name may be another job's already.
			if j.running[k] == r {
				delete(j.running, k)
			}
			j.mu.Unlock()
		}()
		select {
		case j.slots <- struct{}{}:
			defer func() { <-j.slots }()
		case <-r.stop:
		case <-j.ctx.Done():
			return
		}
		j.work(r)
	}()
}

// work runs the job and records how it ended. A job that the end of the engine
// interrupts is left as it is.
func (j *Jobs) work(r *run) {
	end, err := j.execute(r)
	if j.ctx.Err() != nil && (err != nil || end.interrupted) {
		return
	}
	switch {
	case errors.Is(err, errStopping):
		end = ending{status: stopped, secondary: "Stopped", message: "Training job stopped"}
	case err != nil:
		end = ending{status: failed, secondary: "Failed", message: "Training job failed", reason: reasonOf(err)}
	}
	j.record(r.key, end)
}

// recordAgain is how long a job whose end cannot be recorded waits for the next try.
const recordAgain = time.Second

// record writes down how a job ended, as often as it takes while the store takes no writes: nobody else would ever tell those who wait
// for the job.
func (j *Jobs) record(k key, end ending) {
	for said := false; ; said = true {
		// Not the engine's context: a job that is done is recorded even while closing.
		err := j.finish(context.Background(), k, end)
		if err == nil {
			return
		}
		if !said {
			j.Catalog.Log.Error("job has ended and this cannot be recorded", "job", k.name, "status", end.status, "error", err)
		}
		if !store.Unwritable(err) {
			return
		}
		select {
		case <-j.ctx.Done():
			return // the next engine runs it again
		case <-time.After(recordAgain):
		}
	}
}

func (j *Jobs) execute(r *run) (ending, error) {
	record, err := j.Catalog.Get(j.ctx, r.key.kind, r.key.region, r.key.name)
	if err != nil {
		return ending{}, err
	}
	if r.key.kind == store.ProcessingJob {
		return j.process(r, record)
	}
	return j.train(r, record)
}

// errStopping says that the job was asked to stop before its container ran.
var errStopping = errors.New("the job is stopping")

// failure is an error whose words go into FailureReason as they are.
type failure struct{ reason string }

func (f *failure) Error() string { return f.reason }

func clientError(format string, args ...any) error {
	return &failure{"ClientError: " + fmt.Sprintf(format, args...)}
}

func reasonOf(err error) string {
	var f *failure
	if errors.As(err, &f) {
		return catalog.Reason(f.reason)
	}
	return catalog.Reason("InternalServerError: " + err.Error())
}

// requestStop asks a job that is being worked on to stop.
func (j *Jobs) requestStop(k key) {
	j.mu.Lock()
	r := j.running[k]
	j.mu.Unlock()
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return
	}
	r.stopped = true
	close(r.stop)
	for _, process := range r.processes {
		process.Stop()
	}
}

// fail ends a job's containers: what they were given broke.
func (r *run) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.broken = cmp.Or(r.broken, err)
	for _, process := range r.processes {
		process.Stop()
	}
}

func (r *run) failure() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.broken
}

func (r *run) stopRequested() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stopped
}

// command finds the local command for an image, or fails the job with the reason.
func (j *Jobs) command(image string) ([]string, error) {
	command, err := j.Images.Command(image)
	var unmapped *images.UnmappedError
	if errors.As(err, &unmapped) {
		return nil, clientError("%s", unmapped.Error())
	}
	return command, err
}

// source is the S3 data that a channel or a processing input names.
func (j *Jobs) source(data api.Document) channel.Source {
	return channel.Source{Objects: j.Objects, URI: data.Text("S3Uri"), Manifest: data.Text("S3DataType") == "ManifestFile",
		Sharded: data.Text("S3DataDistributionType") == "ShardedByS3Key"}
}

// downloadError tells whoever started the job what is wrong with its data.
func downloadError(err error) error {
	var wrong *channel.Error
	if errors.As(err, &wrong) {
		return clientError("Data download failed: %v", wrong)
	}
	return err
}

// upload puts the files of dir under an S3 prefix. The engine's end does not break
// it off half way: what a finished container wrote is worth the moment.
func (j *Jobs) upload(dir, uri string) error {
	bucket, prefix, err := objectstore.ParseURI(uri)
	if err == nil {
		_, err = j.Objects.Upload(context.WithoutCancel(j.ctx), dir, bucket, strings.TrimSuffix(prefix, "/"))
	}
	if err != nil {
		return clientError("Artifact upload failed: %s: %v", uri, err)
	}
	return nil
}

func isEmptyDir(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err != nil || len(entries) == 0
}

// checkURI returns the service's error for something that is no S3 URI.
func checkURI(what, uri string) error {
	bucket, _, err := objectstore.ParseURI(uri)
	if err != nil || bucket == "" {
		return api.Invalid.With(fmt.Sprintf("%s %q is not a valid S3 URI: expected s3://bucket/prefix", what, uri))
	}
	return nil
}
