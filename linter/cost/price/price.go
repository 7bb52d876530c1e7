// Package price knows what a unit of a service costs. In go a key of the catalogue and a region, out comes the price with its source and date,
// from the embedded table or from files that go before it.
package price

import (
	_ "embed" // the price table is part of the program
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/titanicml/terraform-provider-titanicml/linter/match"
	"github.com/zclconf/go-cty/cty"
)

//go:embed prices.hcl
var embedded []byte

// Largest bounds numbers from files and plans, so that no product of three of them overflows.
const Largest = 1e15

// MaxFileSize bounds price and usage files, in bytes.
const MaxFileSize = 1 << 20

// Price is what one unit of an entry costs in a region.
type Price struct {
	Key    string  `json:"key"`
	Region string  `json:"region"` // "*" for every region
	USD    float64 `json:"usd"`
	Source string  `json:"source"`
	Date   string  `json:"date"` // the day on which the source said so
	Table  string  `json:"table"`
}

// Prices are layers of tables: a later one wins over an earlier one, within one a region's own price over that of all regions.
type Prices struct{ layers []table }

type table map[string]map[string]Price // by key and region

// Embedded is the table in the program.
func Embedded() (*Prices, error) {
	t, err := parsePrices("prices.hcl", "embedded", embedded)
	if err != nil {
		return nil, fmt.Errorf("embedded price table: %w", err)
	}
	return &Prices{layers: []table{t}}, nil
}

// Override puts the prices of a file before those that are there. A name ending in .json is read as JSON, else as HCL.
func (p *Prices) Override(name string, text []byte) error {
	t, err := parsePrices(name, name, text)
	if err != nil {
		return err
	}
	p.layers = append(p.layers, t)
	return nil
}

// Refresh puts prices that AWS answered before the embedded ones, and behind those of files.
func (p *Prices) Refresh(prices []Price) {
	t := table{}
	for _, price := range prices {
		t.set(price)
	}
	p.layers = slices.Insert(p.layers, 1, t)
}

func (t table) set(p Price) {
	if t[p.Key] == nil {
		t[p.Key] = map[string]Price{}
	}
	t[p.Key][p.Region] = p
}

// Find returns the price of a key in a region.
func (p *Prices) Find(key, region string) (Price, bool) {
	for _, layer := range slices.Backward(p.layers) {
		if price, ok := layer[key][region]; ok && region != "" {
			return price, true
		}
		if price, ok := layer[key]["*"]; ok {
			return price, true
		}
	}
	return Price{}, false
}

// All lists the prices that hold, by key and region.
func (p *Prices) All() []Price {
	merged := table{}
	for _, layer := range p.layers {
		for _, regions := range layer {
			for _, price := range regions {
				merged.set(price)
			}
		}
	}
	var out []Price
	for _, regions := range merged {
		for _, price := range regions {
			out = append(out, price)
		}
	}
	slices.SortFunc(out, func(a, b Price) int {
		if c := strings.Compare(a.Key, b.Key); c != 0 {
			return c
		}
		return strings.Compare(a.Region, b.Region)
	})
	return out
}

var (
	regionName = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)
	pricesBody = &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "prices", LabelNames: []string{"region"}}}}
	pricesAttr = &hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "date", Required: true}, {Name: "source", Required: true}, {Name: "usd", Required: true}}}
)

