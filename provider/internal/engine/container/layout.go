package container

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Training is what a training container is told in its base directory and environment.
type Training struct {
	JobName         string
	JobARN          string
	Region          string
	HyperParameters map[string]string
	Channels        []Channel
	Hosts           []Host            // all of the job's; none is one without a type
	Current         int               // index of the one that is told
	Environment     map[string]string // CreateTrainingJob's Environment
}

// Host is one instance of a job. Each is a process of its own on this machine.
type Host struct {
	Name  string // algo-1, algo-2, ...
	Type  string // instance type
	Group string // instance group
}

// homogeneous is the group of hosts that were not asked for by group.
const homogeneous = "homogeneousCluster"

// Hosts returns count hosts of one type, numbered after the hosts that there are already, in an
// instance group; "" is the one that SageMaker gives jobs without groups.
func Hosts(already []Host, instanceType string, count int, group string) []Host {
	if group == "" {
		group = homogeneous
	}
	for range max(count, 1) {
		already = append(already, Host{Name: fmt.Sprintf("algo-%d", len(already)+1), Type: instanceType, Group: group})
	}
	return already
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
	JobName     string
	JobARN      string
	Region      string
	Config      any    // marshalled into config/processingjobconfig.json
	Hosts       []Host // as of Training
	Current     int
	Environment map[string]string
	LocalPaths  []string // ProcessingInput and ProcessingOutput LocalPaths (/opt/ml/...), made before the start
}

// Layout is a job's directory: <JobDir>/ml stands for /opt/ml (SAGEMAKER_BASE_DIR), and
// <JobDir>/stdout.log is the log.
type Layout struct {
	JobDir string
	Env    []string // the whole environment of the container: of the engine's own only PATH, HOME, TMPDIR, LANG, TZ
}

// contractRoot is what SAGEMAKER_BASE_DIR stands for.
const contractRoot = "/opt/ml"

// baseDirEnv names the variable that leads a container to its base directory, and leads the
// engine to processes it has to end.
const baseDirEnv = "SAGEMAKER_BASE_DIR"

// PrepareTraining makes the layout of a training job and writes its config files. The caller then
// fills ChannelDir for each channel and starts the container. Leftovers of an earlier attempt in
// jobDir are removed first.
func PrepareTraining(jobDir string, t Training) (Layout, error) {
	l, err := newLayout(jobDir)
	if err != nil {
		return l, err
	}
	dirs := []string{"input/config", "input/data", "model", "output/data", "code", "checkpoints", "tmp"}
	inputs := map[string]map[string]string{}
	for _, c := range t.Channels {
		if c.Name == "" || c.Name != filepath.Base(c.Name) || c.Name == ".." || c.Name == "." {
			return l, fmt.Errorf("channel name %q cannot name a directory", c.Name)
		}
		dirs = append(dirs, "input/data/"+c.Name)
		in := map[string]string{
			"TrainingInputMode":  or(c.InputMode, "File"),
			"S3DistributionType": or(c.DistributionType, "FullyReplicated"),
			"RecordWrapperType":  or(c.RecordWrapperType, "None"),
		}
		if c.ContentType != "" {
			in["ContentType"] = c.ContentType
		}
		if c.CompressionType != "" {
			in["CompressionType"] = c.CompressionType
		}
		inputs[c.Name] = in
	}
	if err := l.mkdirs(dirs); err != nil {
		return l, err
	}
	hosts := orOne(t.Hosts)
	names := make([]string, len(hosts))
	for i, h := range hosts {
		names[i] = h.Name
	}
	params := t.HyperParameters
	if params == nil {
		params = map[string]string{}
	}
	for name, v := range map[string]any{
		"hyperparameters.json": params,
		"inputdataconfig.json": inputs,
		"resourceconfig.json":  resources(hosts, t.Current),
	} {
		if err := l.writeJSON("input/config/"+name, v); err != nil {
			return l, err
		}
	}
	env := baseEnv(t.Region)
	maps.Copy(env, t.Environment)
	maps.Copy(env, map[string]string{
		baseDirEnv:            l.ML(),
		"TRAINING_JOB_NAME":   t.JobName,
		"TRAINING_JOB_ARN":    t.JobARN,
		"SM_CURRENT_HOST":     hosts[t.Current].Name,
		"SM_HOSTS":            asJSON(names),
		"SM_NUM_CPUS":         fmt.Sprint(runtime.NumCPU()),
		"SM_NUM_GPUS":         "0",
		"SM_HPS":              asJSON(params),
		"SM_INPUT_DIR":        filepath.Join(l.ML(), "input"),
		"SM_INPUT_CONFIG_DIR": filepath.Join(l.ML(), "input", "config"),
		"SM_MODEL_DIR":        l.ModelDir(),
		"SM_OUTPUT_DIR":       filepath.Join(l.ML(), "output"),
		"SM_OUTPUT_DATA_DIR":  l.OutputDataDir(),
		"SM_CHANNELS":         asJSON(slices.Sorted(maps.Keys(inputs))),
	})
	for name := range inputs {
		env["SM_CHANNEL_"+envName(name)] = l.ChannelDir(name)
	}
	for name, v := range params {
		env["SM_HP_"+envName(name)] = v
	}
	l.Env = flatten(env)
	return l, nil
}

