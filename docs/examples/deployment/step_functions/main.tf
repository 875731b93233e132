# In backfill.asl.json, FunctionName is then orders-listener.
resource "aws_sfn_state_machine" "backfill" {
  name       = "backfill"
  role_arn   = aws_iam_role.backfill.arn
  definition = file("backfill.asl.json")
}

resource "aws_s3_bucket" "items" {
  bucket_prefix = "backfill-items-"
}

resource "aws_iam_role" "backfill" {
  name = "backfill-orders"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "states.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "backfill" {
  name = "backfill"
  role = aws_iam_role.backfill.id
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
        Action   = ["s3:GetObject", "s3:PutObject"]
        Resource = "${aws_s3_bucket.items.arn}/*"
      },
      # A Distributed Map runs its batches as executions of its own.
      {
        Effect   = "Allow"
        Action   = ["states:StartExecution"]
        Resource = aws_sfn_state_machine.backfill.arn
      },
      {
        Effect = "Allow"
        Action = ["states:DescribeExecution", "states:StopExecution"]
        Resource = replace(
          "${aws_sfn_state_machine.backfill.arn}*", ":stateMachine:", ":execution:"
        )
      },
    ]
  })
}
