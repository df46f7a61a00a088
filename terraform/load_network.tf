# Where warehouses that coinlake makes lie: three subnets without a way out, and S3's gateway endpoint, which costs
# nothing. Nothing without load.postgres.create or load.redshift.create.
#
# load-postgres runs here too. Nothing more is needed: a schedule invokes it without a way in, Lambda carries its
# logs, IAM tokens are signed without a call, and nothing here is a queue that would be polled from inside.

locals {
  load_created = {
    for name, target in local.load_targets : name => target if try(target.create, false)
  }
  load_network = toset(length(local.load_created) > 0 ? ["this"] : [])

  # Redshift Serverless asks for three zones; a Region with two has no third subnet.
  load_zones = merge([
    for zones in data.aws_availability_zones.load : {
      for number, zone in slice(sort(zones.names), 0, min(3, length(zones.names))) : ["a", "b", "c"][number] => zone
    }
  ]...)
}

data "aws_availability_zones" "load" {
  for_each = local.load_network

  state = "available"

  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"] # local zones want an opt-in
  }
}

resource "aws_vpc" "load" {
  for_each = local.load_network

  cidr_block           = "10.88.0.0/24"
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags                 = { Name = "${local.prefix}-load" }
}

# Nothing uses it, so it lets nothing through.
resource "aws_default_security_group" "load" {
  for_each = aws_vpc.load

  vpc_id = each.value.id
}

resource "aws_subnet" "load" {
  for_each = local.load_zones

  vpc_id            = aws_vpc.load["this"].id
  availability_zone = each.value
  cidr_block        = cidrsubnet(aws_vpc.load["this"].cidr_block, 2, index(["a", "b", "c"], each.key))
  tags              = { Name = "${local.prefix}-load-${each.key}" }
}

resource "aws_route_table" "load" {
  for_each = aws_vpc.load

  vpc_id = each.value.id
  tags   = { Name = "${local.prefix}-load" }
}

resource "aws_route_table_association" "load" {
  for_each = aws_subnet.load

  subnet_id      = each.value.id
  route_table_id = aws_route_table.load["this"].id
}

resource "aws_vpc_endpoint" "load_s3" {
  for_each = aws_vpc.load

  vpc_id            = each.value.id
  service_name      = "com.amazonaws.${local.account.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [aws_route_table.load[each.key].id]
  tags              = { Name = "${local.prefix}-load" }
}
