package cost_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/titanicml/terraform-provider-titanicml/linter/cost"
	"github.com/titanicml/terraform-provider-titanicml/linter/cost/price"
	"github.com/titanicml/terraform-provider-titanicml/linter/cost/render"
)

// TestPriceFiles: what is wrong in a file is told with its place.
func TestPriceFiles(t *testing.T) {
	t.Parallel()
	block := func(label, body string) string { return "prices \"" + label + "\" {\n" + body + "\n}" }
	whole := "date = \"2026-11-27\"\nsource = \"our agreement\"\n"
	for _, test := range []struct{ name, text, want string }{
		{"p.hcl", block("eu-west-1", whole+`usd = { "vpc.endpoint" = 0.009 }`), ""},
		{"p.json", `{"prices": {"*": {"date": "2026-11-27", "source": "us", "usd": {"vpc.endpoint": 0.009, "sagemaker.hosting.ml.x9.large": 1}}}}`, ""},
		{"p.hcl", block("Ireland", whole+`usd = {}`), `p.hcl:1,8-17: got region "Ireland", expected one such as "eu-west-1"`},
		{"p.hcl", block("*", whole+`usd = { "vpc.endpont" = 1 }`), `no price is called "vpc.endpont"; did you mean "vpc.endpoint"?`},
		{"p.hcl", block("*", whole+`usd = { "vpc.endpoint" = -1 }`), `usd "vpc.endpoint": got -1, expected a number from 0`},
		{"p.hcl", block("*", whole+`usd = { "vpc.endpoint" = "1" }`), `usd "vpc.endpoint": expected a number`},
		{"p.hcl", block("*", whole+`usd = [1]`), `p.hcl:4,7-10: usd is an object of numbers by name`},
		{"p.hcl", block("*", whole), `p.hcl:1,12-12: Missing required argument; The argument "usd" is required`},
		{"p.hcl", block("*", `source = "x"`+"\ndate = \"yesterday\"\nusd = {}"), `got date "yesterday", expected a day such as "2026-11-27"`},
		{"p.hcl", block("*", `source = " "`+"\ndate = \"2026-11-27\"\nusd = {}"), `source is a text that is not empty`},
		{"p.hcl", block("*", whole+"usd = {}\ncurrency = \"EUR\""), `An argument named "currency" is not expected here`},
		{"p.hcl", block("*", whole+`usd = { "vpc.endpoint" = 1 }`) + "\n" + block("*", whole+`usd = { "vpc.endpoint" = 2 }`), `"vpc.endpoint" has a price for "*" already in this file`},
		{"p.hcl", `price "x" {}`, `Blocks of type "price" are not expected here`},
		{"p.hcl", block("*", whole+`usd = { "sagemaker.hosting.m5.large" = 1 }`), `no price is called "sagemaker.hosting.m5.large"`},
		{"p.json", `{`, `p.json:1`},
		{"p.hcl", strings.Repeat("#", price.MaxFileSize+1), `the limit is 1048576`},
	} {
		err := prices(t).Override(test.name, []byte(test.text))
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%.120s: got %v, want %s", test.text, err, test.want)
		}
	}
}

// A file wins over what AWS answers, that over the embedded table, and a region over all regions.
func TestPrecedence(t *testing.T) {
	t.Parallel()
	p := prices(t)
	at := func(region string) float64 { price, _ := p.Find("vpc.endpoint", region); return price.USD }
	if at("eu-west-1") != 0.011 || at("mars") != 0 {
		t.Fatalf("embedded: got %v and %v", at("eu-west-1"), at("mars"))
	}
	if err := p.Override("all.hcl", []byte(`prices "*" {
  date = "2026-11-27"
  source = "us"
  usd = { "vpc.endpoint" = 2 }
}`)); err != nil {
		t.Fatal(err)
	}
	p.Refresh([]price.Price{{Key: "vpc.endpoint", Region: "eu-west-1", USD: 3}, {Key: "vpc.endpoint.data", Region: "eu-west-1", USD: 4}})
	if at("eu-west-1") != 2 || at("mars") != 2 {
		t.Errorf("with a file: got %v and %v, want 2", at("eu-west-1"), at("mars"))
	}
	if data, _ := p.Find("vpc.endpoint.data", "eu-west-1"); data.USD != 4 {
		t.Errorf("from AWS: got %v, want 4", data.USD)
	}
}

