"""Several templates that are deployed into one emulator."""

from __future__ import annotations

from pathlib import Path

import pytest

from powertools_stream.local.emulator import Emulator
from powertools_stream.local.sending import SendError, target_of
from powertools_stream.local.stack import Stack, deploy_system
from powertools_stream.templates import TemplateError, read_template

HUB = """
Parameters:
  Name: {Type: String, Default: hub}
Resources:
  Stream: {Type: AWS::Kinesis::Stream, Properties: {Name: !Ref Name, ShardCount: 1}}
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref Name}}
  Strange: {Type: AWS::Strange::Thing}
  Bus: {Type: AWS::Events::EventBus, Properties: {Name: !Ref Name}}
Outputs:
  Queue: {Value: !GetAtt Queue.Arn, Export: {Name: hub-queue}}
  Strange: {Value: !GetAtt Strange.Arn, Export: {Name: hub-strange}}
"""

SHOP = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Name: {Type: String, Default: hub}
  Stage: {Type: String}
Resources:
  Queue: {Type: AWS::SQS::Queue}
  Listener:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: app.handler
      CodeUri: .
      Environment:
        Variables:
          STAGE: !Ref Stage
          QUEUE: !ImportValue hub-queue
          SAME: !ImportValue {"Fn::Sub": "${Name}-queue"}
          STRANGE: !ImportValue {"Fn::Sub": "${Name}-strange"}
      Events:
        Stream:
          Type: Kinesis
          Properties:
            Stream: !Sub "arn:aws:kinesis:${AWS::Region}:${AWS::AccountId}:stream/${Name}"
            StartingPosition: TRIM_HORIZON
        Own: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn}}
        Other: {Type: SQS, Properties: {Queue: !ImportValue hub-queue}}
  Known: {Type: AWS::Events::Rule, Properties: {EventBusName: !Ref Name, EventPattern: {source: [shop]}}}
  Default: {Type: AWS::Events::Rule, Properties: {EventPattern: {source: [shop]}}}
  Lost:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: !Sub "arn:aws:events:${AWS::Region}:${AWS::AccountId}:event-bus/nowhere"
      EventPattern: {source: [shop]}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("system")
    for path, text in {"hub": HUB, "a/shop": SHOP, "b/shop": SHOP}.items():
        (folder / path).mkdir(parents=True)
        (folder / path / "template.yaml").write_text(text)
    return folder


def deployed(emulator: Emulator, folder: Path, *names: str, **parameters: str) -> Stack:
    templates = [read_template(folder / name) for name in names]
    return deploy_system(templates, emulator, forward_url="http://127.0.0.1:9", parameters=parameters)


@pytest.fixture(scope="module")
def stack(emulator: Emulator, folder: Path) -> Stack:
    deployed(emulator, folder, "hub", "a/shop", Stage="earlier")
    return deployed(emulator, folder, "hub", "a/shop", "b/shop", Stage="test")


def test_each_is_a_stack_and_its_logical_ids_begin_with_its_name(stack: Stack, emulator: Emulator) -> None:
    assert stack.name == "local-hub, local-shop, local-shop-2"
    assert {"hub.Stream", "hub.Queue", "shop.Queue", "shop.Listener", "shop-2.Listener"} <= set(stack.types)
    assert [stack.functions[name].name for name in ("shop.Listener", "shop-2.Listener")] == list(stack.functions)
    client = emulator.client("lambda")
    for function in stack.functions.values():
        configuration = client.get_function_configuration(FunctionName=function.function_name)
        url = configuration["Environment"]["Variables"]["MINISTACK_LAMBDA_PROXY_URL"]
        assert url == f"http://127.0.0.1:9/{function.name}"


def test_what_one_exports_another_imports(stack: Stack) -> None:
    environment = stack.functions["shop-2.Listener"].environment
    assert environment["QUEUE"] == "arn:aws:sqs:us-east-1:123456789012:hub"
    assert environment["SAME"] == environment["QUEUE"]
    assert environment["STAGE"] == "test"
    assert {each.logical_id for each in stack.left_out} == {
        "hub.Strange",
        "shop.Listener.STRANGE",
        "shop-2.Listener.STRANGE",
        "shop.Lost",
        "shop-2.Lost",
    }


def test_a_rule_on_a_bus_that_nobody_makes_is_left_out(stack: Stack) -> None:
    (lost,) = (each for each in stack.left_out if each.logical_id == "shop.Lost")
    assert lost.reason == "There is no bus nowhere. If another template makes it, name that one, too."


def test_a_source_may_be_in_another_template(stack: Stack) -> None:
    sources = {name: (each.source, each.function) for name, each in stack.mappings.items() if name.startswith("shop.")}
    assert sources == {
        "shop.ListenerStream": ("hub.Stream", "shop.Listener"),
        "shop.ListenerOwn": ("shop.Queue", "shop.Listener"),
        "shop.ListenerOther": ("hub.Queue", "shop.Listener"),
    }


def test_a_logical_id_that_is_unambiguous_needs_no_template(stack: Stack) -> None:
    assert target_of(stack, "Stream") == "hub.Stream"
    assert target_of(stack, "shop-2.Queue") == "shop-2.Queue"
    with pytest.raises(SendError, match=r"one of hub\.Queue, shop\.Queue, shop-2\.Queue, found Queue, which is"):
        target_of(stack, "Queue")
    with pytest.raises(SendError, match=r"found hub\.Queues\.$"):
        target_of(stack, "hub.Queues")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a/shop"], r"Expected a parameter of the template \(Name, Stage\), found Stag\."),
        (["hub", "a/shop"], r"Expected a parameter of a template \(Name, Stage\), found Stag\."),
    ],
)
def test_a_parameter_that_none_has(emulator: Emulator, folder: Path, names: list[str], message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        deployed(emulator, folder, *names, Stage="test", Stag="test")


def test_stacks_of_an_earlier_run_go_with_what_they_import(emulator: Emulator, folder: Path) -> None:
    deployed(emulator, folder, "hub", "a/shop", "b/shop", Stage="test")
    deployed(emulator, folder, "hub", "a/shop", Stage="test")
    stacks = emulator.client("cloudformation").describe_stacks()["Stacks"]
    names = {each["StackName"] for each in stacks if each["StackStatus"] == "CREATE_COMPLETE"}
    assert names >= {"local-hub", "local-shop"}
    assert "local-shop-2" not in names
