resource "aws_instance" "jupyter" { # want "aws_instance.jupyter runs EC2 instances; use SageMaker, Fargate or Lambda"
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.large"
}

resource "aws_launch_template" "workers" { # want "aws_launch_template.workers runs EC2 instances"
  name = "titanic-workers"
}

resource "aws_autoscaling_group" "workers" { # want "aws_autoscaling_group.workers runs EC2 instances"
  min_size = 0
  max_size = 1
}
