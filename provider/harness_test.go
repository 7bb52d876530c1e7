package provider

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/images"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker/awsconfig"
)

// harness is one data directory with an engine inside the test process, and providers that use it.
type harness struct {
	t   testing.TB
	dir string // working files of the test
	// data is the engine's data directory.
	data string

	// foreign is nil on the embedded engine.
	foreign *foreign

	mu     sync.Mutex
	engine *engine.Engine
	starts int
	now    func() time.Time
	// front, where it is set, puts something between the provider and the engine at a URL.
	front func(url string) string
}

// newHarness skips the test where no Terraform is at hand: terraform-plugin-testing would download one.
// It lets the test run beside others: most of its time is spent waiting for Terraform. needs says what the test asks of an endpoint
// that is not the embedded engine; a test without needs is about the engine itself.
func newHarness(t testing.TB, needs ...need) *harness {
	t.Helper()
	needTerraform(t)
	return newProtocolHarness(t, needs...)
}

func needTerraform(t testing.TB) {
	t.Helper()
	if os.Getenv("TF_ACC_TERRAFORM_PATH") == "" {
		if _, err := exec.LookPath("terraform"); err != nil {
			t.Skip("needs terraform on PATH, or TF_ACC_TERRAFORM_PATH")
		}
	}
}

// newRunHarness is for tests that set variables of the environment, which keeps them from running beside others.
func newRunHarness(t *testing.T) *harness {
	t.Helper()
	if foreignEndpoint() != nil {
		t.Skipf("%s is set, and this test sets the environment of the embedded engine", testEndpoint)
	}
	needTerraform(t)
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	h := &harness{t: t, dir: dir, data: filepath.Join(dir, "data")}
	t.Cleanup(h.stop)
	return h
}

// newProtocolHarness is for tests that call the provider's protocol themselves.
func newProtocolHarness(t testing.TB, needs ...need) *harness {
	t.Helper()
	foreign := foreignEndpoint()
	if test, ok := t.(*testing.T); ok && foreign == nil {
		test.Parallel()
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	h := &harness{t: t, dir: dir, data: filepath.Join(dir, "data"), foreign: foreign}
	if foreign != nil {
		foreign.begin(t, needs)
	}
	t.Cleanup(h.stop)
	h.write("train.csv", "id,label\n1,0\n2,1\n")
	h.write("holdout.csv", "id,label\n3,0\n4,1\n")
	return h
}

// start is the provider's StartEngine: it opens the engine on first use.
func (h *harness) start(ctx context.Context, dataDir string, mappings map[string][]string) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.engine == nil {
		e, err := engine.Open(context.WithoutCancel(ctx), engine.Options{DataDir: dataDir, Images: mappings, Clock: h.now})
		if err != nil {
			return "", err
		}
		h.engine = e
		h.starts++
	} else if _, err := images.Open(dataDir, mappings); err != nil {
		return "", err
	}
	if h.front != nil {
		return h.front(h.engine.URL()), nil
	}
	return h.engine.URL(), nil
}

// stop ends the engine; the next use opens it again on the same directory.
func (h *harness) stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.engine != nil {
		if err := h.engine.Close(); err != nil {
			h.t.Errorf("closing the engine: %v", err)
		}
		h.engine = nil
	}
}

// providers serve protocol 6 inside the test process.
func (h *harness) providers() map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){
		"titanicml": providerserver.NewProtocol6WithError(New("test", Options{StartEngine: h.start, Clock: h.now, TerraformDataDir: h.dir})()),
	}
}

// client talks to the engine behind Terraform's back.
func (h *harness) client() *sagemaker.Client {
	h.t.Helper()
	if h.foreign != nil {
		c, err := h.foreign.client(h.t.Context(), h.foreign.accessKey())
		if err != nil {
			h.t.Fatal(err)
		}
		return c
	}
	url, err := h.start(h.t.Context(), h.data, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	c, err := sagemaker.New(h.t.Context(), awsconfig.Settings{LocalURL: url, DataDir: h.data, Region: localRegion, Store: localStore})
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

func (h *harness) write(name, content string) string {
	h.t.Helper()
	file := filepath.Join(h.dir, name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		h.t.Fatal(err)
	}
	return file
}

// tinyImages maps the image "tiny" to the container that is this test binary.
func tinyImages() map[string][]string {
	program, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return map[string][]string{"tiny": {program, containerArgument}}
}

// containerCommand is the command of image "tiny" in HCL.
func containerCommand() string {
	command := tinyImages()["tiny"]
	return fmt.Sprintf("[%q, %q]", command[0], command[1])
}

// config is a provider block followed by body, in which ${dir} stands for the test's directory.
func (h *harness) config(body string) string {
	return h.providerBlock("") + strings.ReplaceAll(h.foreignRoles(body), "${dir}", h.dir)
}

// foreignRoles gives resources the role that an endpoint other than the embedded engine asks for.
func (h *harness) foreignRoles(body string) string {
	if h.foreign == nil {
		return body
	}
	return h.foreign.roles(body)
}

func (h *harness) providerBlock(more string) string {
	if h.foreign != nil {
		return h.foreign.providerBlock(more)
	}
	return fmt.Sprintf(`
provider "titanicml" {
  local        = { data_dir = %q, images = { tiny = %s } }
  default_tags = { project = "titanic", env = "dev", owner = "team", managed_by = "terraform", cost_center = "ml" }
  %s
}
`, h.data, containerCommand(), more)
}

// run runs the steps and then expects an empty plan, unless the last step expects an error.
func (h *harness) run(steps ...resource.TestStep) {
	h.t.Helper()
	t, ok := h.t.(*testing.T)
	if !ok {
		h.t.Fatal("acceptance steps need a *testing.T")
	}
	if last := steps[len(steps)-1]; last.ExpectError == nil && last.Config != "" && !last.Destroy {
		last.ConfigPlanChecks.PostApplyPostRefresh = append(last.ConfigPlanChecks.PostApplyPostRefresh, plancheck.ExpectEmptyPlan())
		steps[len(steps)-1] = last
	}
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: h.providers(), Steps: steps})
}

// says matches diagnostics whatever line breaks and borders Terraform puts into them.
func says(words string) *regexp.Regexp {
	var b bytes.Buffer
	for i, w := range strings.Fields(words) {
		if i > 0 {
			b.WriteString(`[\s│]+`)
		}
		b.WriteString(regexp.QuoteMeta(w))
	}
	return regexp.MustCompile(b.String())
}
