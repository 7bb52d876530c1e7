package stage

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

// Run is what the surroundings say about an apply.
type Run struct{ Commit, Actor, URL, PlanSHA256 string }

// ReadRun reads the variables of GitHub Actions, else asks git for the commit of
// the checkout that holds dir; what is not known stays "".
func ReadRun(ctx context.Context, dir string) Run {
	r := Run{Commit: os.Getenv("GITHUB_SHA"), Actor: os.Getenv("GITHUB_ACTOR"), PlanSHA256: os.Getenv("TITANICML_PLAN_SHA256")}
	server, repository, id := os.Getenv("GITHUB_SERVER_URL"), os.Getenv("GITHUB_REPOSITORY"), os.Getenv("GITHUB_RUN_ID")
	if server != "" && repository != "" && id != "" {
		r.URL = server + "/" + repository + "/actions/runs/" + id
	}
	if r.Commit == "" {
		out, err := exec.CommandContext(ctx, "git", "-C", dir, "rev-parse", "HEAD").Output()
		if err == nil {
			r.Commit = strings.TrimSpace(string(out))
		}
	}
	return r
}

var entryName = regexp.MustCompile(`^([0-9]{1,2})_([a-z][a-z0-9_]*)\.json$`)

// ParseURI takes the URI of an entry apart.
func ParseURI(uri string) (ledger string, number int64, name string, ok bool) {
	i := strings.LastIndexByte(uri, '/')
	if _, err := sagemaker.ParseLocation(uri); err != nil || i < len("s3://") {
		return "", 0, "", false
	}
	m := entryName.FindStringSubmatch(uri[i+1:])
	if m == nil {
		return "", 0, "", false
	}
	number, err := strconv.ParseInt(m[1], 10, 64)
	return uri[:i], number, m[2], err == nil
}
