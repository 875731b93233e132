resource "aws_lambda_function" "listener" {
  function_name    = "orders-listener"
  role             = aws_iam_role.listener.arn
  filename         = data.archive_file.listener.output_path
  source_code_hash = data.archive_file.listener.output_base64sha256
  handler          = "listener.handler"
  runtime          = "python3.13"
  architectures    = ["arm64"]
  memory_size      = 512
  timeout          = 30

  environment {
    variables = {
      BUS_NAME = aws_cloudwatch_event_bus.orders.name
    }
  }
}

data "archive_file" "listener" {
  type        = "zip"
  source_dir  = "src"
  output_path = "listener.zip"
}

resource "aws_cloudwatch_event_bus" "orders" {
  name = "orders"
}

# Events that no rule takes are dropped: the archive keeps fault events.
resource "aws_cloudwatch_event_archive" "faults" {
  name             = "faults"
  event_source_arn = aws_cloudwatch_event_bus.orders.arn
  event_pattern    = jsonencode({ "detail-type" = ["fault"] })
}

resource "aws_iam_role" "listener" {
  name               = "orders-listener"
  assume_role_policy = data.aws_iam_policy_document.lambda.json
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

# What `powertools-stream policy` prints for the function's rules.
resource "aws_iam_role_policy" "rules" {
  name = "rules"
  role = aws_iam_role.listener.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["events:PutEvents"]
      Resource = aws_cloudwatch_event_bus.orders.arn
    }]
  })
}

resource "aws_iam_role_policy_attachment" "log" {
  role       = aws_iam_role.listener.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}
