"""A system of four templates, whose modules have the same names, for the tests of the graph."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

__all__ = ["write_system"]


def write_system(folder: Path) -> None:
    """Write the templates and modules of the system: `hub`, `shop`, `control` and `lake`."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")


HEAD = """\
Transform: AWS::Serverless-2016-10-31
Parameters:
  BusName: {Type: String, Default: event-hub}
  StreamName: {Type: String, Default: event-hub}
Globals:
  Function:
    Runtime: python3.13
    CodeUri: src
    Environment:
      Variables: {BUS_NAME: !Ref BusName}
Resources:
"""

FILES = {
    "hub/template.yaml": HEAD
    + """\
  Bus: {Type: AWS::Events::EventBus, Properties: {Name: !Ref BusName}}
  Stream: {Type: AWS::Kinesis::Stream, Properties: {Name: !Ref StreamName}}
  Domain:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: !Ref Bus
      EventPattern: {detail-type: [{anything-but: fault}]}
      Targets: [{Id: stream, Arn: !GetAtt Stream.Arn}]
""",
    "lake/template.yaml": HEAD
    + """\
  Lake: {Type: AWS::S3::Bucket}
  Firehose:
    Type: AWS::KinesisFirehose::DeliveryStream
    Properties:
      ExtendedS3DestinationConfiguration: {BucketARN: !GetAtt Lake.Arn}
  All:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: !Ref BusName
      EventPattern: {detail: {type: [{exists: true}]}}
      Targets: [{Id: lake, Arn: !GetAtt Firehose.Arn}]
""",
    "shop/template.yaml": HEAD
    + """\
  Orders:
    Type: AWS::DynamoDB::Table
    Properties: {StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}}
  Queue: {Type: AWS::SQS::Queue}
  ToQueue:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: !Ref BusName
      EventPattern: {detail-type: [order-ready]}
      Targets: [{Id: queue, Arn: !GetAtt Queue.Arn}]
  Rest:
    Type: AWS::Serverless::Function
    Properties:
      Handler: rest.handler
      Environment: {Variables: {TABLE: !Ref Orders}}
      Policies: [DynamoDBCrudPolicy: {TableName: !Ref Orders}]
      Events:
        Post: {Type: HttpApi, Properties: {Method: post, Path: /orders}}
        Nightly: {Type: Schedule, Properties: {Schedule: rate(1 day)}}
  Trigger:
    Type: AWS::Serverless::Function
    Properties:
      Handler: trigger.handler
      Events:
        Table: {Type: DynamoDB, Properties: {Stream: !GetAtt Orders.StreamArn, StartingPosition: LATEST}}
  Listener:
    Type: AWS::Serverless::Function
    Properties:
      Handler: listener.handler
      Environment: {Variables: {ENTITY_TABLE_NAME: !Ref Orders}}
      Events:
        Queue: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn}}
""",
    "shop/src/rest.py": """\
        def handler(event, context): ...
        """,
    "shop/src/trigger.py": """\
        from powertools_stream import RuleRegistry, stream_processor
        from powertools_stream.flavors import cdc

        rules = RuleRegistry()

        @rules.register(cdc, event_type="order-created")
        def submitted(uow):
            return {"type": "order-submitted", "payment": {"type": "card"}}

        @stream_processor(rules=rules)
        def handler(event, context): ...
        """,
    "shop/src/listener.py": """\
        from powertools_stream import RuleRegistry, stream_processor
        from powertools_stream.expressions import update_expression
        from powertools_stream.flavors import materialize

        rules = RuleRegistry()

        @rules.register(materialize, event_type=["order-ready", "order-lost"])
        def ready(uow):
            return {"Key": {"pk": "1", "sk": "order"}, **update_expression({"status": "ready", "latched": True})}

        @stream_processor(rules=rules)
        def handler(event, context): ...
        """,
    "control/template.yaml": HEAD
    + """\
  Events:
    Type: AWS::DynamoDB::Table
    Properties: {StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}}
  Listener:
    Type: AWS::Serverless::Function
    Properties:
      Handler: listener.handler
      Environment: {Variables: {EVENT_TABLE_NAME: !Ref Events}}
      Events:
        Stream:
          Type: Kinesis
          Properties:
            Stream: !Sub arn:aws:kinesis:${AWS::Region}:${AWS::AccountId}:stream/${StreamName}
            StartingPosition: LATEST
  Trigger:
    Type: AWS::Serverless::Function
    Properties:
      Handler: trigger.handler
      Environment: {Variables: {EVENT_TABLE_NAME: !Ref Events}}
      Events:
        Table: {Type: DynamoDB, Properties: {Stream: !GetAtt Events.StreamArn, StartingPosition: LATEST}}
""",
    "control/src/listener.py": """\
        from powertools_stream import RuleRegistry, stream_processor
        from powertools_stream.flavors import collect

        rules = RuleRegistry()
        rules.add(id="orders", flavor=collect, event_type="order-submitted", correlation_key="id", expire=True)
        rules.add(id="payments", flavor=collect, event_type="order-paid", correlation_key="id")

        @stream_processor(rules=rules)
        def handler(event, context): ...
        """,
    "control/src/trigger.py": """\
        from powertools_stream import RuleRegistry, stream_processor
        from powertools_stream.flavors import correlate, evaluate, expired

        rules = RuleRegistry()
        rules.add(id="by_order", flavor=correlate, event_type=["order-submitted", "order-paid"], correlation_key="id")
        rules.add(id="late", flavor=expired)

        @rules.register(evaluate, event_type=["order-paid", "order-paied"], emit="order-ready")
        def ready(uow):
            return True

        @stream_processor(rules=rules)
        def handler(event, context): ...
        """,
}
