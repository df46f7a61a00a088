# Where the collector runs when no subnets are given: two public ones. A public address costs $3.65 a
# month, a NAT gateway nine times that. Nothing comes in; only TLS to the exchanges and to AWS goes out.

locals {
  stream_own_network = var.enable_stream && length(var.stream.subnet_ids) == 0
  stream_network     = toset(local.stream_own_network ? ["this"] : [])
  stream_zones       = local.stream_own_network ? { a = 0, b = 1 } : {}
}

# Which zones there are, and by which letter, differs by account.
data "aws_availability_zones" "stream" {
  for_each = local.stream_network

  state            = "available"
  exclude_zone_ids = local.zones_without_fargate

  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"] # local zones want an opt-in
  }
}

resource "aws_vpc" "stream" {
  for_each = local.stream_network

  cidr_block           = "10.87.0.0/24"
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags                 = { Name = local.stream_name }
}

# Nothing uses it, so it lets nothing through.
resource "aws_default_security_group" "stream" {
  for_each = aws_vpc.stream

  vpc_id = each.value.id
}

resource "aws_internet_gateway" "stream" {
  for_each = aws_vpc.stream

  vpc_id = each.value.id
  tags   = { Name = local.stream_name }
}

resource "aws_subnet" "stream" {
  for_each = local.stream_zones

  vpc_id            = aws_vpc.stream["this"].id
  availability_zone = sort(data.aws_availability_zones.stream["this"].names)[each.value]
  cidr_block        = cidrsubnet(aws_vpc.stream["this"].cidr_block, 1, each.value)
  tags              = { Name = "${local.stream_name}-${each.key}" }
}

resource "aws_route_table" "stream" {
  for_each = aws_vpc.stream

  vpc_id = each.value.id
  tags   = { Name = local.stream_name }

  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.stream[each.key].id
  }
}

resource "aws_route_table_association" "stream" {
  for_each = aws_subnet.stream

  subnet_id      = each.value.id
  route_table_id = aws_route_table.stream["this"].id
}

resource "aws_security_group" "stream" {
  for_each = local.stream_on

  name        = local.stream_name
  description = "The live collector calls out and is never called"
  vpc_id      = local.stream_own_network ? aws_vpc.stream["this"].id : var.stream.vpc_id
  tags        = { Name = local.stream_name }
}

# 9443 is where Binance's global and US websockets are.
resource "aws_vpc_security_group_egress_rule" "stream" {
  for_each = var.enable_stream ? toset(["443", "9443"]) : toset([])

  security_group_id = aws_security_group.stream["this"].id
  description       = "TLS to exchanges and AWS"
  ip_protocol       = "tcp"
  from_port         = tonumber(each.key)
  to_port           = tonumber(each.key)
  cidr_ipv4         = "0.0.0.0/0"
}