// PrepareProcessing makes the layout of a processing job; the caller fills its inputs through Path.
func PrepareProcessing(jobDir string, p Processing) (Layout, error) {
	l, err := newLayout(jobDir)
	if err != nil {
		return l, err
	}
	dirs := []string{"config", "output", "processing", "tmp"}
	for _, local := range p.LocalPaths {
		dir, err := l.Path(local)
		if err != nil {
			return l, err
		}
		rel, err := filepath.Rel(l.ML(), dir)
		if err != nil {
			return l, err
		}
		dirs = append(dirs, rel)
	}
	if err := l.mkdirs(dirs); err != nil {
		return l, err
	}
	if err := l.writeJSON("config/processingjobconfig.json", p.Config); err != nil {
		return l, err
	}
	if err := l.writeJSON("config/resourceconfig.json", resources(orOne(p.Hosts), p.Current)); err != nil {
		return l, err
	}
	env := baseEnv(p.Region)
	maps.Copy(env, p.Environment)
	env[baseDirEnv] = l.ML()
	env["PROCESSING_JOB_NAME"] = p.JobName
	env["PROCESSING_JOB_ARN"] = p.JobARN
	l.Env = flatten(env)
	return l, nil
}

func newLayout(jobDir string) (Layout, error) {
	l := Layout{JobDir: jobDir}
	for _, old := range []string{l.ML(), l.LogFile()} {
		if err := os.RemoveAll(old); err != nil {
			return l, fmt.Errorf("clear an earlier attempt: %w", err)
		}
	}
	return l, nil
}

func (l Layout) mkdirs(dirs []string) error {
	for _, d := range dirs {
		if err := os.MkdirAll(filepath.Join(l.ML(), d), 0o755); err != nil {
			return fmt.Errorf("make the job's directories: %w", err)
		}
	}
	return nil
}

