// Command orphans is the Lambda function that reports resources without the mandatory tags: once a week it
// reads the tags of everything in the region, keeps what belongs to this project, writes a report to the
// store and counts into CloudWatch through its log.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/titanicml/terraform-provider-titanicml/examples/titanic/lambda/internal/awsjson"
	"github.com/titanicml/terraform-provider-titanicml/examples/titanic/lambda/internal/function"
	"github.com/titanicml/terraform-provider-titanicml/examples/titanic/lambda/internal/objects"
)

// Event is the schedule's; nothing in it matters.
type Event map[string]any

// Result is the report.
type Result struct {
	Environment string    `json:"environment"`
	At          time.Time `json:"at"`
	Resources   int       `json:"resources"` // of this project, with and without tags
	Orphans     []orphan  `json:"orphans"`
}

type orphan struct {
	ARN     string   `json:"arn"`
	Missing []string `json:"missing"`
}

type resource struct {
	ARN  string
	Tags map[string]string
}

type reporter struct {
	environment, prefix, reportURI string
	required                       []string
	now                            func() time.Time
	log                            io.Writer
	resources                      func(context.Context) ([]resource, error)
	write                          func(ctx context.Context, uri, contentType string, content []byte) error
}

func main() {
	function.Main(setUp)
}

func setUp(ctx context.Context, getenv func(string) string) (function.Handler[Event, Result], error) {
	env, err := function.Required(getenv, "ENVIRONMENT", "NAME_PREFIX", "REPORT_URI", "REQUIRED_TAGS")
	if err != nil {
		return nil, err
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the function's credentials: %w", err)
	}
	tags := awsjson.Client{Config: cfg, Endpoint: "https://tagging." + cfg.Region + ".amazonaws.com", Service: "tagging", HTTP: &http.Client{Timeout: 20 * time.Second}, Now: time.Now}
	r := reporter{environment: env["ENVIRONMENT"], prefix: env["NAME_PREFIX"], reportURI: env["REPORT_URI"], required: strings.Split(env["REQUIRED_TAGS"], ","),
		now: time.Now, log: os.Stdout, write: objects.Bucket{Client: s3.NewFromConfig(cfg)}.Write,
		resources: func(ctx context.Context) ([]resource, error) { return list(ctx, tags) }}
	return r.handle, nil
}

// list pages through GetResources.
func list(ctx context.Context, tags awsjson.Client) ([]resource, error) {
	var all []resource
	for token := ""; ; {
		var page struct {
			PaginationToken        string
			ResourceTagMappingList []struct {
				ResourceARN string
				Tags        []struct{ Key, Value string }
			}
		}
		if err := tags.Call(ctx, "ResourceGroupsTaggingAPI_20170126.GetResources", map[string]any{"ResourcesPerPage": 100, "PaginationToken": token}, &page); err != nil {
			return nil, err
		}
		for _, found := range page.ResourceTagMappingList {
			r := resource{ARN: found.ResourceARN, Tags: map[string]string{}}
			for _, tag := range found.Tags {
				r.Tags[tag.Key] = tag.Value
			}
			all = append(all, r)
		}
		if token = page.PaginationToken; token == "" {
			return all, nil
		}
	}
}

func (r reporter) handle(ctx context.Context, _ Event) (Result, error) {
	found, err := r.resources(ctx)
	if err != nil {
		return Result{}, err
	}
	report := Result{Environment: r.environment, At: r.now().UTC(), Orphans: []orphan{}}
	for _, one := range found {
		if !r.ours(one) {
			continue
		}
		report.Resources++
		var missing []string
		for _, key := range r.required {
			if one.Tags[key] == "" {
				missing = append(missing, key)
			}
		}
		if len(missing) > 0 {
			report.Orphans = append(report.Orphans, orphan{ARN: one.ARN, Missing: missing})
		}
	}
	slices.SortFunc(report.Orphans, func(a, b orphan) int { return strings.Compare(a.ARN, b.ARN) })
	encoded, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return Result{}, fmt.Errorf("encode the report: %w", err)
	}
	if err := r.write(ctx, r.reportURI+"/"+report.At.Format("2006-01-02")+".json", "application/json", append(encoded, '\n')); err != nil {
		return Result{}, err
	}
	return report, r.count(report)
}

// ours tells this environment's resources by name or by tag: an orphan has lost one of the two.
func (r reporter) ours(one resource) bool {
	if one.Tags["project"] == "titanic-sagemaker" && one.Tags["env"] == r.environment {
		return true
	}
	parts := strings.FieldsFunc(one.ARN, func(c rune) bool { return c == ':' || c == '/' })
	return slices.ContainsFunc(parts, func(part string) bool { return strings.HasPrefix(part, r.prefix) })
}

// count prints the number in the embedded metric format, from which CloudWatch makes a metric.
func (r reporter) count(report Result) error {
	line, err := json.Marshal(map[string]any{
		"_aws": map[string]any{
			"Timestamp": report.At.UnixMilli(),
			"CloudWatchMetrics": []any{map[string]any{
				"Namespace":  "Titanic/Governance",
				"Dimensions": [][]string{{"Environment"}},
				"Metrics":    []any{map[string]string{"Name": "OrphanResources", "Unit": "Count"}},
			}},
		},
		"Environment":     r.environment,
		"OrphanResources": len(report.Orphans),
	})
	if err != nil {
		return fmt.Errorf("encode the metric: %w", err)
	}
	if _, err := fmt.Fprintf(r.log, "%s\n", line); err != nil {
		return fmt.Errorf("print the metric: %w", err)
	}
	return nil
}
