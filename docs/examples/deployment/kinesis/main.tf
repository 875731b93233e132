resource "aws_lambda_event_source_mapping" "orders" {
  event_source_arn                   = aws_kinesis_stream.orders.arn
  function_name                      = aws_lambda_function.listener.arn
  starting_position                  = "TRIM_HORIZON"
  batch_size                         = 500
  maximum_batching_window_in_seconds = 1
  function_response_types            = ["ReportBatchItemFailures"]
  bisect_batch_on_function_error     = true
  maximum_retry_attempts             = 10

  destination_config {
    on_failure {
      destination_arn = aws_s3_bucket.given_up.arn
    }
  }
}

resource "aws_kinesis_stream" "orders" {
  name             = "orders"
  retention_period = 168 # 7 days

  stream_mode_details {
    stream_mode = "ON_DEMAND"
  }
}

# The records that Lambda has given up on.
resource "aws_s3_bucket" "given_up" {
  bucket_prefix = "orders-given-up-"
}

resource "aws_iam_role_policy" "source" {
  name = "source"
  role = aws_iam_role.listener.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = [
          "kinesis:DescribeStream",
          "kinesis:DescribeStreamSummary",
          "kinesis:GetRecords",
          "kinesis:GetShardIterator",
          "kinesis:ListShards",
        ]
        Resource = aws_kinesis_stream.orders.arn
      },
      {
        Effect   = "Allow"
        Action   = ["s3:PutObject"]
        Resource = "${aws_s3_bucket.given_up.arn}/*"
      },
      {
        Effect   = "Allow"
        Action   = ["s3:ListBucket"]
        Resource = aws_s3_bucket.given_up.arn
      },
    ]
  })
}
