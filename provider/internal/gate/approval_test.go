package gate

import (
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/rules"
)

var update = flag.Bool("update", false, "rewrite golden files")

func TestValidateApproval(t *testing.T) {
	minus := -time.Hour
	if errs := ValidateApproval(ApprovalRules{DistinctFromTrainer: true, MinAge: &minus}); len(errs) != 2 {
		t.Errorf("want 2 mistakes, got %v", errs)
	}
}

func TestApprove(t *testing.T) {
	const anna, bert = "arn:aws:iam::000000000000:user/anna", "arn:aws:iam::000000000000:user/bert"
	const session = "arn:aws:sts::000000000000:assumed-role/deploy/ci"
	four := ApprovalRules{Required: true, DistinctFromTrainer: true}
	hour := time.Hour
	cases := []struct {
		name   string
		rules  ApprovalRules
		state  ApprovalState
		want   Outcome
		reason string
	}{
		{"not required", ApprovalRules{}, ApprovalState{Status: "PendingManualApproval"}, Approved, "no approval"},
		{"waiting", four, ApprovalState{Status: "PendingManualApproval"}, Pending, "waiting for a person"},
		{"refused", four, ApprovalState{Status: "Rejected", ModifiedBy: &Identity{ARN: bert}}, Rejected, "Rejected by " + bert},
		{"second person", four, ApprovalState{Status: "Approved", ModifiedBy: &Identity{ARN: bert}, Trainers: []Identity{{ARN: anna}}}, Approved, "approved by " + bert},
		{"same person", four, ApprovalState{Status: "Approved", ModifiedBy: &Identity{ARN: anna}, Trainers: []Identity{{ARN: bert}, {ARN: anna}}}, Pending, "somebody else"},
		{"nobody", four, ApprovalState{Status: "Approved", Trainers: []Identity{{ARN: anna}}}, Pending, "does not say by whom"},
		{"somebody without a name", four, ApprovalState{Status: "Approved", ModifiedBy: &Identity{SourceIdentity: "bert"}, Trainers: []Identity{{ARN: anna}}}, Pending, "does not say by whom"},
		{"unknown trainer", four, ApprovalState{Status: "Approved", ModifiedBy: &Identity{ARN: bert}, Trainers: []Identity{{}}}, Pending, "not known who trained"},
		{"untold trainer", four, ApprovalState{Status: "Approved", ModifiedBy: &Identity{ARN: bert}, Trainers: []Identity{{ARN: anna}}, Untold: "the job has no tag"}, Pending, "cannot be checked: the job has no tag"},
		{"untold trainer, not asked", ApprovalRules{Required: true}, ApprovalState{Status: "Approved", ModifiedBy: &Identity{ARN: bert}, Untold: "the job has no tag"}, Approved, "bert"},
		{"one role, two people", four, ApprovalState{Status: "Approved", ModifiedBy: &Identity{session, "bert"}, Trainers: []Identity{{session, "anna"}}}, Approved, "bert"},
		{"two roles, one person", four, ApprovalState{Status: "Approved", ModifiedBy: &Identity{session, "anna"}, Trainers: []Identity{{session + "2", "anna"}}}, Pending, "somebody else"},
		{"one role and session", four, ApprovalState{Status: "Approved", ModifiedBy: &Identity{session, "bert"}, Trainers: []Identity{{ARN: session}}}, Pending, "somebody else"},
		{"too young", ApprovalRules{MinAge: &hour}, ApprovalState{CreatedAt: noon.Add(-59 * time.Minute)}, Pending, "2026-11-23T12:01:00Z"},
		{"old enough", ApprovalRules{MinAge: &hour}, ApprovalState{CreatedAt: noon.Add(-hour)}, Approved, ""},
		{"age unknown", ApprovalRules{MinAge: &hour}, ApprovalState{}, Pending, "does not say when"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := Approve(c.rules, c.state, noon)
			if got.Outcome != c.want || !strings.Contains(got.Reason, c.reason) {
				t.Errorf("got %+v, want %s with %q", got, c.want, c.reason)
			}
		})
	}
}

func TestTable(t *testing.T) {
	e := withChampion(t, good(t), 0.6)
	d := Decide([]rules.Requirement{
		{Metric: "accuracy", Min: f(0.78)},
		{Metric: "auc", Min: f(0.99), Confidence: f(0.95)},
		{Metric: "accuracy", VersusChampion: &rules.VersusChampion{MaxDrop: f(0.01)}},
		{Metric: "recall", Min: f(0.97), EachSlice: "sex", MinExamples: n(50)},
		{Metric: "accuracy", MaxGap: f(0.2), EachSlice: "pclass"},
		{Metric: "log_loss", Max: f(0.2), Severity: rules.Warn},
		{Metric: "acuracy", Min: f(0.78)},
	}, rules.Evidence{MinExamples: n(500)}, e, Settings{Replicates: 500})
	got := Table(d.Checks) + "\n" + d.Summary() + "\n"
	const golden = "testdata/table.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	for line := range strings.SplitSeq(got, "\n") {
		if len(line) > 110 {
			t.Errorf("%d characters wide: %s", len(line), line)
		}
	}
}
