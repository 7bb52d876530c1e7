package gate

import (
	"fmt"
	"slices"
	"strings"
)

// priceList holds SageMaker's on-demand prices of training, USD per instance
// and hour, of one region and one source. A price is true where and when its
// source says; nothing is carried over to another region, and a type without a
// source has no price, so that a bound on the cost fails closed.
type priceList struct {
	region, date string
	// source is where the numbers were read.
	source string
	usd    map[string]float64
}

var trainingPrices = []priceList{
	{"eu-west-1", "2023-12-31", "bill of December 2023, EU (Ireland), lines \"Training\": github.com/aws-samples/sagemaker-ssh-helper, Sample_Costs.md",
		map[string]float64{"ml.g4dn.xlarge": 0.822, "ml.g5.xlarge": 1.57, "ml.m5.xlarge": 0.257, "ml.p3.2xlarge": 4.131}},
	{"eu-west-1", "2023-12-31", "the same bill, line \"Studio-Notebook\": every type there that has both costs the same to train on, to a tenth of a cent",
		map[string]float64{"ml.m5.large": 0.128}},
	// The offer file of AWS itself cannot be quoted by line; these are the lines others transcribed from it, each by two of them
	// where two were found.
	{"us-east-1", "2026-09-25", "AWS Price List, AmazonSageMaker, us-east-1, usage type USE1-Train, published 2026-08 and 2026-09",
		map[string]float64{
			"ml.c5.4xlarge": 0.816, "ml.c5.9xlarge": 1.836, "ml.c6i.8xlarge": 1.632,
			"ml.g4dn.xlarge": 0.736, "ml.g5.2xlarge": 1.515, "ml.g5.xlarge": 1.408, "ml.g6.xlarge": 1.127,
			"ml.m5.4xlarge": 0.922, "ml.m5.large": 0.115, "ml.m5.xlarge": 0.23, "ml.m6i.4xlarge": 0.922,
			"ml.p4d.24xlarge": 25.251, "ml.p5.48xlarge": 63.296,
			"ml.r5.4xlarge": 1.21, "ml.r5.8xlarge": 2.419, "ml.r7i.2xlarge": 0.635,
		}},
}

// TrainingPrice in USD per hour of one instance, with the day it stands for; ok
// is false where none is known.
func TrainingPrice(region, instanceType string) (usd float64, date string, ok bool) {
	for _, list := range trainingPrices {
		if usd, ok = list.usd[instanceType]; ok && list.region == region {
			return usd, list.date, true
		}
	}
	return 0, "", false
}

// TrainingPrices says in words which prices are known: "eu-west-1 (2023-12-31): ml.m5.large, ...".
func TrainingPrices() string {
	var parts []string
	types := map[string][]string{}
	for _, list := range trainingPrices {
		key := fmt.Sprintf("%s (%s)", list.region, list.date)
		for t := range list.usd {
			types[key] = append(types[key], "`"+t+"`")
		}
	}
	for key, names := range types {
		slices.Sort(names)
		parts = append(parts, key+": "+strings.Join(names, ", "))
	}
	slices.Sort(parts)
	return strings.Join(parts, "; ")
}
