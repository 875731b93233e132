# --8<-- [start:function]
resource "aws_lambda_function_event_invoke_config" "listener" {
  function_name                = aws_lambda_function.listener.function_name
  maximum_retry_attempts       = 2
  maximum_event_age_in_seconds = 21600 # 6 hours

  destination_config {
    on_failure {
      destination = aws_sqs_queue.failed.arn
    }
  }
}

# What the function was given, and has failed on three times.
resource "aws_sqs_queue" "failed" {
  name                      = "orders-failed"
  message_retention_seconds = 1209600 # 14 days
}

resource "aws_iam_role_policy" "failed" {
  name = "failed"
  role = aws_iam_role.listener.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["sqs:SendMessage"]
      Resource = aws_sqs_queue.failed.arn
    }]
  })
}

# What SNS, EventBridge and Scheduler could not deliver to the function.
resource "aws_sqs_queue" "undelivered" {
  name                      = "orders-undelivered"
  message_retention_seconds = 1209600
}

data "aws_caller_identity" "current" {}

resource "aws_sqs_queue_policy" "undelivered" {
  queue_url = aws_sqs_queue.undelivered.url
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = ["events.amazonaws.com", "sns.amazonaws.com"] }
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.undelivered.arn
      Condition = {
        StringEquals = {
          "aws:SourceAccount" = data.aws_caller_identity.current.account_id
        }
      }
    }]
  })
}
# --8<-- [end:function]

# --8<-- [start:s3]
resource "aws_s3_bucket" "pictures" {
  bucket_prefix = "pictures-"
}

resource "aws_s3_bucket_notification" "pictures" {
  bucket     = aws_s3_bucket.pictures.id
  depends_on = [aws_lambda_permission.pictures]

  lambda_function {
    lambda_function_arn = aws_lambda_function.listener.arn
    events              = ["s3:ObjectCreated:*"]
  }
}

resource "aws_lambda_permission" "pictures" {
  function_name  = aws_lambda_function.listener.function_name
  action         = "lambda:InvokeFunction"
  principal      = "s3.amazonaws.com"
  source_arn     = aws_s3_bucket.pictures.arn
  source_account = data.aws_caller_identity.current.account_id
}
# --8<-- [end:s3]

# --8<-- [start:sns]
resource "aws_sns_topic" "orders" {
  name = "orders"
}

resource "aws_sns_topic_subscription" "listener" {
  topic_arn = aws_sns_topic.orders.arn
  protocol  = "lambda"
  endpoint  = aws_lambda_function.listener.arn
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.undelivered.arn
  })
}

resource "aws_lambda_permission" "topic" {
  function_name = aws_lambda_function.listener.function_name
  action        = "lambda:InvokeFunction"
  principal     = "sns.amazonaws.com"
  source_arn    = aws_sns_topic.orders.arn
}
# --8<-- [end:sns]

# --8<-- [start:eventbridge]
resource "aws_cloudwatch_event_rule" "submitted" {
  name           = "submitted"
  event_bus_name = aws_cloudwatch_event_bus.orders.name
  event_pattern  = jsonencode({ "detail-type" = ["order-submitted"] })
}

resource "aws_cloudwatch_event_target" "submitted" {
  rule           = aws_cloudwatch_event_rule.submitted.name
  event_bus_name = aws_cloudwatch_event_bus.orders.name
  arn            = aws_lambda_function.listener.arn

  retry_policy {
    maximum_retry_attempts       = 185
    maximum_event_age_in_seconds = 86400
  }

  dead_letter_config {
    arn = aws_sqs_queue.undelivered.arn
  }
}

resource "aws_lambda_permission" "submitted" {
  function_name = aws_lambda_function.listener.function_name
  action        = "lambda:InvokeFunction"
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.submitted.arn
}
# --8<-- [end:eventbridge]

# --8<-- [start:schedule]
resource "aws_scheduler_schedule" "nightly" {
  name                         = "nightly"
  schedule_expression          = "cron(0 2 * * ? *)"
  schedule_expression_timezone = "Europe/Berlin"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_function.listener.arn
    role_arn = aws_iam_role.scheduler.arn

    retry_policy {
      maximum_retry_attempts       = 10
      maximum_event_age_in_seconds = 3600
    }

    dead_letter_config {
      arn = aws_sqs_queue.undelivered.arn
    }
  }
}

resource "aws_iam_role" "scheduler" {
  name = "orders-scheduler"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "scheduler.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "scheduler" {
  name = "invoke"
  role = aws_iam_role.scheduler.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["lambda:InvokeFunction"]
        Resource = aws_lambda_function.listener.arn
      },
      {
        Effect   = "Allow"
        Action   = ["sqs:SendMessage"]
        Resource = aws_sqs_queue.undelivered.arn
      },
    ]
  })
}
# --8<-- [end:schedule]
