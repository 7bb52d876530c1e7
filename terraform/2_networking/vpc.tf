# Private subnets only. Nothing in here reaches the internet: there is no internet
# gateway and no NAT; AWS services are reached through the endpoints of endpoints.tf.

resource "aws_default_security_group" "closed" {
  vpc_id = aws_vpc.main.id

  tags = { Name = "${local.name}-default-closed" }
}

resource "aws_route_table" "private" {
  vpc_id = aws_vpc.main.id

  tags = { Name = "${local.name}-private" }
}

resource "aws_route_table_association" "private" {
  for_each = aws_subnet.private

  route_table_id = aws_route_table.private.id
  subnet_id      = each.value.id
}

resource "aws_subnet" "private" {
  for_each = local.subnets

  availability_zone       = each.key
  cidr_block              = each.value
  map_public_ip_on_launch = false
  vpc_id                  = aws_vpc.main.id

  tags = { Name = "${local.name}-private-${each.key}" }
}

resource "aws_vpc" "main" {
  cidr_block           = var.cidr
  enable_dns_hostnames = true
  enable_dns_support   = true

  tags = { Name = "${local.name}-main" }
}

locals {
  subnets = { for index, zone in local.zones : zone => cidrsubnet(var.cidr, 4, index) }
  zones   = [for letter in var.zones : "${local.region}${letter}"]
}
