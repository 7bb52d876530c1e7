//go:build linux || darwin

package provider

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// recordState names the version whose state TestRecordState writes to testdata/states.
var recordState = flag.String("record-state", "", "record the state of this `version`, built from this tree, in testdata/states")

const (
	recordedStates = "testdata/states"
	// dirMark stands for the directory of a recorded state in its file.
	dirMark = "@DIR@"
	// stateFile has another name than Terraform gives it, so that no ignore list drops it.
	stateFile     = "state.json"
	archiveFile   = "data.tar.gz"
	defaultHost   = "registry.terraform.io"
	recordedCount = 7
)

// recordedState is a version's state, with the configuration and the engine's data behind it.
type recordedState struct {
	Resources []struct {
		Type      string `json:"type"`
		Name      string `json:"name"`
		Instances []struct {
			SchemaVersion int64           `json:"schema_version"`
			Attributes    json.RawMessage `json:"attributes"`
		} `json:"instances"`
	} `json:"resources"`
}

// recordedVersions lists the versions whose states are kept.
func recordedVersions(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(recordedStates)
	if err != nil {
		t.Fatal(err)
	}
	var versions []string
	for _, e := range entries {
		if e.IsDir() {
			versions = append(versions, e.Name())
		}
	}
	if len(versions) == 0 {
		t.Fatalf("%s holds no version", recordedStates)
	}
	return versions
}

// TestRecordedStatesAreRead gives every instance of every recorded state to UpgradeResourceState, as Terraform does first. No
// attribute may be lost or changed by it.
func TestRecordedStatesAreRead(t *testing.T) {
	server, schemas := bareServer(t)
	for _, version := range recordedVersions(t) {
		body, err := os.ReadFile(filepath.Join(recordedStates, version, stateFile))
		if err != nil {
			t.Fatal(err)
		}
		var state recordedState
		if err := json.Unmarshal(body, &state); err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, r := range state.Resources {
			seen[r.Type] = true
			for _, i := range r.Instances {
				t.Run(version+"/"+r.Type+"."+r.Name, func(t *testing.T) {
					upgradeKeepsAttributes(t, server, schemas.ResourceSchemas[r.Type], r.Type, i.SchemaVersion, i.Attributes)
				})
			}
		}
		if len(seen) < recordedCount {
			t.Errorf("the state of %s has %d types of resources, want at least %d: %v", version, len(seen), recordedCount, seen)
		}
	}
}

func upgradeKeepsAttributes(t *testing.T, server tfprotov6.ProviderServer, schema *tfprotov6.Schema, name string, version int64, attributes []byte) {
	if schema == nil {
		t.Fatalf("there is no resource %s any more", name)
	}
	resp, err := server.UpgradeResourceState(t.Context(), &tfprotov6.UpgradeResourceStateRequest{TypeName: name, Version: version, RawState: &tfprotov6.RawState{JSON: attributes}})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range resp.Diagnostics {
		t.Errorf("%s: %s: %s", d.Severity, d.Summary, d.Detail)
	}
	if t.Failed() {
		return
	}
	got, err := resp.UpgradedState.Unmarshal(schema.ValueType())
	if err != nil {
		t.Fatal(err)
	}
	var upgraded map[string]tftypes.Value
	if err := got.As(&upgraded); err != nil {
		t.Fatal(err)
	}
	if schema.Version != version {
		return // its upgrader has a test of its own that says what changes
	}
	// Read strictly: an attribute that the schema no longer has needs a new schema version.
	want, err := (&tfprotov6.RawState{JSON: withNulls(t, attributes, schema)}).Unmarshal(schema.ValueType())
	if err != nil {
		t.Fatalf("the schema no longer reads what version %d wrote: %v", version, err)
	}
	var recorded map[string]tftypes.Value
	if err := want.As(&recorded); err != nil {
		t.Fatal(err)
	}
	for attribute, value := range recorded {
		if !value.Equal(upgraded[attribute]) {
			t.Errorf("%s became %s, was %s", attribute, upgraded[attribute], value)
		}
	}
}

