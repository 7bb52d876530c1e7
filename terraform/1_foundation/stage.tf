# Written last: the ledger says that this stage was applied, from which sources. Stage 1
# has no predecessor.

resource "titanicml_stage" "this" {
  name       = "foundation"
  number     = 1
  dev_ledger = var.env == "prod" ? "s3://titanic-dev-store-${var.project.account_ids.dev}/titanicml/stages/dev" : null
  evidence   = "${path.module}/../../docs/00-foundations.md"
  ledger     = "s3://${module.store_bucket.name}/titanicml/stages/${var.env}"
  source_dir = path.module

  outputs = {
    apply_role_arn = aws_iam_role.apply.arn
    plan_role_arn  = aws_iam_role.plan.arn
    state_bucket   = module.state_bucket.name
    store          = "s3://${module.store_bucket.name}/titanicml"
  }

  depends_on = [
    aws_cloudtrail.management,
    aws_iam_openid_connect_provider.github,
    aws_iam_policy.apply_state,
    aws_iam_policy.ci_boundary,
    aws_iam_policy.plan_state,
    aws_iam_policy.read,
    aws_iam_policy.workload_boundary,
    aws_iam_policy.write,
    aws_iam_role.apply,
    aws_iam_role.operator,
    aws_iam_role.plan,
    aws_iam_role_policy.operator,
    aws_iam_role_policy_attachment.apply_read,
    aws_iam_role_policy_attachment.apply_state,
    aws_iam_role_policy_attachment.apply_write,
    aws_iam_role_policy_attachment.plan_read,
    aws_iam_role_policy_attachment.plan_state,
    module.audit_bucket,
    module.data_key,
    module.logs_key,
    module.state_bucket,
    module.state_key,
    module.store_bucket,
  ]
}
