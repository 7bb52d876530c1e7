output "endpoint_security_group_id" {
  description = "Security group of the interface endpoints."
  value       = aws_security_group.endpoints.id
}

output "flow_log_group" {
  description = "Log group of the VPC's flow logs."
  value       = aws_cloudwatch_log_group.flow_logs.name
}

output "subnet_ids" {
  description = "Private subnets, in the order of the zones."
  value       = [for zone in local.zones : aws_subnet.private[zone].id]
}

output "vpc_id" {
  description = "The VPC."
  value       = aws_vpc.main.id
}

output "workload_security_group_id" {
  description = "Security group for training, processing and ETL."
  value       = aws_security_group.workload.id
}
