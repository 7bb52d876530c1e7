package provider

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

const datasetConfig = `
resource "titanicml_dataset" "d" {
  name      = "train"
  source    = "${dir}/train.csv"
  id_column = "id"
  columns = {
    id    = { type = "integer", nullable = false }
    label = { type = "integer", allowed = ["0", "1"] }
  }
}
`

func TestDatasetLifecycle(t *testing.T) {
	h := newHarness(t, needObjects)
	const address = "titanicml_dataset.d"
	first := ""
	h.run(
		resource.TestStep{
			Config: h.config(datasetConfig),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				// Known before anything is uploaded, so that what comes after it is planned with it.
				plancheck.ExpectKnownValue(address, tfjsonpath.New("row_count"), knownvalue.Int64Exact(2)),
			}},
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(address, tfjsonpath.New("column_names"), knownvalue.ListExact([]knownvalue.Check{knownvalue.StringExact("id"), knownvalue.StringExact("label")})),
				statecheck.ExpectKnownValue(address, tfjsonpath.New("bytes"), knownvalue.Int64Exact(17)),
			},
			Check: func(s *terraform.State) error {
				first = s.RootModule().Resources[address].Primary.ID
				return nil
			},
		},
		resource.TestStep{ // a tag changes in place
			Config: h.config(datasetConfig[:len(datasetConfig)-2] + "  tags = { owner = \"me\" }\n}\n"),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
			}},
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(address, tfjsonpath.New("tags_all").AtMapKey("owner"), knownvalue.StringExact("me")),
			},
		},
		resource.TestStep{ // other content is another object
			PreConfig: func() { h.write("train.csv", "id,label\n1,0\n2,1\n3,1\n") },
			Config:    h.config(datasetConfig),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(address, plancheck.ResourceActionDestroyBeforeCreate),
			}},
			Check: func(*terraform.State) error {
				_, err := h.client().Head(t.Context(), first) // replacing left the old object
				return err
			},
		},
		resource.TestStep{ // deleted outside: refresh notices, apply stores it again
			PreConfig: func() {
				c := h.client()
				objects, err := c.List(t.Context(), c.Store.Join("data"))
				if err != nil {
					t.Fatal(err)
				}
				for _, o := range objects {
					if err := c.Remove(t.Context(), o.URI); err != nil {
						t.Fatal(err)
					}
				}
			},
			Config: h.config(datasetConfig),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(address, plancheck.ResourceActionCreate),
			}},
		},
		resource.TestStep{ // changed outside under its digest: noticed, and repaired
			PreConfig: func() {
				c := h.client()
				objects, err := c.List(t.Context(), c.Store.Join("data"))
				if err != nil || len(objects) != 1 {
					t.Fatal(objects, err)
				}
				put(t, c, objects[0].URI, "tampered")
			},
			Config: h.config(datasetConfig),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
			}},
		},
		resource.TestStep{
			ResourceName: address, ImportState: true, ImportStateVerify: true,
			ImportStateVerifyIgnore: []string{"name", "source", "columns", "id_column"},
		},
		resource.TestStep{Config: h.config(datasetConfig)},
	)
}

func TestDatasetAdoptsObject(t *testing.T) {
	h := newHarness(t, needObjects)
	c := h.client()
	from := "s3://" + c.Store.Bucket + "/elsewhere/titanic.csv"
	put(t, c, from, "id,label\n1,0\n")
	config := h.config(`
resource "titanicml_dataset" "d" {
  name       = "adopted"
  source_uri = "` + from + `"
}
`)
	const address = "titanicml_dataset.d"
	frozen := ""
	h.run(
		resource.TestStep{Config: config, Check: func(s *terraform.State) error {
			frozen = s.RootModule().Resources[address].Primary.ID
			return nil
		}},
		resource.TestStep{ // the original changes, the dataset does not
			PreConfig: func() {
				put(t, c, from, "id,label\n1,1\n")
			},
			Config:           config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
			Check: func(*terraform.State) error {
				obj, err := c.Get(t.Context(), frozen)
				if err == nil && string(obj.Body) != "id,label\n1,0\n" {
					t.Errorf("adopted content changed to %q", obj.Body)
				}
				return err
			},
		},
		resource.TestStep{ // content changed under its digest: noticed, and adopted again
			PreConfig: func() { put(t, c, frozen, "tampered,label\n1,1\n") },
			Config:    config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(address, plancheck.ResourceActionDestroyBeforeCreate),
			}},
		},
	)
}

func put(t *testing.T, c *sagemaker.Client, uri, content string) {
	t.Helper()
	if _, err := c.Put(t.Context(), uri, "text/csv", []byte(content)); err != nil {
		t.Fatal(err)
	}
}

func TestDatasetRefusals(t *testing.T) {
	for name, tc := range map[string]struct{ file, config, want string }{
		"missing file":   {"", datasetConfig, `/train.csv": no such file or directory. Relative paths start at`},
		"wrong type":     {"id,label\n1,0\nx,1\n", datasetConfig, `line 3, field 1, column "id": got "x", expected an integer`},
		"not allowed":    {"id,label\n1,7\n", datasetConfig, `got "7", expected one of 0, 1`},
		"repeated id":    {"id,label\n1,0\n1,1\n", datasetConfig, `got "1", which line 2 has, too, expected ids that differ`},
		"missing column": {"id,other\n1,0\n", datasetConfig, `column "label": got columns id, other, expected a column of that name`},
		"ragged":         {"id,label\n1,0,3\n", datasetConfig, "got 3 fields, expected 2 fields as in the header"},
		"empty":          {"\n", datasetConfig, "got an empty file, expected a header line"},
		"a directory":    {"id,label\n1,0\n", strings.Replace(datasetConfig, "/train.csv", "", 1), "is a directory; expected a file."},
		"a device":       {"id,label\n1,0\n", `resource "titanicml_dataset" "d" {` + "\nname = \"a\"\nsource = \"/dev/zero\"\n}", `"/dev/zero" is no regular file; expected a file.`},
		"not text":       {"id,label\n1,\xff\xfe\n", datasetConfig, "line 2"},
		"two sources":    {"id,label\n1,0\n", `resource "titanicml_dataset" "d" {` + "\nname = \"a\"\nsource = \"a\"\nsource_uri = \"s3://b/c\"\n}", "Invalid Attribute Combination"},
		"bad uri":        {"id,label\n1,0\n", `resource "titanicml_dataset" "d" {` + "\nname = \"a\"\nsource_uri = \"/tmp/x\"\n}", "expected an S3 URI such as s3://bucket/key"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t, needObjects)
			if tc.file == "" {
				if err := os.Remove(filepath.Join(h.dir, "train.csv")); err != nil {
					t.Fatal(err)
				}
			} else {
				h.write("train.csv", tc.file)
			}
			h.run(resource.TestStep{Config: h.config(tc.config), ExpectError: says(tc.want)})
			if h.starts > 0 {
				t.Error("an engine was started for a plan that could only fail")
			}
		})
	}
}
