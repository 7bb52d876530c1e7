// Package container runs a training or processing container of SageMaker as a local process.
//
// In go a job's directory, its configuration and the command that stands for its image; out come
// an outcome with its failure reason, the metrics found in the log, and the files it wrote. The
// container contract is kept (base directory, config files, environment, failure file, signals);
// a job is a process group of its own, and its log has a size limit.
package container
