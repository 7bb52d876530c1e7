resource "aws_iam_role" "pipeline" {
  name = "titanic-pipeline"
  assume_role_policy = jsonencode({ # want "aws_iam_role.pipeline can be assumed by lambda.amazonaws.com and sagemaker.amazonaws.com; give each service its own role"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = ["sagemaker.amazonaws.com", "lambda.amazonaws.com"] }
    }]
  })
}
