package jobs

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/api"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/container"
)

// maxHosts bounds the instances of a job. Each is a process of this machine; what asks for more is
// a mistake here, as it would be on an account with the service's quotas.
const maxHosts = 32

// clusterHosts returns the instances of a ResourceConfig or ClusterConfig, in the order of its
// instance groups.
func clusterHosts(config api.Document) []container.Host {
	var hosts []container.Host
	for _, group := range config.List("InstanceGroups") {
		count, _ := group.Integer("InstanceCount")
		if count > 0 {
			hosts = container.Hosts(hosts, group.Text("InstanceType"), int(min(count, maxHosts+1)), group.Text("InstanceGroupName"))
		}
	}
	if len(hosts) > 0 {
		return hosts
	}
	count, _ := config.Integer("InstanceCount")
	return container.Hosts(nil, config.Text("InstanceType"), int(min(count, maxHosts+1)), "")
}

// checkHosts refuses a cluster that is too large, in the words of a quota of the service.
func checkHosts(config api.Document, purpose string) error {
	asked, kind := int64(0), config.Text("InstanceType")
	for _, group := range config.List("InstanceGroups") {
		count, _ := group.Integer("InstanceCount")
		asked += count
		kind = cmp.Or(kind, group.Text("InstanceType"))
	}
	if count, ok := config.Integer("InstanceCount"); ok && asked == 0 {
		asked = count
	}
	if asked > maxHosts {
		return api.InstanceQuota.With(kind, purpose, maxHosts, asked)
	}
	return nil
}

// hostDir is the directory of one host: the job's own for the first, one below it for the others.
func (j *Jobs) hostDir(k key, hosts []container.Host, i int) string {
	if i == 0 {
		return j.dir(k)
	}
	return filepath.Join(j.dir(k), hosts[i].Name)
}

// launch starts a container on each host, unless the job was stopped meanwhile, and waits for all.
// One that fails takes the others with it.
func (j *Jobs) launch(r *run, hosts []container.Options) (container.Result, error) {
	r.mu.Lock()
	if r.stopped {
		r.mu.Unlock()
		return container.Result{}, errStopping
	}
	var failed error
	for _, options := range hosts {
		process, err := container.Start(j.ctx, options)
		if err != nil {
			failed = err
			break
		}
		r.processes = append(r.processes, process)
	}
	processes := slices.Clone(r.processes)
	r.mu.Unlock()
	if failed != nil {
		for _, process := range processes {
			process.Stop()
			process.Wait()
		}
		return container.Result{}, failed
	}
	ended := make(chan int, len(processes))
	for i, process := range processes {
		go func() {
			<-process.Done()
			ended <- i
		}()
	}
	first := -1 // host that failed before any other
	for range processes {
		i := <-ended
		if first < 0 && processes[i].Wait().Outcome == container.Failed {
			first = i
			for _, process := range processes {
				process.Stop()
			}
		}
	}
	results := make([]container.Result, len(processes))
	for i, process := range processes {
		results[i] = process.Wait()
	}
	return together(results, first), nil
}

// outcomes in the order in which one of them decides on the whole job. A failed host comes first:
// the others were only stopped for it.
var outcomes = []container.Outcome{container.Failed, container.Interrupted, container.Stopped, container.MaxRuntime, container.Completed}

// together is the result of a job of several hosts: that of the host that decides, with the metrics
// of all. first is the host that failed first, or negative.
func together(results []container.Result, first int) container.Result {
	decides := 0
	for i, result := range results {
		if slices.Index(outcomes, result.Outcome) < slices.Index(outcomes, results[decides].Outcome) {
			decides = i
		}
	}
	if first >= 0 {
		decides = first
	}
	merged := results[decides]
	if len(results) == 1 {
		return merged
	}
	merged.Metrics = nil
	for _, result := range results {
		if result.StartedAt.Before(merged.StartedAt) {
			merged.StartedAt = result.StartedAt
		}
		if result.EndedAt.After(merged.EndedAt) {
			merged.EndedAt = result.EndedAt
		}
		for _, metric := range result.Metrics {
			i := slices.IndexFunc(merged.Metrics, func(m container.Metric) bool { return m.Name == metric.Name })
			switch {
			case i < 0:
				merged.Metrics = append(merged.Metrics, metric)
			case metric.Time.After(merged.Metrics[i].Time): // the last value that any host printed
				merged.Metrics[i] = metric
			}
		}
	}
	return merged
}

// gather moves what the other hosts left in their directories into the first one's: the service
// makes one archive of them. Of files with the same name that of the lowest host is taken.
func gather(into string, from ...string) error {
	for _, dir := range from {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(dir, path)
			if err != nil {
				return err
			}
			target := filepath.Join(into, rel)
			existing, err := os.Lstat(target)
			switch {
			case os.IsNotExist(err):
				if err := os.Rename(path, target); err != nil {
					return err
				}
				if d.IsDir() {
					return fs.SkipDir
				}
				return nil
			case err != nil:
				return err
			case d.IsDir() && !existing.IsDir():
				return fs.SkipDir
			}
			return nil
		})
		if err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("gather what the hosts left: %w", err)
		}
	}
	return nil
}
