# Processing, training, registration and serving run as this role.

module "sagemaker_role" {
  source = "../modules/role"

  name         = "${local.name}-sagemaker"
  boundary_arn = local.boundary_arn
  description  = "SageMaker execution role of ${var.env}"
  policies = {
    data     = data.aws_iam_policy_document.sagemaker_data.json
    network  = data.aws_iam_policy_document.sagemaker_network.json
    pipeline = data.aws_iam_policy_document.sagemaker_pipeline.json
  }
  service        = "sagemaker.amazonaws.com"
  source_account = local.account_id
}

data "aws_iam_policy_document" "sagemaker_data" {
  statement {
    sid     = "ListBuckets"
    actions = ["s3:GetBucketLocation", "s3:ListBucket"]
    resources = [
      "arn:aws:s3:::${local.artifacts_bucket}",
      "arn:aws:s3:::${local.datasets_bucket}",
      "arn:aws:s3:::${local.store_bucket}",
    ]
  }

  statement {
    sid     = "ReadDataAndModels"
    actions = ["s3:GetObject"]
    resources = [
      "arn:aws:s3:::${local.artifacts_bucket}/pipeline/*",
      "arn:aws:s3:::${local.datasets_bucket}/curated/*",
      "arn:aws:s3:::${local.datasets_bucket}/raw/*",
      "arn:aws:s3:::${local.store_bucket}/titanicml/data/*",
      "arn:aws:s3:::${local.store_bucket}/titanicml/evaluations/*",
      "arn:aws:s3:::${local.store_bucket}/titanicml/runs/*",
    ]
  }

  # Not evidence.json beside output: a container's word is not evidence.
  statement {
    sid     = "WriteResults"
    actions = ["s3:PutObject"]
    resources = [
      "arn:aws:s3:::${local.artifacts_bucket}/pipeline/*",
      "arn:aws:s3:::${local.datasets_bucket}/curated/*",
      "arn:aws:s3:::${local.store_bucket}/titanicml/evaluations/*/output/*",
      "arn:aws:s3:::${local.store_bucket}/titanicml/runs/*",
    ]
  }

  statement {
    sid       = "UseDataKey"
    actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
    resources = [local.data_key_arn]
  }

  statement {
    sid       = "GrantKeyToVolumes"
    actions   = ["kms:CreateGrant"]
    resources = [local.data_key_arn]

    condition {
      test     = "Bool"
      values   = ["true"]
      variable = "kms:GrantIsForAWSResource"
    }
  }

  statement {
    sid = "PullImage"
    actions = [
      "ecr:BatchCheckLayerAvailability",
      "ecr:BatchGetImage",
      "ecr:GetDownloadUrlForLayer",
    ]
    resources = [local.repository_arn]
  }

  statement {
    sid       = "LogInToRegistry"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }

  statement {
    sid       = "WriteLogs"
    actions   = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    resources = ["arn:aws:logs:${local.region}:${local.account_id}:log-group:/aws/sagemaker/*"]
  }

  statement {
    sid       = "WriteMetrics"
    actions   = ["cloudwatch:PutMetricData"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      values   = ["/aws/sagemaker/Endpoints", "/aws/sagemaker/ProcessingJobs", "/aws/sagemaker/TrainingJobs"]
      variable = "cloudwatch:namespace"
    }
  }
}

# A job in a VPC hangs its network interfaces into our subnets.
data "aws_iam_policy_document" "sagemaker_network" {
  statement {
    sid = "LookAtNetwork"
    actions = [
      "ec2:DescribeDhcpOptions",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeSecurityGroups",
      "ec2:DescribeSubnets",
      "ec2:DescribeVpcs",
    ]
    resources = ["*"]
  }

  # titanicml-ignore: iam_wildcard_resource reason="SageMaker makes the interfaces, so that their IDs cannot be known; subnets and security group are named" doc="docs/02-training-validation.md#iam"
  statement {
    sid     = "AttachToSubnets"
    actions = ["ec2:CreateNetworkInterface"]
    resources = concat(
      ["arn:aws:ec2:${local.region}:${local.account_id}:network-interface/*"],
      ["arn:aws:ec2:${local.region}:${local.account_id}:security-group/${local.workload_security_group_id}"],
      [for id in local.subnet_ids : "arn:aws:ec2:${local.region}:${local.account_id}:subnet/${id}"],
    )
  }

  # titanicml-ignore: iam_wildcard_resource reason="SageMaker makes the interfaces, so that their IDs cannot be known" doc="docs/02-training-validation.md#iam"
  statement {
    sid = "OwnInterfaces"
    actions = [
      "ec2:CreateNetworkInterfacePermission",
      "ec2:DeleteNetworkInterface",
      "ec2:DeleteNetworkInterfacePermission",
    ]
    resources = ["arn:aws:ec2:${local.region}:${local.account_id}:network-interface/*"]
  }
}

data "aws_iam_policy_document" "sagemaker_pipeline" {
  statement {
    sid = "RunSteps"
    actions = [
      "sagemaker:AddTags",
      "sagemaker:CreateModelPackage",
      "sagemaker:CreateProcessingJob",
      "sagemaker:CreateTrainingJob",
      "sagemaker:DescribeModelPackage",
      "sagemaker:DescribeModelPackageGroup",
      "sagemaker:DescribeProcessingJob",
      "sagemaker:DescribeTrainingJob",
      "sagemaker:StopProcessingJob",
      "sagemaker:StopTrainingJob",
    ]
    resources = concat(
      [for kind in ["model-package", "model-package-group"] : "${local.sagemaker_arn}:${kind}/${local.name}-*"],
      # A pipeline names its jobs pipelines-<execution>-<step>-<suffix>.
      flatten([for kind in ["processing-job", "training-job"] : [
        "${local.sagemaker_arn}:${kind}/${local.name}-*",
        "${local.sagemaker_arn}:${kind}/pipelines-*",
      ]]),
    )
  }

  statement {
    sid       = "InvokeSeal"
    actions   = ["lambda:InvokeFunction"]
    resources = [local.seal_arn]
  }

  statement {
    sid       = "PassItself"
    actions   = ["iam:PassRole"]
    resources = [local.sagemaker_role_arn]

    condition {
      test     = "StringEquals"
      values   = ["sagemaker.amazonaws.com"]
      variable = "iam:PassedToService"
    }
  }
}

locals {
  sagemaker_arn = "arn:aws:sagemaker:${local.region}:${local.account_id}"
  store_bucket  = split("/", local.store)[2]
}
