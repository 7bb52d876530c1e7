// Package pricelist asks the AWS Price List API what things cost. Input: keys of the cost catalogue with their regions.
// Output: a price for each key to which exactly one product answers, and the reasons for the others.
package pricelist

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/pricing"
	"github.com/aws/aws-sdk-go-v2/service/pricing/types"

	"github.com/titanicml/terraform-provider-titanicml/linter/cost"
	"github.com/titanicml/terraform-provider-titanicml/linter/cost/price"
)

// apiRegion is one of the few regions in which the API answers; it knows the prices of all.
const apiRegion = "us-east-1"

// New makes a client with the credentials that the SDK's default chain finds.
func New(ctx context.Context) (*pricing.Client, error) {
	c, err := config.LoadDefaultConfig(ctx, config.WithRegion(apiRegion))
	if err != nil {
		return nil, fmt.Errorf("find AWS credentials for the price list: %w", err)
	}
	return pricing.NewFromConfig(c), nil
}

// Find asks for each key. Missing says why a key has no price here; an error means that the API could not be asked at all.
func Find(ctx context.Context, client pricing.GetProductsAPIClient, needs []cost.Need) (prices []price.Price, missing []string, err error) {
	for _, need := range needs {
		entry, ok := price.Lookup(need.Key)
		if !ok || need.Region == "" {
			missing = append(missing, fmt.Sprintf("%s in region %q: the price list is not asked for it", need.Key, need.Region))
			continue
		}
		found, err := products(ctx, client, entry, need.Region)
		if err != nil {
			return nil, nil, fmt.Errorf("ask the AWS Price List API for %s in %s: %w", need.Key, need.Region, err)
		}
		price, err := one(found, entry, need.Region)
		if err != nil {
			missing = append(missing, fmt.Sprintf("%s in %s: %v", need.Key, need.Region, err))
			continue
		}
		prices = append(prices, price)
	}
	return prices, missing, nil
}

// product is the part of an answer that is read.
type product struct {
	Product struct {
		SKU        string            `json:"sku"`
		Attributes map[string]string `json:"attributes"`
	} `json:"product"`
	Terms struct {
		OnDemand map[string]struct {
			EffectiveDate   string `json:"effectiveDate"`
			PriceDimensions map[string]struct {
				BeginRange   string            `json:"beginRange"`
				PricePerUnit map[string]string `json:"pricePerUnit"`
			} `json:"priceDimensions"`
		} `json:"OnDemand"`
	} `json:"terms"`
}

// maxPages bounds how many pages of an answer are read; a usage type has one.
const maxPages = 50

func products(ctx context.Context, client pricing.GetProductsAPIClient, entry price.Entry, region string) ([]product, error) {
	pages := pricing.NewGetProductsPaginator(client, &pricing.GetProductsInput{
		ServiceCode: aws.String(entry.Service),
		Filters: []types.Filter{
			{Type: types.FilterTypeTermMatch, Field: aws.String("regionCode"), Value: aws.String(region)},
			{Type: types.FilterTypeContains, Field: aws.String("usagetype"), Value: aws.String(entry.Usage)},
		},
	})
	// The usage type of a region has a prefix such as EU- or USE1-, which us-east-1 leaves out for older services.
	exact := regexp.MustCompile(`^([A-Z]{2,4}[0-9]?-)?` + regexp.QuoteMeta(entry.Usage) + `$`)
	var out []product
	for page := 0; pages.HasMorePages() && page < maxPages; page++ {
		answer, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, text := range answer.PriceList {
			var p product
			if err := json.Unmarshal([]byte(text), &p); err != nil {
				return nil, fmt.Errorf("read a product: %w", err)
			}
			if exact.MatchString(p.Product.Attributes["usagetype"]) {
				out = append(out, p)
			}
		}
	}
	return out, nil
}

// one is the price that all products agree on: the first that is not free, for AWS lists free tiers as first ranges.
func one(found []product, entry price.Entry, region string) (price.Price, error) {
	var candidates []price.Price
	for _, p := range found {
		for _, term := range p.Terms.OnDemand {
			type tier struct{ from, usd float64 }
			var tiers []tier
			for _, dimension := range term.PriceDimensions {
				from, errFrom := strconv.ParseFloat(dimension.BeginRange, 64)
				usd, errUSD := strconv.ParseFloat(dimension.PricePerUnit["USD"], 64)
				if errFrom == nil && errUSD == nil && usd > 0 {
					tiers = append(tiers, tier{from, usd})
				}
			}
			if len(tiers) == 0 {
				continue
			}
			first := slices.MinFunc(tiers, func(a, b tier) int { return cmp.Compare(a.from, b.from) })
			candidates = append(candidates, price.Price{Key: entry.Key, Region: region, USD: first.usd * entry.Per,
				Source: "AWS Price List API, SKU " + p.Product.SKU, Date: day(term.EffectiveDate), Table: "AWS Price List"})
		}
	}
	if len(candidates) == 0 {
		return price.Price{}, errors.New("no product with a price in USD")
	}
	for _, c := range candidates[1:] {
		if c.USD != candidates[0].USD {
			return price.Price{}, fmt.Errorf("%d products with different prices", len(candidates))
		}
	}
	slices.SortFunc(candidates, func(a, b price.Price) int { return cmp.Compare(a.Source, b.Source) })
	return candidates[0], nil
}

// day is the date in a time stamp such as 2026-11-01T00:00:00Z.
func day(stamp string) string {
	if len(stamp) < len("2006-01-02") {
		return stamp
	}
	return stamp[:len("2006-01-02")]
}
