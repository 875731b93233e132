variable "cluster_arn" {
  description = "The MSK cluster, with IAM authentication."
  type        = string
}

resource "aws_lambda_event_source_mapping" "orders" {
  event_source_arn                   = var.cluster_arn
  function_name                      = aws_lambda_function.listener.arn
  topics                             = ["orders"]
  starting_position                  = "TRIM_HORIZON"
  batch_size                         = 500
  maximum_batching_window_in_seconds = 1
  function_response_types            = ["ReportBatchItemFailures"]
  bisect_batch_on_function_error     = true
  maximum_retry_attempts             = 10

  # Partial responses, retries and bisecting need the provisioned mode.
  provisioned_poller_config {
    minimum_pollers = 1
    maximum_pollers = 5
  }

  amazon_managed_kafka_event_source_config {
    consumer_group_id = "listener"
  }

  destination_config {
    on_failure {
      destination_arn = aws_s3_bucket.given_up.arn
    }
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
          "kafka-cluster:Connect",
          "kafka-cluster:DescribeClusterDynamicConfiguration",
        ]
        Resource = var.cluster_arn
      },
      {
        Effect   = "Allow"
        Action   = ["kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"]
        Resource = "${replace(var.cluster_arn, ":cluster/", ":topic/")}/*"
      },
      {
        Effect   = "Allow"
        Action   = ["kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"]
        Resource = "${replace(var.cluster_arn, ":cluster/", ":group/")}/*"
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

resource "aws_iam_role_policy_attachment" "cluster" {
  role       = aws_iam_role.listener.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaMSKExecutionRole"
}