// withNulls adds the attributes that came after the state was recorded.
func withNulls(t *testing.T, attributes []byte, schema *tfprotov6.Schema) []byte {
	t.Helper()
	var all map[string]json.RawMessage
	if err := json.Unmarshal(attributes, &all); err != nil {
		t.Fatal(err)
	}
	for _, a := range schema.Block.Attributes {
		if _, ok := all[a.Name]; !ok {
			all[a.Name] = json.RawMessage("null")
		}
	}
	body, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// TestUpgradeFromRecordedStates plans with the present provider on what earlier versions left: their state and the engine's data. The
// plan is empty, and so is the next one after an apply has written the state anew.
func TestUpgradeFromRecordedStates(t *testing.T) {
	t.Parallel()
	terraform := findTerraform(t)
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binaries := t.TempDir()
	if err := os.Symlink(program, filepath.Join(binaries, providerProgram)); err != nil {
		t.Fatal(err)
	}
	for _, version := range recordedVersions(t) {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			k := newKilled(t, terraform, binaries)
			from := filepath.Join(recordedStates, version)
			k.configure(from)
			state, err := os.ReadFile(filepath.Join(from, stateFile))
			if err != nil {
				t.Fatal(err)
			}
			text := strings.ReplaceAll(string(state), dirMark, k.dir)
			if host := os.Getenv("TF_ACC_PROVIDER_HOST"); host != "" {
				text = strings.ReplaceAll(text, defaultHost, host)
			}
			k.write("terraform.tfstate", text)
			if err := unpack(filepath.Join(from, archiveFile), k.data); err != nil {
				t.Fatal(err)
			}
			for _, args := range [][]string{{"plan", "-detailed-exitcode"}, {"apply", "-auto-approve"}, {"plan", "-detailed-exitcode"}} {
				if out, err := k.run(nil, args...); err != nil || strings.Contains(out, "Changes to") {
					t.Fatalf("terraform %s after the upgrade from %s: %v\n%s", args[0], version, err, out)
				}
			}
		})
	}
}

// configure copies a recorded configuration, and names the container.
func (k *killed) configure(from string) {
	k.t.Helper()
	if err := os.CopyFS(k.dir, os.DirFS(filepath.Join(from, "configuration"))); err != nil {
		k.t.Fatal(err)
	}
	k.write("provider.tf", fmt.Sprintf(`
terraform {
  required_providers {
    titanicml = { source = "titanicml/titanicml" }
  }
}

provider "titanicml" {
  local        = { data_dir = "data", images = { tiny = %s } }
  default_tags = { project = "titanic", env = "dev", owner = "team", managed_by = "terraform", cost_center = "ml" }
}
`, containerCommand()))
}