// parsePrices reads a price file: blocks `prices "REGION" { date, source, usd = { KEY = NUMBER } }`.
func parsePrices(name, shown string, text []byte) (table, error) {
	body, err := ParseFile(name, text)
	if err != nil {
		return nil, err
	}
	content, diags := body.Content(pricesBody)
	if diags.HasErrors() {
		return nil, diags
	}
	t := table{}
	for _, block := range content.Blocks {
		region := block.Labels[0]
		if region != "*" && !regionName.MatchString(region) {
			return nil, fmt.Errorf("%s: got region %q, expected one such as \"eu-west-1\", or \"*\" for all", block.LabelRanges[0], region)
		}
		inner, diags := block.Body.Content(pricesAttr)
		if diags.HasErrors() {
			return nil, diags
		}
		source, err := stringAttribute(inner.Attributes["source"])
		if err != nil {
			return nil, err
		}
		date, err := stringAttribute(inner.Attributes["date"])
		if err != nil {
			return nil, err
		}
		if _, err := time.Parse(time.DateOnly, date); err != nil {
			return nil, fmt.Errorf("%s: got date %q, expected a day such as \"2026-11-27\"", inner.Attributes["date"].Expr.Range(), date)
		}
		numbers, err := numberMap(inner.Attributes["usd"])
		if err != nil {
			return nil, err
		}
		for key, n := range numbers {
			if _, ok := Lookup(key); !ok {
				return nil, fmt.Errorf("%s: no price is called %q%s; `titanicml-lint cost prices` lists them", inner.Attributes["usd"].Expr.Range(), key,
					match.DidYouMean(key, keys()))
			}
			if _, twice := t[key][region]; twice {
				return nil, fmt.Errorf("%s: %q has a price for %q already in this file; leave one", inner.Attributes["usd"].Expr.Range(), key, region)
			}
			t.set(Price{Key: key, Region: region, USD: n, Source: source, Date: date, Table: shown})
		}
	}
	return t, nil
}

func keys() []string {
	var out []string
	for _, e := range catalogue {
		out = append(out, e.Key)
	}
	return out
}

// ParseFile reads HCL, or JSON where the name says so.
func ParseFile(name string, text []byte) (hcl.Body, error) {
	if len(text) > MaxFileSize {
		return nil, fmt.Errorf("%s: %d bytes, the limit is %d", name, len(text), MaxFileSize)
	}
	parser := hclparse.NewParser()
	var file *hcl.File
	var diags hcl.Diagnostics
	if strings.HasSuffix(name, ".json") {
		file, diags = parser.ParseJSON(text, name)
	} else {
		file, diags = parser.ParseHCL(text, name)
	}
	if diags.HasErrors() {
		return nil, diags
	}
	return file.Body, nil
}

func stringAttribute(a *hcl.Attribute) (string, error) {
	v, diags := a.Expr.Value(nil)
	if diags.HasErrors() {
		return "", diags
	}
	if v.IsNull() || !v.IsWhollyKnown() || v.Type() != cty.String || strings.TrimSpace(v.AsString()) == "" {
		return "", fmt.Errorf("%s: %s is a text that is not empty", a.Expr.Range(), a.Name)
	}
	return v.AsString(), nil
}

// numberMap is an object of numbers from 0 on.
func numberMap(a *hcl.Attribute) (map[string]float64, error) {
	v, diags := a.Expr.Value(nil)
	if diags.HasErrors() {
		return nil, diags
	}
	if v.IsNull() || !v.IsWhollyKnown() || !v.CanIterateElements() || !v.Type().IsObjectType() && !v.Type().IsMapType() {
		return nil, fmt.Errorf("%s: %s is an object of numbers by name", a.Expr.Range(), a.Name)
	}
	out := map[string]float64{}
	for key, element := range v.AsValueMap() {
		n, err := Number(element)
		if err != nil {
			return nil, fmt.Errorf("%s: %s %q: %w", a.Expr.Range(), a.Name, key, err)
		}
		out[key] = n
	}
	return out, nil
}

// Number reads a number from 0 to Largest.
func Number(v cty.Value) (float64, error) {
	if v.IsNull() || !v.IsKnown() || v.Type() != cty.Number {
		return 0, fmt.Errorf("expected a number")
	}
	n, _ := v.AsBigFloat().Float64()
	if math.IsInf(n, 0) || n < 0 || n > Largest {
		return 0, fmt.Errorf("got %v, expected a number from 0 to %g", n, float64(Largest))
	}
	return n, nil
}
