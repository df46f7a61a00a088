# The two layers. They pass through the artifacts bucket, since Lambda takes at most 50 MB directly.

locals {
  layers = {
    coinlake     = "${var.packages}/coinlake-layer.zip"
    dependencies = "${var.packages}/dependencies-layer.zip"
  }
}

resource "aws_s3_object" "layer" {
  for_each = local.layers

  bucket = module.artifacts.name
  # The key holds the content's hash: new bytes make a new key, and so a new layer version.
  key    = "layers/${each.key}-${substr(filesha256(each.value), 0, 16)}.zip"
  source = each.value

  # No tags: the bucket's own say the same, and the embedded AWS drops those of an object in parts.
  override_provider {
    default_tags {
      tags = {}
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lambda_layer_version" "this" {
  for_each = local.layers

  layer_name               = "${local.prefix}-${each.key}"
  s3_bucket                = aws_s3_object.layer[each.key].bucket
  s3_key                   = aws_s3_object.layer[each.key].key
  compatible_runtimes      = [var.python_runtime]
  compatible_architectures = [var.architecture]

  # Functions move to the new version before the old one goes.
  lifecycle {
    create_before_destroy = true
  }
}
