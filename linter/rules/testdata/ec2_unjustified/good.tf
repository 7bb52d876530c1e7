resource "aws_ecs_service" "etl" {
  name        = "titanic-etl"
  launch_type = "FARGATE"
}

resource "aws_subnet" "private" {
  vpc_id = "vpc-1"
}
