output "name" {
  description = "Name of the bucket, for objects: whoever uses it waits until the bucket is encrypted, versioned and closed"
  value       = aws_s3_bucket.this.bucket
  depends_on = [
    aws_s3_bucket_policy.this,
    aws_s3_bucket_server_side_encryption_configuration.this,
    aws_s3_bucket_versioning.this,
  ]
}

output "policy" {
  description = "The bucket's policy as JSON"
  value       = data.aws_iam_policy_document.this.json
}