// TestRecordState applies testdata/states/VERSION/configuration with a provider built from this tree, and keeps the state and the
// engine's data beside it. A released version's state is recorded once, from its tag, and never again.
func TestRecordState(t *testing.T) {
	version := *recordState
	if version == "" {
		t.Skip("records only with -record-state")
	}
	binaries, to := t.TempDir(), filepath.Join(recordedStates, version)
	build := exec.Command("go", "build", "-ldflags", "-X main.version="+version, "-o", filepath.Join(binaries, providerProgram), "github.com/titanicml/terraform-provider-titanicml")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the provider: %v\n%s", err, out)
	}
	k := newKilled(t, findTerraform(t), binaries)
	k.configure(to)
	if out, err := k.run(nil, "apply", "-auto-approve"); err != nil {
		t.Fatalf("applying: %v\n%s", err, out)
	}
	if out, err := k.run(nil, "plan", "-detailed-exitcode"); err != nil {
		t.Fatalf("the plan is not empty: %v\n%s", err, out)
	}
	k.stopEngine()
	state, err := os.ReadFile(filepath.Join(k.dir, "terraform.tfstate"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(to, stateFile), []byte(strings.ReplaceAll(string(state), k.dir, dirMark)), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := pack(k.data, filepath.Join(to, archiveFile)); err != nil {
		t.Fatal(err)
	}
}

// transient files belong to one run of an engine, or name paths of the machine it ran on.
var transient = []string{"engine.lock", "engine.log", "images.json", ".images.json.lock"}

func pack(dir, archive string) error {
	f, err := os.Create(archive)
	if err != nil {
		return err
	}
	zipped := gzip.NewWriter(f)
	files := tar.NewWriter(zipped)
	err = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || slices.Contains(transient, d.Name()) || !d.IsDir() && !d.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		header := &tar.Header{Name: filepath.ToSlash(rel), Mode: int64(info.Mode().Perm()), ModTime: info.ModTime().Truncate(time.Second), Typeflag: tar.TypeDir}
		var body []byte
		if !d.IsDir() {
			if body, err = os.ReadFile(name); err != nil {
				return err
			}
			header.Typeflag, header.Size = tar.TypeReg, int64(len(body))
		}
		if err := files.WriteHeader(header); err != nil {
			return err
		}
		_, err = files.Write(body)
		return err
	})
	return errors.Join(err, files.Close(), zipped.Close(), f.Close())
}

func unpack(archive, dir string) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close()
	zipped, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	for files := tar.NewReader(zipped); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name := filepath.Join(dir, filepath.FromSlash(header.Name))
		if header.Typeflag == tar.TypeDir {
			if err := os.MkdirAll(name, 0o700); err != nil {
				return err
			}
			continue
		}
		body, err := io.ReadAll(files)
		if err != nil {
			return err
		}
		if err := os.WriteFile(name, body, os.FileMode(header.Mode).Perm()); err != nil {
			return err
		}
	}
}

// TestEndpointStateOfVersion0 gives the old names of arguments to the upgrader: the values stay, under the names of today.
func TestEndpointStateOfVersion0(t *testing.T) {
	server, schemas := bareServer(t)
	state := `{"id":"x","name":"x","network_isolation":true,"vpc":{"subnets":["subnet-1"],"security_group_ids":["sg-1"]},"role_arn":"arn:aws:iam::000000000000:role/x"}`
	resp, err := server.UpgradeResourceState(t.Context(), &tfprotov6.UpgradeResourceStateRequest{TypeName: "titanicml_endpoint", RawState: &tfprotov6.RawState{JSON: []byte(state)}})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range resp.Diagnostics {
		t.Fatalf("%s: %s: %s", d.Severity, d.Summary, d.Detail)
	}
	got, err := resp.UpgradedState.Unmarshal(schemas.ResourceSchemas["titanicml_endpoint"].ValueType())
	if err != nil {
		t.Fatal(err)
	}
	var upgraded map[string]tftypes.Value
	if err := got.As(&upgraded); err != nil {
		t.Fatal(err)
	}
	var isolated bool
	if err := upgraded["enable_network_isolation"].As(&isolated); err != nil || !isolated {
		t.Errorf("enable_network_isolation is %s (%v), expected true", upgraded["enable_network_isolation"], err)
	}
	if text := upgraded["vpc_config"].String(); !strings.Contains(text, "subnet-1") || !strings.Contains(text, "sg-1") {
		t.Errorf("vpc_config is %s, expected the subnet and the security group", text)
	}
	if text := upgraded["role_arn"].String(); !strings.Contains(text, "role/x") {
		t.Errorf("role_arn is %s", text)
	}
	for _, broken := range []string{`{"vpc":"none"}`, `[]`, `{`} {
		resp, err := server.UpgradeResourceState(t.Context(), &tfprotov6.UpgradeResourceStateRequest{TypeName: "titanicml_endpoint", RawState: &tfprotov6.RawState{JSON: []byte(broken)}})
		if err == nil && len(resp.Diagnostics) == 0 {
			t.Errorf("a state %s was upgraded without an error", broken)
		}
	}
}
