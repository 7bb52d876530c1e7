# The one file to edit in a fork: accounts, repository and names. Every stage and
# every script reads it. dev and prod may be one account or, better, two.
project = {
  account_ids = {
    dev  = "123456789012"
    prod = "123456789012"
  }
  alert_emails      = ["mlops@example.com"]
  cost_center       = "ml-1001"
  github_repository = "titanicml/terraform-provider-titanicml"
  owner             = "mlops"
  region            = "eu-west-1"
}