func (l Layout) writeJSON(name string, v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := os.WriteFile(filepath.Join(l.ML(), name), append(raw, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the job's configuration: %w", err)
	}
	return nil
}

// ML is the directory that stands for /opt/ml.
func (l Layout) ML() string { return filepath.Join(l.JobDir, "ml") }

// ChannelDir is input/data/<channel>.
func (l Layout) ChannelDir(channel string) string {
	return filepath.Join(l.ML(), "input", "data", channel)
}

// ModelDir is the directory a training container leaves its model in.
func (l Layout) ModelDir() string { return filepath.Join(l.ML(), "model") }

// OutputDataDir is output/data, packed into output.tar.gz by SageMaker.
func (l Layout) OutputDataDir() string { return filepath.Join(l.ML(), "output", "data") }

// LogFile is where the container's stdout and stderr go.
func (l Layout) LogFile() string { return filepath.Join(l.JobDir, "stdout.log") }

// Path maps a LocalPath (/opt/ml or below it) into the layout; any other path is refused.
func (l Layout) Path(localPath string) (string, error) {
	clean := path.Clean(localPath)
	if clean != contractRoot && !strings.HasPrefix(clean, contractRoot+"/") {
		return "", fmt.Errorf("LocalPath %q is outside %s, the only directory a container shares with the engine", localPath, contractRoot)
	}
	return filepath.Join(l.ML(), filepath.FromSlash(strings.TrimPrefix(clean, contractRoot))), nil
}

// Command builds the argument vector of a container from the command its image maps to.
// An entrypoint whose first word has the same base name as the mapped program loses that word, so
// that ["/titanic","evaluate"] works on AWS and here. Without entrypoint and arguments the
// default argument ("train", "serve") is appended; "" appends none.
func Command(mapped, entrypoint, arguments []string, defaultArgument string) []string {
	argv := slices.Clone(mapped)
	if len(entrypoint) > 0 && len(mapped) > 0 && path.Base(entrypoint[0]) == filepath.Base(mapped[0]) {
		entrypoint = entrypoint[1:]
	}
	argv = append(append(argv, entrypoint...), arguments...)
	if len(argv) == len(mapped) && defaultArgument != "" {
		argv = append(argv, defaultArgument)
	}
	return argv
}

// ServingEnv is the environment of a serving container: the minimal one, the user's, then the
// contract's.
func ServingEnv(region, baseDir string, port int, environment map[string]string) []string {
	env := baseEnv(region)
	maps.Copy(env, environment)
	env[baseDirEnv] = baseDir
	env["SAGEMAKER_BIND_TO_PORT"] = fmt.Sprint(port)
	env["SM_MODEL_DIR"] = filepath.Join(baseDir, "model")
	return flatten(env)
}

// baseEnv passes on nothing that could hold a secret of the user who started the engine.
func baseEnv(region string) map[string]string {
	env := map[string]string{}
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "LANG", "TZ"} {
		if v, ok := os.LookupEnv(name); ok {
			env[name] = v
		}
	}
	if region != "" {
		env["AWS_REGION"], env["AWS_DEFAULT_REGION"], env["SAGEMAKER_REGION"] = region, region, region
	}
	return env
}

func flatten(env map[string]string) []string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(env)) {
		out = append(out, k+"="+env[k])
	}
	return out
}

// envName turns a channel's or hyperparameter's name into the form SageMaker's toolkits use.
func envName(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, name)
}

type resourceConfig struct {
	CurrentHost          string          `json:"current_host"`
	CurrentInstanceType  string          `json:"current_instance_type,omitempty"`
	CurrentGroupName     string          `json:"current_group_name"`
	Hosts                []string        `json:"hosts"`
	InstanceGroups       []instanceGroup `json:"instance_groups"`
	NetworkInterfaceName string          `json:"network_interface_name"`
}

type instanceGroup struct {
	Name  string   `json:"instance_group_name"`
	Type  string   `json:"instance_type,omitempty"`
	Hosts []string `json:"hosts"`
}

func resources(hosts []Host, current int) resourceConfig {
	c := resourceConfig{CurrentHost: hosts[current].Name, CurrentInstanceType: hosts[current].Type,
		CurrentGroupName: hosts[current].Group, NetworkInterfaceName: "lo"}
	for _, h := range hosts {
		c.Hosts = append(c.Hosts, h.Name)
		if n := len(c.InstanceGroups); n == 0 || c.InstanceGroups[n-1].Name != h.Group {
			c.InstanceGroups = append(c.InstanceGroups, instanceGroup{Name: h.Group, Type: h.Type})
		}
		group := &c.InstanceGroups[len(c.InstanceGroups)-1]
		group.Hosts = append(group.Hosts, h.Name)
	}
	return c
}

func orOne(hosts []Host) []Host {
	if len(hosts) == 0 {
		return Hosts(nil, "", 1, "")
	}
	return hosts
}

func asJSON(v any) string {
	raw, err := json.Marshal(v)
	if err != nil { // only strings, lists and maps of them come here
		return ""
	}
	return string(raw)
}

func or(v, fallback string) string {
	if v == "" {
		return fallback
	}
	return v
}

// Output reads what a container has to say of its end from a file in output/, as much as a reason may hold; "" when there is none.
// Links are not followed out of it.
func (l Layout) Output(name string) string {
	root, err := os.OpenRoot(filepath.Join(l.ML(), "output"))
	if err != nil {
		return ""
	}
	defer root.Close()
	if info, err := root.Stat(name); err != nil || !info.Mode().IsRegular() {
		return "" // a pipe would block
	}
	f, err := root.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, 8*maxReason))
	if err != nil {
		return ""
	}
	return clip(strings.TrimSpace(strings.ToValidUTF8(string(raw), "\uFFFD")))
}
