rule "resource_naming" {
  name  = "^titanic-"
  names = { aws_sqs_queue = "^q-" }
}
