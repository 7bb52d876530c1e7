package rollout

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/decision"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/manifest"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker/awsconfig"
)

// TestCheckBelievesNothing spoils, one at a time, what a serving object says, the record that it names, and what lies in S3.
func TestCheckBelievesNothing(t *testing.T) {
	e, err := engine.Open(t.Context(), engine.Options{DataDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	c, err := sagemaker.New(t.Context(), awsconfig.Settings{LocalURL: e.URL(), Region: "eu-west-1", Store: "s3://titanicml-local/titanicml"})
	if err != nil {
		t.Fatal(err)
	}
	put := func(key string) manifest.File {
		t.Helper()
		uri := c.Store.Join(key).URI()
		if _, err := c.Put(t.Context(), uri, "", []byte("content of "+key)); err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256([]byte("content of " + key))
		return manifest.File{URI: uri, SHA256: hex.EncodeToString(sum[:])}
	}
	const arn = "arn:aws:sagemaker:eu-west-1:000000000000:model-package/g/3"
	files := []string{"model.tar.gz", "evidence.json", "evaluation.json", "predictions.csv", "baseline/evaluation.json", "baseline/predictions.csv"}
	record := func() *decision.Record {
		artifact, predictions, theirs := put("model.tar.gz"), put("predictions.csv"), put("baseline/predictions.csv")
		return &decision.Record{Schema: 1, Kind: decision.KindPromotion, Outcome: gate.Approved, ModelPackageGroup: "g", ModelPackageARN: arn, Version: 3,
			Image: "tiny", ArtifactURI: artifact.URI, ArtifactSHA256: artifact.SHA256,
			Evaluation: &decision.RecordEvaluation{Name: "e", Manifest: put("evidence.json"), Report: put("evaluation.json"), Predictions: &predictions,
				Baseline: &manifest.Baseline{Report: put("baseline/evaluation.json"), Predictions: &theirs}}}
	}
	write := func(change func(*decision.Record)) *decision.StoredRecord {
		t.Helper()
		r := record()
		change(r)
		stored, err := decision.Write(t.Context(), c, r)
		if err != nil {
			t.Fatal(err)
		}
		return stored
	}
	as := func(r *decision.StoredRecord) Serving {
		return Serving{Group: "g", PackageARN: arn, Version: 3, Image: "tiny", ArtifactURI: c.Store.Join("model.tar.gz").URI(), ArtifactSHA256: put("model.tar.gz").SHA256,
			DecisionURI: r.File.URI, DecisionSHA256: r.File.SHA256}
	}
	good := as(write(func(*decision.Record) {}))
	if err := Check(t.Context(), c, good); err != nil {
		t.Fatal(err)
	}
	says := func(change func(*Serving)) Serving { s := good; change(&s); return s }
	recorded := func(change func(*decision.Record)) Serving { return as(write(change)) }
	// Written by who may write below uploads/ only, or below the decisions of another group.
	elsewhere := func(under string, group string) Serving {
		t.Helper()
		r := record()
		r.ModelPackageGroup = group
		stored, err := decision.Write(t.Context(), &sagemaker.Client{S3: c.S3, Store: c.Store.Join(under)}, r)
		if err != nil {
			t.Fatal(err)
		}
		s := as(stored)
		s.Group = group
		return s
	}
	forged := elsewhere("uploads", "g")
	forged.Group = "../uploads/decisions/g"
	for name, x := range map[string]struct {
		serving Serving
		want    string
	}{
		"another package":  {says(func(s *Serving) { s.PackageARN = strings.Replace(arn, "/3", "/4", 1) }), "serving says model_package_arn"},
		"another image":    {says(func(s *Serving) { s.Image = "evil" }), "serving says image evil"},
		"another artifact": {says(func(s *Serving) { s.ArtifactURI += "x" }), "serving says artifact_uri"},
		"another digest":   {says(func(s *Serving) { s.ArtifactSHA256 = strings.Repeat("0", 64) }), "serving says artifact_sha256"},
		"a record of elsewhere": {says(func(s *Serving) {
			s.DecisionURI = strings.Replace(s.DecisionURI, "titanicml/decisions", "decisions", 1)
		}), "is not one of the store's"},
		"another group's record": {says(func(s *Serving) { s.Group = "other" }), "is not one of the store's"},
		"a record of uploads":    {elsewhere("uploads", "g"), "is not one of the store's"},
		"a way to uploads":       {forged, "is not one of the store's"},
		"a record within others": {elsewhere("decisions/g/3", "g"), "is not one of the store's"},
		"another name of it":     {says(func(s *Serving) { s.Group = "../g" }), "serving says model_package_group ../g"},
		"another version":        {recorded(func(r *decision.Record) { r.Version = 4 }), "is not one of the store's"},
		"another record digest":  {says(func(s *Serving) { s.DecisionSHA256 = strings.Repeat("0", 64) }), "was changed"},
		"a rejection":            {recorded(func(r *decision.Record) { r.Outcome = gate.Rejected }), `got outcome "rejected", expected "approved"`},
		"a dry run":              {recorded(func(r *decision.Record) { r.DryRun = true }), "does not approve"},
		"nothing evaluated":      {recorded(func(r *decision.Record) { r.Evaluation = nil }), "names no evaluation"},
	} {
		if err := Check(t.Context(), c, x.serving); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: got %v, want %q", name, err, x.want)
		}
	}
	var missing *MissingRecordError
	gone := says(func(s *Serving) {
		s.DecisionURI = strings.Replace(s.DecisionURI, s.DecisionSHA256, strings.Repeat("1", 64), 1)
	})
	if err := Check(t.Context(), c, gone); !errors.As(err, &missing) {
		t.Errorf("a record that is not there: %v", err)
	}
	for _, key := range files {
		uri := c.Store.Join(key).URI()
		if _, err := c.Put(t.Context(), uri, "", []byte("something else")); err != nil {
			t.Fatal(err)
		}
		if err := Check(t.Context(), c, good); err == nil || !strings.Contains(err.Error(), uri+" was changed after its approval") {
			t.Errorf("%s changed: %v", key, err)
		}
		if err := c.Remove(t.Context(), uri); err != nil {
			t.Fatal(err)
		}
		if err := Check(t.Context(), c, good); err == nil || !strings.Contains(err.Error(), uri+" does not exist") {
			t.Errorf("%s gone: %v", key, err)
		}
		put(key)
	}
	if err := Check(t.Context(), c, good); err != nil {
		t.Errorf("with everything in its place again: %v", err)
	}
}
