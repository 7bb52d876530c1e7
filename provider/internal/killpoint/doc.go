// Package killpoint names the places of an apply at which the kill tests end a process with SIGKILL.
//
// In an ordinary build Here does nothing. Built with the tag titanicml_killpoints, Here compares its name with
// TITANICML_TEST_KILL_AT and on a match kills the provider itself, or, when TITANICML_TEST_KILL_LOCK names a local
// engine's lock file, the engine whose pid stands there.
package killpoint

// The points, in the order an apply passes them.
const (
	DatasetUploaded    = "dataset-uploaded"
	TrainingCreated    = "training-created"
	TrainingWaiting    = "training-waiting"
	EvaluationCreated  = "evaluation-created"
	EvaluationEvidence = "evaluation-evidence"
	PackageCreated     = "package-created"
	DecisionRecorded   = "decision-recorded"
	ApprovalSet        = "approval-set"
	PointerMoved       = "pointer-moved"
	ConfigCreated      = "endpoint-config-created"
	EndpointCreated    = "endpoint-created"
	EndpointUpdating   = "endpoint-updating"
	EndpointUpdated    = "endpoint-updated"
)
