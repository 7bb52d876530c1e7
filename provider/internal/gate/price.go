package gate

// PriceDate is the month of the embedded prices.
const PriceDate = "2025-01"

// trainingPrices are SageMaker's on-demand list prices for training in
// us-east-1, USD per instance and hour, entered by hand from what AWS lists at
// aws.amazon.com/sagemaker/pricing. They bound a cost, they do not bill it:
// for another region or a contract, give evidence.training_price_per_hour_usd.
var trainingPrices = map[string]float64{
	"ml.c5.xlarge":    0.204,
	"ml.c5.2xlarge":   0.408,
	"ml.c5.4xlarge":   0.816,
	"ml.c5.9xlarge":   1.836,
	"ml.c5.18xlarge":  3.672,
	"ml.g4dn.xlarge":  0.736,
	"ml.g5.xlarge":    1.408,
	"ml.m5.large":     0.115,
	"ml.m5.xlarge":    0.230,
	"ml.m5.2xlarge":   0.461,
	"ml.m5.4xlarge":   0.922,
	"ml.m5.12xlarge":  2.765,
	"ml.m5.24xlarge":  5.530,
	"ml.p3.2xlarge":   3.825,
	"ml.p3.8xlarge":   14.688,
	"ml.p3.16xlarge":  28.152,
	"ml.r5.xlarge":    0.302,
	"ml.t3.medium":    0.050,
	"ml.t3.large":     0.100,
	"ml.t3.xlarge":    0.200,
	"ml.p4d.24xlarge": 37.688,
}

// TrainingPrice in USD per hour of one instance, 0 when it is not known.
func TrainingPrice(instanceType string) float64 { return trainingPrices[instanceType] }
