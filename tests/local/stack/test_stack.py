"""Templates that are deployed into MiniStack."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from powertools_stream.local.emulator import Emulator
from powertools_stream.local.stack import Stack, StackError, deploy_template
from powertools_stream.templates import TemplateError, read_template

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String}
  Size: {Type: Number, Default: 7}
Conditions:
  IsTest: !Equals [!Ref Stage, test]
  IsProduction: !Equals [!Ref Stage, production]
Globals:
  Function:
    Runtime: python3.13
    CodeUri: src
    Timeout: 20
Resources:
  Queue: {Type: AWS::SQS::Queue, DeletionPolicy: Retain, Properties: {QueueName: !Sub "queue-${Stage}"}}
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      BillingMode: PAY_PER_REQUEST
      StreamSpecification: {StreamViewType: NEW_IMAGE}
  Strange: {Type: AWS::Strange::Thing}
  Policy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Queue]
      PolicyDocument: {Statement: [{Effect: Allow, Principal: "*", Action: "*", Resource: !GetAtt Strange.Arn}]}
  Listener:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler
      ReservedConcurrentExecutions: 1
      Environment:
        Variables:
          QUEUE_URL: !Ref Queue
          TABLE: !Ref Table
          WHERE: !Sub "${Queue.QueueName} in ${AWS::Region}"
          KIND: !If [IsTest, testing, !Ref AWS::NoValue]
          REAL: !If [IsProduction, "yes", !Ref AWS::NoValue]
          STRANGE: !GetAtt Strange.Arn
      Events:
        Queue:
          Type: SQS
          Properties:
            Queue: !GetAtt Queue.Arn
            BatchSize: !Ref Size
            FunctionResponseTypes: [ReportBatchItemFailures]
  Aliased:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler
      AutoPublishAlias: live
      Events:
        Table: {Type: DynamoDB, Properties: {Stream: !GetAtt Table.StreamArn, StartingPosition: TRIM_HORIZON}}
  Elsewhere:
    Type: AWS::Serverless::Function
    Properties: {Handler: app.handler, Runtime: nodejs22.x}
  Remote:
    Type: AWS::Serverless::Function
    Properties: {Handler: app.handler, CodeUri: s3://bucket/key}
  Alarms: {Type: AWS::Serverless::Application, Properties: {Location: alarms.yaml}}
  Inline:
    Type: AWS::Serverless::Function
    Properties: {Handler: index.handler, InlineCode: "def handler(event, context): return 5"}
  OnlyInProduction:
    Type: AWS::Serverless::Function
    Condition: IsProduction
    Properties: {Handler: app.handler, Events: {Q: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn}}}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stack")
    (folder / "src").mkdir()
    (folder / "template.yaml").write_text(TEMPLATE)
    return folder


@pytest.fixture(scope="module")
def stack(emulator: Emulator, folder: Path) -> Stack:
    return deploy(emulator, folder / "template.yaml", parameters={"Stage": "test"})


def deploy(emulator: Emulator, path: Path, **options: Any) -> Stack:
    return deploy_template(read_template(path), emulator, forward_url="http://127.0.0.1:9", **options)


def left_out(stack: Stack) -> dict[str, str]:
    return {each.logical_id: each.reason for each in stack.left_out}


def test_the_environment_of_a_function_is_resolved(stack: Stack, emulator: Emulator, folder: Path) -> None:
    listener = stack.functions["Listener"]
    assert (listener.handler, listener.timeout, listener.max_concurrency) == ("app.handler", 20, 1)
    assert listener.folder == folder / "src"
    assert listener.function_name == stack.physical_ids["Listener"]
    environment = listener.environment
    assert environment["QUEUE_URL"] == f"{emulator.url}/123456789012/queue-test"
    assert environment["TABLE"] == stack.physical_ids["Table"]
    assert (environment["WHERE"], environment["KIND"]) == ("queue-test in us-east-1", "testing")
    assert environment["AWS_ENDPOINT_URL"] == emulator.url
    assert environment.keys().isdisjoint({"REAL", "STRANGE"})


def test_event_source_mappings_stay_here_with_their_values(stack: Stack, emulator: Emulator) -> None:
    mapping = stack.mappings["ListenerQueue"]
    assert (mapping.function, mapping.source) == ("Listener", "Queue")
    assert mapping.properties["EventSourceArn"] == "arn:aws:sqs:us-east-1:123456789012:queue-test"
    assert mapping.properties["BatchSize"] == 7
    assert mapping.properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert emulator.client("lambda").list_event_source_mappings()["EventSourceMappings"] == []


def test_a_mapping_may_name_an_alias(stack: Stack) -> None:
    mapping = stack.mappings["AliasedTable"]
    assert (mapping.function, mapping.source) == ("Aliased", "Table")
    assert ":table/" in mapping.properties["EventSourceArn"]


def test_what_the_emulator_refuses_is_left_out_and_so_is_what_needs_it(stack: Stack) -> None:
    reasons = left_out(stack)
    assert reasons["Strange"] == "The emulator does not know this type."
    assert reasons["Policy"] == "It needs Strange."
    assert reasons["Alarms"] == (
        "Nested stacks do not run here. If it is needed, name alarms.yaml as a template of its own."
    )
    assert reasons["Listener.STRANGE"] == "It needs Strange."
    assert "Listener.REAL" not in reasons, "its condition is false"


def test_functions_that_cannot_run_here_are_left_out(stack: Stack) -> None:
    reasons = left_out(stack)
    assert reasons["Elsewhere"] == "It needs the runtime nodejs22.x; only Python runs here."
    assert "not in a local folder" in reasons["Remote"]
    assert {"Elsewhere", "Remote"}.isdisjoint(stack.functions)


def test_inline_code_runs(stack: Stack) -> None:
    assert (stack.functions["Inline"].folder / "index.py").read_text().startswith("def handler")


def test_what_a_condition_excludes_is_not_there(stack: Stack) -> None:
    assert "OnlyInProduction" not in stack.functions
    assert "OnlyInProductionQ" not in stack.mappings
    assert "OnlyInProduction" not in left_out(stack)


def test_it_can_be_deployed_again(stack: Stack, emulator: Emulator, folder: Path) -> None:
    again = deploy(emulator, folder / "template.yaml", parameters={"Stage": "test", "Size": "8"})
    assert again.mappings["ListenerQueue"].properties["BatchSize"] == 8


def test_a_parameter_without_a_value(emulator: Emulator, folder: Path) -> None:
    with pytest.raises(TemplateError, match=r"Expected a value for Stage: give --parameter Stage=VALUE\."):
        deploy(emulator, folder / "template.yaml")


def test_a_template_of_which_nothing_is_left(emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text("Resources: {Strange: {Type: AWS::Strange::Thing}}")
    with pytest.raises(StackError, match=r"found none\. Strange: The emulator does not know this type\.$"):
        deploy(emulator, tmp_path / "template.yaml", name="nothing")


def test_a_template_that_is_invalid(emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(
        "Resources: {A: {Type: AWS::SQS::Queue, DependsOn: B}, B: {Type: AWS::SQS::Queue, DependsOn: A}}"
    )
    with pytest.raises(StackError, match="ircular"):
        deploy(emulator, tmp_path / "template.yaml", name="invalid")


def test_a_cdk_asset_is_a_function_s_code(emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / "asset.1").mkdir()
    (tmp_path / "template.json").write_text("""{"Resources": {"Fn": {"Type": "AWS::Lambda::Function",
        "Properties": {"Runtime": "python3.13", "Handler": "app.handler", "Role": "arn:aws:iam::123456789012:role/r",
                       "Code": {"S3Bucket": "assets", "S3Key": "1.zip"}},
        "Metadata": {"aws:asset:path": "asset.1"}}}}""")
    stack = deploy(emulator, tmp_path / "template.json", name="cdk")
    assert stack.functions["Fn"].folder == tmp_path / "asset.1"


OF_THE_STORE = """
Parameters:
  BootstrapVersion: {Type: "AWS::SSM::Parameter::Value<String>", Default: /cdk-bootstrap/hnb659fds/version}
  Name: {Type: "AWS::SSM::Parameter::Value<String>", Default: /shop/name}
  Names: {Type: "AWS::SSM::Parameter::Value<List<String>>", Default: "one,two"}
Rules:
  CheckBootstrapVersion:
    Assertions: [{Assert: !Not [!Contains [["1", "2"], !Ref BootstrapVersion]], AssertDescription: Bootstrap again.}]
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub "${Name}-queue"}}
  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: !Select [1, !Ref Names]}}
"""


def test_parameters_of_the_parameter_store_are_what_they_are_given(emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(OF_THE_STORE)
    stack = deploy(emulator, tmp_path, parameters={"Name": "shop"})
    assert stack.physical_ids["Queue"].endswith("/shop-queue")
    assert stack.physical_ids["Topic"].endswith(":two")
    assert stack.left_out == ()


IMPORTING = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Listener:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      CodeUri: .
      Handler: app.handler
      Environment: {Variables: {TABLE: !ImportValue shop-table, STAGE: test}}
"""


def test_a_variable_that_another_stack_exports_is_left_out(emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(IMPORTING)
    stack = deploy(emulator, tmp_path)
    assert left_out(stack) == {"Listener.TABLE": "It needs what another stack exports."}
    assert "TABLE" not in stack.functions["Listener"].environment
    assert stack.functions["Listener"].environment["STAGE"] == "test"
