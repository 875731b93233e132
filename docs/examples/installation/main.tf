resource "aws_lambda_layer_version" "stream" {
  layer_name          = "powertools-stream"
  filename            = local.stream_zip
  source_code_hash    = filebase64sha256(local.stream_zip)
  compatible_runtimes = ["python3.13"]
}

data "aws_ssm_parameter" "powertools" {
  name = "/aws/service/powertools/python/arm64/python3.13/latest"
}

resource "aws_lambda_function" "listener" {
  function_name    = "listener"
  role             = aws_iam_role.listener.arn
  filename         = data.archive_file.listener.output_path
  source_code_hash = data.archive_file.listener.output_base64sha256
  handler          = "listener.handler"
  runtime          = "python3.13"
  architectures    = ["arm64"]
  timeout          = 30
  memory_size      = 512
  layers = [
    data.aws_ssm_parameter.powertools.value,
    aws_lambda_layer_version.stream.arn,
  ]
}

resource "aws_lambda_event_source_mapping" "orders" {
  event_source_arn        = aws_sqs_queue.orders.arn
  function_name           = aws_lambda_function.listener.arn
  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"]
}

resource "aws_sqs_queue" "orders" {
  name                       = "orders"
  visibility_timeout_seconds = 180
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letters.arn
    maxReceiveCount     = 5
  })
}

resource "aws_sqs_queue" "dead_letters" {
  name                      = "orders-dead-letters"
  message_retention_seconds = 1209600
}

resource "aws_iam_role" "listener" {
  name               = "listener"
  assume_role_policy = data.aws_iam_policy_document.lambda.json
}

resource "aws_iam_role_policy_attachment" "listener" {
  role       = aws_iam_role.listener.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole"
}

data "aws_iam_policy_document" "lambda" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

data "archive_file" "listener" {
  type        = "zip"
  source_dir  = "src"
  output_path = "listener.zip"
}

locals {
  stream_zip = "powertools_stream-0.1.0-layer-alone-python3.13.zip"
}
