# The PostgreSQL of load.postgres.create: private, encrypted, by IAM tokens, in the network of load_network.tf.
# `coinlake load --init` makes its roles, once.

locals {
  load_rds = { for name, target in local.load_created : name => target if name == "postgres" }

  load_rds_name = "${local.prefix}-lake"
  load_rds_ids  = { for name, database in aws_db_instance.load : name => database.resource_id }
  load_rds_network = {
    for name, group in aws_security_group.load_function : name => {
      subnet_ids         = [for subnet in aws_subnet.load : subnet.id]
      security_group_ids = [group.id]
    }
  }
}

resource "aws_security_group" "load_function" {
  for_each = local.load_rds

  name        = "${local.prefix}-load-${each.key}"
  description = "load-${each.key} calls its database and S3, and is never called"
  vpc_id      = aws_vpc.load["this"].id
  tags        = { Name = "${local.prefix}-load-${each.key}" }
}

resource "aws_vpc_security_group_egress_rule" "load_database" {
  for_each = local.load_rds

  security_group_id            = aws_security_group.load_function[each.key].id
  description                  = "The database"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = aws_security_group.load_database[each.key].id
}

resource "aws_vpc_security_group_egress_rule" "load_s3" {
  for_each = local.load_rds

  security_group_id = aws_security_group.load_function[each.key].id
  description       = "S3, by its gateway endpoint"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  prefix_list_id    = aws_vpc_endpoint.load_s3["this"].prefix_list_id
}

resource "aws_security_group" "load_database" {
  for_each = local.load_rds

  name        = "${local.prefix}-load-database"
  description = "The warehouse is called by load-${each.key}"
  vpc_id      = aws_vpc.load["this"].id
  tags        = { Name = "${local.prefix}-load-database" }
}

resource "aws_vpc_security_group_ingress_rule" "load_database" {
  for_each = local.load_rds

  security_group_id            = aws_security_group.load_database[each.key].id
  description                  = "load-${each.key}"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = aws_security_group.load_function[each.key].id
}

resource "aws_db_subnet_group" "load" {
  for_each = local.load_rds

  name       = local.load_rds_name
  subnet_ids = [for subnet in aws_subnet.load : subnet.id]
}

resource "aws_db_parameter_group" "load" {
  for_each = local.load_rds

  name_prefix = "${local.load_rds_name}-"
  family      = "postgres17"
  description = "TLS only"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_db_instance" "load" {
  for_each = local.load_rds

  identifier                          = local.load_rds_name
  engine                              = "postgres"
  engine_version                      = "17"
  instance_class                      = each.value.instance_class
  allocated_storage                   = each.value.storage_gb
  max_allocated_storage               = 10 * each.value.storage_gb
  storage_type                        = "gp3"
  storage_encrypted                   = true
  kms_key_id                          = local.kms_key_arn
  db_name                             = "lake"
  username                            = "postgres"
  manage_master_user_password         = true # in Secrets Manager, never in the state
  master_user_secret_kms_key_id       = local.kms_key_arn
  iam_database_authentication_enabled = true
  db_subnet_group_name                = aws_db_subnet_group.load[each.key].name
  parameter_group_name                = aws_db_parameter_group.load[each.key].name
  vpc_security_group_ids              = [aws_security_group.load_database[each.key].id]
  publicly_accessible                 = false
  multi_az                            = false
  auto_minor_version_upgrade          = true
  backup_retention_period             = 1 # what is lost is loaded again
  copy_tags_to_snapshot               = true
  deletion_protection                 = var.protect_data
  skip_final_snapshot                 = true # the lake is the original
  apply_immediately                   = true
}

# The token of one user of this one instance.
data "aws_iam_policy_document" "load_rds" {
  for_each = local.load_rds

  statement {
    sid     = "LogIn"
    actions = ["rds-db:connect"]
    resources = [
      "arn:${local.account.partition}:rds-db:${local.account.region}:${local.account.id}:dbuser:${local.load_rds_ids[each.key]}/coinlake_load"
    ]
  }
}
