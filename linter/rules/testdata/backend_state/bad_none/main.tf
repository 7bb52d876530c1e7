resource "aws_s3_bucket" "data" {} # want "has no backend"
