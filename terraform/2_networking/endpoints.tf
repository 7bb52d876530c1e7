resource "aws_vpc_endpoint" "interface" {
  for_each = local.interface_services

  policy              = data.aws_iam_policy_document.endpoint.json
  private_dns_enabled = true
  security_group_ids  = [aws_security_group.endpoints.id]
  service_name        = "com.amazonaws.${local.region}.${each.value}"
  subnet_ids          = [for zone in slice(local.zones, 0, var.endpoint_zones) : aws_subnet.private[zone].id]
  vpc_endpoint_type   = "Interface"
  vpc_id              = aws_vpc.main.id

  tags = { Name = "${local.name}-${each.key}" }
}

resource "aws_vpc_endpoint" "s3" {
  policy            = data.aws_iam_policy_document.s3_endpoint.json
  route_table_ids   = [aws_route_table.private.id]
  service_name      = "com.amazonaws.${local.region}.s3"
  vpc_endpoint_type = "Gateway"
  vpc_id            = aws_vpc.main.id

  tags = { Name = "${local.name}-s3" }
}

# An endpoint is a door, not a grant: it lets this account's roles through to this
# account's resources, and what they may do there their own policies say.
data "aws_iam_policy_document" "endpoint" {
  # checkov:skip=CKV_AWS_1:an endpoint policy filters, it grants nothing; the condition lets one account through
  # checkov:skip=CKV_AWS_49:an endpoint policy filters, it grants nothing; the condition lets one account through
  statement {
    sid       = "OwnAccount"
    actions   = ["*"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      values   = [local.account_id]
      variable = "aws:PrincipalAccount"
    }

    principals {
      identifiers = ["*"]
      type        = "AWS"
    }
  }
}

data "aws_iam_policy_document" "s3_endpoint" {
  # checkov:skip=CKV_AWS_283:image layers are fetched with signed URLs of AWS itself, from the one bucket named
  statement {
    sid = "OwnBuckets"
    actions = [
      "s3:AbortMultipartUpload",
      "s3:GetBucketLocation",
      "s3:GetObject",
      "s3:GetObjectTagging",
      "s3:ListBucket",
      "s3:PutObject",
      "s3:PutObjectTagging",
    ]
    resources = ["arn:aws:s3:::${local.name}-*", "arn:aws:s3:::${local.name}-*/*"]

    condition {
      test     = "StringEquals"
      values   = [local.account_id]
      variable = "aws:PrincipalAccount"
    }

    principals {
      identifiers = ["*"]
      type        = "AWS"
    }
  }

  # Image layers of ECR lie in a bucket of AWS; they are fetched with signed URLs
  # of AWS's own account, so that no principal of ours can be required.
  statement {
    sid       = "ImageLayers"
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::prod-${local.region}-starport-layer-bucket/*"]

    principals {
      identifiers = ["*"]
      type        = "AWS"
    }
  }
}

locals {
  interface_services = {
    ecr-api           = "ecr.api"
    ecr-dkr           = "ecr.dkr"
    kms               = "kms"
    logs              = "logs"
    monitoring        = "monitoring"
    sagemaker-api     = "sagemaker.api"
    sagemaker-runtime = "sagemaker.runtime"
    sts               = "sts"
  }
}
