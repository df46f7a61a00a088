# What a feature that is off by default needs, where the environment has it. These services' resources have no
# names that we choose, so their tags say whose they are; what CloudFront and Lake Formation have without tags is
# the account's.

data "aws_iam_policy_document" "features" {
  # A policy needs a statement, and nobody is refused this.
  dynamic "statement" {
    for_each = length(var.features) == 0 ? ["none"] : []

    content {
      sid       = "KnowOwnAccount"
      actions   = ["sts:GetCallerIdentity"]
      resources = ["*"]
    }
  }

  dynamic "statement" {
    for_each = contains(var.features, "keys") ? {
      MakeKeys = {
        actions   = ["kms:CreateKey", "kms:TagResource"]
        resources = ["*"]
        tags      = "aws:RequestTag"
      }
      SetKeys = {
        actions   = ["kms:CreateAlias", "kms:DeleteAlias", "kms:EnableKeyRotation", "kms:PutKeyPolicy", "kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription", "kms:CreateGrant", "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"]
        resources = ["${local.aws}:kms:${local.here}:key/*"]
        tags      = "aws:ResourceTag"
      }
      NameKeys = {
        actions   = ["kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"]
        resources = ["${local.aws}:kms:${local.here}:alias/${local.prefix}"]
        tags      = null
      }
    } : {}

    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = statement.value.resources

      dynamic "condition" {
        for_each = statement.value.tags == null ? [] : [statement.value.tags]

        content {
          test     = "StringEquals"
          variable = "${condition.value}/environment"
          values   = [var.environment]
        }
      }
    }
  }

  dynamic "statement" {
    for_each = length(setintersection(var.features, ["stream", "warehouse"])) > 0 ? {
      MakeNetwork = {
        actions = ["ec2:CreateVpc", "ec2:CreateVpcEndpoint", "ec2:CreateSubnet", "ec2:CreateInternetGateway", "ec2:CreateRouteTable", "ec2:CreateSecurityGroup", "ec2:CreateTags"]
        tags    = "aws:RequestTag"
      }
      SetNetwork = {
        actions = [
          "ec2:Associate*", "ec2:AttachInternetGateway", "ec2:AuthorizeSecurityGroup*", "ec2:CreateRoute",
          "ec2:CreateSecurityGroup", "ec2:CreateSubnet", "ec2:CreateRouteTable", "ec2:CreateVpcEndpoint",
          "ec2:DeleteInternetGateway", "ec2:DeleteRoute*", "ec2:DeleteSecurityGroup", "ec2:DeleteSubnet",
          "ec2:DeleteTags", "ec2:DeleteVpc", "ec2:DeleteVpcEndpoints", "ec2:DetachInternetGateway",
          "ec2:Disassociate*", "ec2:ModifySubnetAttribute", "ec2:ModifyVpcAttribute", "ec2:ModifyVpcEndpoint",
          "ec2:RevokeSecurityGroup*",
        ]
        tags = "aws:ResourceTag"
      }
    } : {}

    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = ["${local.aws}:ec2:${local.here}:*"]

      condition {
        test     = "StringEquals"
        variable = "${statement.value.tags}/environment"
        values   = [var.environment]
      }
    }
  }

  # The group that a new VPC brings has no tag yet when Terraform empties it.
  dynamic "statement" {
    for_each = length(setintersection(var.features, ["stream", "warehouse"])) > 0 ? ["this"] : []

    content {
      sid       = "SetDefaultGroup"
      actions   = ["ec2:CreateTags", "ec2:RevokeSecurityGroup*"]
      resources = ["${local.aws}:ec2:${local.here}:security-group/*", "${local.aws}:ec2:${local.here}:security-group-rule/*"]
    }
  }

  # Redshift Serverless has no names in its ARNs. RDS and Redshift keep their administrators' passwords in secrets
  # of theirs, in the name of who makes the database.
  dynamic "statement" {
    for_each = contains(var.features, "warehouse") ? {
      SetDatabase = {
        actions   = ["rds:AddTagsToResource", "rds:CreateDB*", "rds:DeleteDB*", "rds:ModifyDB*", "rds:RemoveTagsFromResource", "rds:ResetDBParameterGroup"]
        resources = [for kind in ["db", "pg", "subgrp"] : "${local.aws}:rds:${local.here}:${kind}:${local.prefix}-*"]
      }
      SetWorkgroup = {
        actions   = ["redshift-serverless:Create*", "redshift-serverless:Delete*", "redshift-serverless:TagResource", "redshift-serverless:UntagResource", "redshift-serverless:Update*"]
        resources = ["*"]
      }
      KeepAdministratorsSecrets = {
        actions   = ["secretsmanager:CreateSecret", "secretsmanager:DeleteSecret", "secretsmanager:RotateSecret", "secretsmanager:TagResource", "secretsmanager:UpdateSecret"]
        resources = [for owner in ["rds", "redshift"] : "${local.aws}:secretsmanager:${local.here}:secret:${owner}!*"]
      }
    } : {}

    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = statement.value.resources
    }
  }

  dynamic "statement" {
    for_each = contains(var.features, "stream") ? {
      SetCollector = {
        actions = [
          "ecs:CreateCluster", "ecs:UpdateCluster*", "ecs:DeleteCluster", "ecs:CreateService", "ecs:UpdateService",
          "ecs:DeleteService", "ecs:TagResource", "ecs:UntagResource", "ecs:PutClusterCapacityProviders",
        ]
        resources = [for kind in ["cluster", "service", "task-definition"] : "${local.aws}:ecs:${local.here}:${kind}/${local.prefix}-*"]
      }
      SetTasksAndLogIn = {
        actions   = ["ecs:RegisterTaskDefinition", "ecs:DeregisterTaskDefinition", "ecr:GetAuthorizationToken"]
        resources = ["*"]
      }
      SetRepository = {
        actions = [
          "ecr:CreateRepository", "ecr:PutLifecyclePolicy", "ecr:DeleteLifecyclePolicy", "ecr:PutImage*Configuration",
          "ecr:PutImageTagMutability", "ecr:TagResource", "ecr:UntagResource",
          "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload",
          "ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart",
        ]
        resources = ["${local.aws}:ecr:${local.here}:repository/${local.prefix}-*"]
      }
    } : {}

    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = statement.value.resources
    }
  }

  dynamic "statement" {
    for_each = contains(var.features, "orchestrator") ? ["this"] : []

    content {
      sid       = "SetOrchestratorsPolicy"
      actions   = ["iam:CreatePolicy", "iam:CreatePolicyVersion", "iam:DeletePolicy", "iam:DeletePolicyVersion", "iam:TagPolicy", "iam:UntagPolicy"]
      resources = ["${local.aws}:iam::${local.account}:policy/${local.prefix}-orchestrator"]
    }
  }

  dynamic "statement" {
    for_each = contains(var.features, "budget") ? ["this"] : []

    content {
      sid       = "SetBudget"
      actions   = ["budgets:ModifyBudget", "budgets:TagResource", "budgets:UntagResource"]
      resources = ["${local.aws}:budgets::${local.account}:budget/${local.prefix}-*"]
    }
  }

  dynamic "statement" {
    for_each = contains(var.features, "dashboard") ? ["this"] : []

    content {
      sid       = "SetDistribution"
      actions   = ["cloudfront:Create*", "cloudfront:Update*", "cloudfront:Delete*", "cloudfront:TagResource", "cloudfront:UntagResource"]
      resources = ["*"]
    }
  }

  dynamic "statement" {
    for_each = contains(var.features, "readers") ? {
      SetGrants = {
        actions   = ["lakeformation:RegisterResource", "lakeformation:UpdateResource", "lakeformation:DeregisterResource", "lakeformation:GrantPermissions", "lakeformation:RevokePermissions", "lakeformation:CreateLakeFormationOptIn", "lakeformation:DeleteLakeFormationOptIn"]
        resources = ["*"]
      }
      SetReadersPolicy = {
        actions   = ["iam:CreatePolicy", "iam:CreatePolicyVersion", "iam:DeletePolicy", "iam:DeletePolicyVersion", "iam:TagPolicy", "iam:UntagPolicy"]
        resources = ["${local.aws}:iam::${local.account}:policy/${local.prefix}-reader"]
      }
    } : {}

    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = statement.value.resources
    }
  }

  dynamic "statement" {
    for_each = contains(var.features, "spark") ? ["this"] : []

    content {
      sid       = "SetSparkJob"
      actions   = ["glue:CreateJob", "glue:UpdateJob", "glue:DeleteJob", "glue:TagResource", "glue:UntagResource"]
      resources = ["${local.aws}:glue:${local.here}:job/${local.prefix}-spark"]
    }
  }

  # Readers are roles and users of any name; what they are given is the stack's one policy for them.
  dynamic "statement" {
    for_each = contains(var.features, "readers") ? ["this"] : []

    content {
      sid       = "GiveReadersTheirPolicy"
      actions   = ["iam:AttachRolePolicy", "iam:AttachUserPolicy", "iam:DetachRolePolicy", "iam:DetachUserPolicy"]
      resources = ["*"]

      condition {
        test     = "ArnEquals"
        variable = "iam:PolicyARN"
        values   = ["${local.aws}:iam::${local.account}:policy/${local.prefix}-reader"]
      }
    }
  }
}

resource "aws_iam_policy" "features" {
  name        = "${local.own_prefix}-features"
  description = "What the features that ${local.prefix} has need beside"
  policy      = data.aws_iam_policy_document.features.json
}
