# want(+1) "gives no reason and does not count"
# titanicml-ignore: log_retention
resource "aws_cloudwatch_log_group" "a" {}

# want(+1) "names the rule \"log_retentoin\", which does not exist; did you mean \"log_retention\"\\?"
# titanicml-ignore: log_retentoin reason="short lived"
resource "aws_cloudwatch_log_group" "b" {}

# want(+1) "expired on 2026-01-31"
# titanicml-ignore: log_retention reason="until the audit" until=2026-01-31
resource "aws_cloudwatch_log_group" "c" {}

# want(+1) "malformed: \"why\" is unknown"
# titanicml-ignore: log_retention why="because"
resource "aws_cloudwatch_log_group" "d" {}

# want(+1) "doc \"bad.tf\" has no heading \"nowhere\""
# titanicml-ignore: log_retention reason="see there" doc="bad.tf#nowhere"
resource "aws_cloudwatch_log_group" "f" {}

# want(+1) "doc \"docs/none.md\" does not exist"
# titanicml-ignore: log_retention reason="see there" doc="docs/none.md#logs"
resource "aws_cloudwatch_log_group" "e" {}

# want(+1) "ignore of ec2_unjustified names no document and does not count"
# titanicml-ignore: ec2_unjustified reason="it has always been there"
resource "aws_instance" "g" {}

# want(+1) "ignore of iam_wildcard_action names no document and does not count"
# titanicml-ignore: iam_wildcard_action reason="too many to list"
resource "aws_iam_user_policy" "h" {}