func TestUsageFiles(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, text, want string }{
		{"u.hcl", "resource_type \"aws_s3_bucket\" {\n  storage_gb = 5\n}\nresource \"module.a[\\\"x\\\"].aws_s3_bucket.this\" {\n  storage_gb = 6\n}", ""},
		{"u.json", `{"resource_type": {"aws_s3_bucket": {"storage_gb": 5}}}`, ""},
		{"u.hcl", `resource_type "aws_s3_buckt" {}`, `the estimate of "aws_s3_buckt" takes no assumptions; did you mean "aws_s3_bucket"?`},
		{"u.hcl", `resource_type "aws_vpc" {}`, `the estimate of "aws_vpc" takes no assumptions`},
		{"u.hcl", "resource_type \"aws_s3_bucket\" {\n  storage = 5\n}", `u.hcl:2,3-10: "aws_s3_bucket" takes no "storage"; did you mean "storage_gb"?; expected monthly_tier_1_requests`},
		{"u.hcl", "resource_type \"aws_s3_bucket\" {\n  storage_gb = -5\n}", `storage_gb: got -5, expected a number from 0`},
		{"u.hcl", "resource_type \"aws_s3_bucket\" {\n  storage_gb = var.x\n}", `Variables not allowed`},
		{"u.hcl", `resource "aws_s3_bucket" {}`, `"aws_s3_bucket" is no address of a resource`},
		{"u.hcl", `resource "module.a" {}`, `"module.a" is no address of a resource`},
		{"u.hcl", "resource_type \"aws_s3_bucket\" {}\nresource_type \"aws_s3_bucket\" {}", `"aws_s3_bucket" has a block already in this file`},
		{"u.hcl", `x = 1`, `An argument named "x" is not expected here`},
	} {
		_, err := cost.ParseUsage(test.name, []byte(test.text))
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: got %v, want %s", test.text, err, test.want)
		}
	}
}

func TestMatches(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		pattern, address string
		want             bool
	}{
		{"a.b", "a.b", true}, {"a.b", "a.bc", false}, {"a.b[*]", `a.b["x"]`, true}, {"module.*.a.b", `module.m["k"].a.b`, true},
		{"a.*", "b.a.x", false}, {"a*a", "a", false}, {"*", "anything", true}, {"a*b*c", "axbxc", true}, {"a*b*c", "axcxb", false},
	} {
		if got := cost.Matches(test.pattern, test.address); got != test.want {
			t.Errorf("cost.Matches(%q, %q) = %v", test.pattern, test.address, got)
		}
	}
}

func FuzzPlan(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.json") // none is seeded where none is there
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"format_version":"1","values":{"root_module":{"resources":[{"address":"a","mode":"managed","type":"aws_kms_key","values":null}]}}}`))
	usage, err := cost.ParseUsage("u.hcl", []byte("resource_type \"aws_vpc_endpoint\" {\n  zones = 1e15\n}\nresource_type \"aws_lambda_function\" {\n monthly_requests = 1e15\n request_duration_ms = 1e15\n}"))
	if err != nil {
		f.Fatal(err)
	}
	table := prices(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := cost.Decode("plan.json", text)
		if err != nil {
			return
		}
		r, err := cost.Estimate([]*cost.Plan{p}, cost.Options{Prices: table, Usage: usage, Region: "eu-west-1"})
		if err != nil {
			t.Fatal(err)
		}
		for _, format := range render.Formats() {
			// JSON knows no infinity: writing it proves that there is none.
			var out bytes.Buffer
			if err := render.Write(&out, format, r); err != nil {
				t.Fatal(err)
			}
			if format == "json" && !json.Valid(out.Bytes()) {
				t.Fatal("the report is no JSON")
			}
		}
		if r.After.Low < 0 || r.After.High < r.After.Low || r.Before.High < r.Before.Low {
			t.Fatalf("before %+v, after %+v: a range runs backwards", r.Before, r.After)
		}
	})
}

func FuzzPrices(f *testing.F) {
	f.Add([]byte("prices \"*\" {\n  date = \"2026-11-27\"\n  source = \"x\"\n  usd = { \"vpc.endpoint\" = 1 }\n}"), false)
	f.Add([]byte(`{"prices": {"*": {"date": "2026-11-27", "source": "us", "usd": {"vpc.endpoint": 0.009}}}}`), true)
	f.Fuzz(func(t *testing.T, text []byte, asJSON bool) {
		name := "p.hcl"
		if asJSON {
			name = "p.json"
		}
		p := &price.Prices{}
		if p.Override(name, text) != nil {
			return
		}
		for _, price := range p.All() {
			if price.USD < 0 || price.Source == "" {
				t.Fatalf("accepted %+v", price)
			}
		}
	})
}

func FuzzUsage(f *testing.F) {
	f.Add([]byte("resource_type \"aws_s3_bucket\" {\n  storage_gb = 5\n}\nresource \"aws_s3_bucket.*\" {\n  storage_gb = 6\n}"), false)
	f.Add([]byte(`{"resource": {"module.a.aws_s3_bucket.x": {"storage_gb": 5}}}`), true)
	f.Fuzz(func(t *testing.T, text []byte, asJSON bool) {
		name := "u.hcl"
		if asJSON {
			name = "u.json"
		}
		u, err := cost.ParseUsage(name, text)
		if err != nil {
			return
		}
		if n, _ := u.Find("aws_s3_bucket", "aws_s3_bucket.x", "storage_gb"); n < 0 {
			t.Fatalf("accepted %v", n)
		}
	})
}
