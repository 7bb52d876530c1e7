package api

import (
	"errors"
	"fmt"
	"net/http"
)

// Fault is one row of the error table: the code and the words of the service, with
// fmt verbs where it names something.
type Fault struct {
	Code   string
	Format string
	Status int // HTTP status; 0 means 400
}

// With returns the error of the row with its blanks filled in.
func (f Fault) With(args ...any) *Error {
	status := f.Status
	if status == 0 {
		status = http.StatusBadRequest
	}
	return &Error{Code: f.Code, Message: fmt.Sprintf(f.Format, args...), Status: status}
}

// Error is an error as a client of the service sees it.
type Error struct {
	Code    string
	Message string
	Status  int
}

// Error returns code and message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// AsError finds the service error in err; anything else becomes InternalFailure,
// which SDKs retry.
func AsError(err error) *Error {
	var service *Error
	if errors.As(err, &service) {
		return service
	}
	return InternalFailure.With(err)
}

const validation = "ValidationException"

// The error table. Codes and messages are those of the service where it is known
// to send them; rows of the engine's own limits say so in their comment.
var (
	// Protocol.
	UnknownOperation    = Fault{"UnknownOperationException", "The requested operation %s is not supported in the called region.", 0}
	MissingToken        = Fault{"MissingAuthenticationTokenException", "Missing Authentication Token", http.StatusForbidden}
	IncompleteSignature = Fault{"IncompleteSignatureException", "Authorization header requires 'Credential' parameter of the form AKID/YYYYMMDD/region/service/aws4_request. (Authorization=%s)", http.StatusForbidden}
	Serialization       = Fault{"SerializationException", "%s", 0}
	InternalFailure     = Fault{"InternalFailure", "The request processing has failed because of an unknown error: %v", http.StatusInternalServerError}
	RequestTooLarge     = Fault{"RequestEntityTooLargeException", "Request body exceeds %d bytes.", http.StatusRequestEntityTooLarge}
	ForbiddenHost       = Fault{"AccessDeniedException", "The engine answers loopback hosts only, not %q.", http.StatusForbidden}                                   // the engine's own
	ForbiddenOrigin     = Fault{"AccessDeniedException", "The engine answers programs, not web pages; this request comes from a page of %q.", http.StatusForbidden} // the engine's own
	ShuttingDown        = Fault{"ServiceUnavailable", "The engine is shutting down.", http.StatusServiceUnavailable}                                                // the engine's own

	// All kinds.
	Invalid       = Fault{validation, "%s", 0}
	ForeignARN    = Fault{validation, "%s does not exist: it is not a %s of account %s in region %s.", 0}
	BadNextToken  = Fault{validation, "Invalid pagination token.", 0}
	NotSupported  = Fault{validation, "%s is not supported by the local engine. %s", 0} // the engine's own
	InstanceQuota = Fault{"ResourceLimitExceeded", "The account-level service limit '%s for %s usage' is %d Instances, with current utilization of 0 Instances and a request delta of %d Instances. This is a limit of the local engine, where each instance is a process; ask for fewer.", 0}
	DiskFull      = Fault{"ResourceLimitExceeded", "The engine cannot store this: the disk that holds %s is full. Free some space and try again.", 0}
	LockedStore   = Fault{"ServiceUnavailable", "The engine cannot use its store: another program has locked %s. Close what has it open (a database browser, a backup) and try again.", http.StatusServiceUnavailable}
	UnopenedStore = Fault{"ServiceUnavailable", "The engine cannot open its store: %s has to be a file that you may read and write, in a folder that you may write.", http.StatusServiceUnavailable}
	ReadOnlyStore = Fault{"ServiceUnavailable", "The engine cannot store this: %s is read-only.", http.StatusServiceUnavailable}

	// Training jobs.
	NoTrainingJob       = Fault{validation, "Requested resource not found.", 0}
	TrainingJobExists   = Fault{"ResourceInUse", "Training job names must be unique within an AWS account and region, and a training job with this name already exists (%s)", 0}
	TrainingJobFinished = Fault{validation, "The request was rejected because the training job is in status %s.", 0}
	TrainingJobRunning  = Fault{"ResourceInUse", "The request was rejected because the training job is in status %s. A training job can be deleted once it is Completed, Failed or Stopped.", 0}

	BadMaxWait     = Fault{validation, "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to MaxRuntimeInSeconds", 0}
	NoInputObjects = Fault{validation, "No S3 objects found under S3 URL \"%s\" given in input data source. Please ensure that the bucket exists in the selected region (%s), that objects exist under that S3 prefix, and that the role \"%s\" has \"s3:ListBucket\" permissions on bucket \"%s\".", 0}

	// Processing jobs.
	NoProcessingJob       = Fault{validation, "Could not find requested job with name: %s", 0}
	ProcessingJobExists   = Fault{"ResourceInUse", "Job name must be unique within an AWS account and region, and a job with this name already exists (%s)", 0}
	ProcessingJobFinished = Fault{validation, "The request was rejected because the processing job is in status %s.", 0}
	ProcessingJobRunning  = Fault{"ResourceInUse", "The request was rejected because the processing job is in status %s. A processing job can be deleted once it is Completed, Failed or Stopped.", 0}

	// Model package groups.
	NoModelPackageGroup       = Fault{validation, "ModelPackageGroup %s does not exist.", 0}
	ModelPackageGroupExists   = Fault{validation, "Model Package Group already exists: %s", 0}
	ModelPackageGroupNotEmpty = Fault{"ConflictException", "Model Package Group cannot be deleted because it still contains Model Packages.", 0}
	BadPolicy                 = Fault{validation, "Invalid resource policy: %v", 0}
	NoModelPackageGroupPolicy = Fault{validation, "Cannot find resource policy for: %s", 0}

	// Model packages.
	NoModelPackage         = Fault{validation, "ModelPackage %s does not exist.", 0}
	ModelPackageExists     = Fault{validation, "Model Package already exists: %s", 0}
	VersionedTags          = Fault{validation, "Tags are not supported in Model Package versions. Please add them to the Model Package Group.", 0}
	ApprovalOfUnversioned  = Fault{validation, "ModelApprovalStatus is not supported for an unversioned model package.", 0}
	PackageNameAndGroup    = Fault{validation, "Both ModelPackageName and ModelPackageGroupName are provided in the input. Cannot determine which one to use.", 0}
	NoPackageNameNorGroup  = Fault{validation, "Missing ARN.", 0}
	PackageWithoutSpec     = Fault{validation, "You must specify either an InferenceSpecification, a SourceAlgorithmSpecification or a SourceUri.", 0}
	DuplicateSpecification = Fault{validation, "Inference specification name %q is given more than once.", 0}
	TooManySpecifications  = Fault{validation, "A model package can have 15 additional inference specifications; it would have: %s", 0}
	TooMuchMetadata        = Fault{validation, "The number of CustomerMetadataProperties exceeds the limit of 50.", 0}
	UnapprovedModelPackage = Fault{validation, "Cannot create Model for package %s. The model package status is: %s, ApprovalStatus: %s", 0}

	// Models.
	NoModel           = Fault{validation, "Could not find model \"%s\".", 0}
	ModelExists       = Fault{validation, "Cannot create already existing model \"%s\".", 0}
	ImageMissing      = Fault{validation, "You must provide an Image or a ModelPackageName for the container.", 0}
	BadModelData      = Fault{validation, "Model data %q is not a valid S3 URI: expected s3://bucket/key.", 0}
	NoModelData       = Fault{validation, "Could not access model data at %s. Please ensure that the role \"%s\" exists and that its trust relationship policy allows the action \"sts:AssumeRole\" for the service principal \"sagemaker.amazonaws.com\". Also ensure that the role has \"s3:GetObject\" permissions and that the object is located in %s.", 0}
	ContainersMissing = Fault{validation, "You must provide either a PrimaryContainer or Containers.", 0}
	ContainersBoth    = Fault{validation, "You cannot provide both PrimaryContainer and Containers.", 0}

	// Endpoint configurations.
	NoEndpointConfig      = Fault{validation, "Could not find endpoint configuration \"%s\".", 0}
	EndpointConfigExists  = Fault{validation, "Cannot create already existing endpoint configuration \"%s\".", 0}
	DuplicateVariant      = Fault{validation, "Variant names must be unique within an endpoint configuration; %q is given more than once.", 0}
	BadMemorySize         = Fault{validation, "1 validation error detected: Value '%d' at 'productionVariants.%d.member.serverlessConfig.memorySizeInMB' failed to satisfy constraint: Member must satisfy enum value set: [1024, 2048, 3072, 4096, 5120, 6144]", 0}
	BadProvisioned        = Fault{validation, "Production variant \"%s\": ProvisionedConcurrency must not be greater than MaxConcurrency.", 0}
	VariantWithoutHosting = Fault{validation, "Production variant \"%s\": you must specify either InstanceType and InitialInstanceCount, or ServerlessConfig.", 0}

	// Endpoints.
	NoEndpoint         = Fault{validation, "Could not find endpoint \"%s\".", 0}
	EndpointExists     = Fault{validation, "Cannot create already existing endpoint \"%s\".", 0}
	EndpointInProgress = Fault{validation, "Cannot update in-progress endpoint \"%s\".", 0}
	EndpointSameConfig = Fault{validation, "Cannot update endpoint with the currently in use endpoint configuration \"%s\".", 0}
	EndpointFailed     = Fault{validation, "Cannot update failed endpoint \"%s\".", 0}
	BadCapacity        = Fault{validation, "Invalid %s: the value %d must be between %d and 50 percent of the capacity.", 0}
	EndpointRecovering = Fault{"ServiceUnavailable", "Endpoint %s is being brought back after a restart of the engine.", http.StatusServiceUnavailable} // the engine's own
	WrongCapacity      = Fault{validation, "Variant \"%s\" takes DesiredInstanceCount when it has instances, and ServerlessUpdateConfig when it is serverless.", 0}
	NoVariant          = Fault{validation, "Could not find variant \"%s\" in endpoint \"%s\".", 0}

	// Tags.
	NoTaggable   = Fault{validation, "Could not find resource with ARN %s.", 0}
	ReservedTag  = Fault{validation, "aws: prefixed tag key names are not allowed for external use.", 0}
	DuplicateTag = Fault{validation, "Duplicate tag keys found. Please note that Tag keys are case insensitive.", 0}
	TooManyTags  = Fault{"ResourceLimitExceeded", "The number of tags exceeds the limit of 50 tags per resource.", 0}
)
