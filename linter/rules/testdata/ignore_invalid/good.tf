# titanicml-ignore: log_retention, required_tags reason="the account's baseline stack sets both" until=2027-01-31
resource "aws_cloudwatch_log_group" "a" {}
