package pricelist_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/pricing"
	"github.com/google/go-cmp/cmp"

	"github.com/titanicml/terraform-provider-titanicml/linter/cost"
	"github.com/titanicml/terraform-provider-titanicml/linter/cost/price"
	"github.com/titanicml/terraform-provider-titanicml/linter/cost/pricelist"
)

// item is a product as the API writes it: a JSON document inside a text. Prices are by the start of their range.
func item(sku, usage string, prices map[string]string) string {
	dimensions := map[string]any{}
	for begin, usd := range prices {
		dimensions[sku+begin] = map[string]any{"beginRange": begin, "pricePerUnit": map[string]string{"USD": usd}}
	}
	text, err := json.Marshal(map[string]any{
		"product": map[string]any{"sku": sku, "attributes": map[string]string{"usagetype": usage}},
		"terms":   map[string]any{"OnDemand": map[string]any{"t": map[string]any{"effectiveDate": "2026-11-01T00:00:00Z", "priceDimensions": dimensions}}}})
	if err != nil {
		panic(err) // maps of texts
	}
	return string(text)
}

// server answers GetProducts by the usage type that is asked for, in pages of one product.
func server(t *testing.T, products map[string][]string) *pricing.Client {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		var in struct {
			ServiceCode, NextToken string
			Filters                []struct{ Field, Type, Value string }
		}
		if err := json.Unmarshal(body, &in); err != nil {
			t.Error(err)
		}
		if got := r.Header.Get("X-Amz-Target"); got != "AWSPriceListService.GetProducts" {
			t.Errorf("got the operation %q", got)
		}
		if len(in.Filters) != 2 || in.Filters[0].Value != "eu-west-1" || in.Filters[1].Type != "CONTAINS" {
			t.Errorf("got the filters %v", in.Filters)
		}
		list := products[in.ServiceCode+" "+in.Filters[1].Value]
		page := 0
		if in.NextToken != "" {
			page = len(in.NextToken)
		}
		out := map[string]any{"FormatVersion": "aws_v1", "PriceList": []string{}}
		if page < len(list) {
			out["PriceList"] = list[page : page+1]
		}
		if page+1 < len(list) {
			out["NextToken"] = strings.Repeat("x", page+1)
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		if err := json.NewEncoder(w).Encode(out); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(s.Close)
	return pricing.New(pricing.Options{BaseEndpoint: aws.String(s.URL), Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("a", "b", "")})
}

func TestFind(t *testing.T) {
	t.Parallel()
	client := server(t, map[string][]string{
		"AmazonVPC VpcEndpoint-Hours": {item("A", "EU-VpcEndpoint-Hours", map[string]string{"0": "0.0110000000", "744": "0.005"}),
			item("B", "EU-GWLBE-VpcEndpoint-Hours-Other", map[string]string{"0": "9"})},
		// The first range of what has a free tier is free.
		"AmazonSNS Requests-Tier1":              {item("C", "EU-Requests-Tier1", map[string]string{"0": "0", "1000000": "0.0000005000"})},
		"AmazonSageMaker Host:ml.m5.large":      {item("D", "EU-Host:ml.m5.large", map[string]string{"0": "0.128"}), item("E", "EUW1-Host:ml.m5.large", map[string]string{"0": "0.129"})},
		"AmazonSageMaker Train:ml.m5.large":     {item("F", "EU-Train:ml.m5.large", map[string]string{"0": "0.128"}), item("G", "Train:ml.m5.large", map[string]string{"0": "0.128"})},
		"AWSLambda Lambda-GB-Second":            {item("H", "EU-Lambda-GB-Second-ARM", map[string]string{"0": "1"})},
		"AmazonCloudWatch CW:AlarmMonitorUsage": {item("I", "EU-CW:AlarmMonitorUsage", map[string]string{"0": "many"})},
	})
	got, missing, err := pricelist.Find(t.Context(), client, []cost.Need{{Key: "vpc.endpoint", Region: "eu-west-1"}, {Key: "sns.requests", Region: "eu-west-1"},
		{Key: "sagemaker.hosting.ml.m5.large", Region: "eu-west-1"}, {Key: "sagemaker.training.ml.m5.large", Region: "eu-west-1"},
		{Key: "lambda.duration", Region: "eu-west-1"}, {Key: "cloudwatch.alarm", Region: "eu-west-1"}, {Key: "kms.key", Region: ""}})
	if err != nil {
		t.Fatal(err)
	}
	priced := func(key string, usd float64, sku string) price.Price {
		return price.Price{Key: key, Region: "eu-west-1", USD: usd, Source: "AWS Price List API, SKU " + sku, Date: "2026-11-01", Table: "AWS Price List"}
	}
	if diff := cmp.Diff([]price.Price{priced("vpc.endpoint", 0.011, "A"), priced("sns.requests", 0.5, "C"), priced("sagemaker.training.ml.m5.large", 0.128, "F")}, got); diff != "" {
		t.Error(diff)
	}
	want := []string{
		"sagemaker.hosting.ml.m5.large in eu-west-1: 2 products with different prices",
		"lambda.duration in eu-west-1: no product with a price in USD",
		"cloudwatch.alarm in eu-west-1: no product with a price in USD",
		`kms.key in region "": the price list is not asked for it`,
	}
	if diff := cmp.Diff(want, missing); diff != "" {
		t.Error(diff)
	}
}

// An answer that is no answer stops the estimate: prices of unknown origin are not mixed in.
func TestFindFails(t *testing.T) {
	t.Parallel()
	client := server(t, map[string][]string{"AmazonVPC VpcEndpoint-Hours": {"{"}})
	_, _, err := pricelist.Find(t.Context(), client, []cost.Need{{Key: "vpc.endpoint", Region: "eu-west-1"}})
	if err == nil || !strings.Contains(err.Error(), "ask the AWS Price List API for vpc.endpoint in eu-west-1: read a product") {
		t.Errorf("got %v", err)
	}
}
