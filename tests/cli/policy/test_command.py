from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import COMMAND, ROOT, Command

EXAMPLE = ROOT / "docs" / "examples" / "cli" / "policy"


@pytest.fixture(autouse=True)
def shop(tmp_path: Path) -> Path:
    for name in ("listener.py", "template.yaml"):
        shutil.copy(EXAMPLE / name, tmp_path / name)
    (tmp_path / "broken.yaml").write_text("Resources: [")
    (tmp_path / "empty.py").write_text("")
    (tmp_path / "failing.py").write_text("raise KeyError('TABLE')")
    return tmp_path


def test_the_policies_of_a_function_of_sam(installed: Command) -> None:
    done = installed("policy", "listener.py")
    assert (done.status, done.errors) == (0, "")
    assert done.output == (
        """\
Policies:
  - Version: "2012-10-17"
    Statement:
      # keep_order
      - Effect: Allow
        Action:
          - dynamodb:UpdateItem
        Resource: !Sub arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${ENTITY_TABLE_NAME}
      # accept_order
      - Effect: Allow
        Action:
          - dynamodb:Query
        Resource: !Sub arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${ENTITY_TABLE_NAME}"""
        """/index/CustomerIndex
      # accept_order, fault events
      - Effect: Allow
        Action:
          - events:PutEvents
        Resource: !Sub arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/${BUS_NAME}
      # accept_order
      - Effect: Allow
        Action:
          - sqs:SendMessage
        Resource: !Sub arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${MAILS_NAME}
"""
    )


@pytest.mark.parametrize("target", ["listener", "listener:rules", "listener:handler", "listener.py:handler"])
def test_a_module_a_registry_and_a_handler_are_targets(command: Command, target: str) -> None:
    done = command("policy", target)
    assert (done.status, done.output) == (0, command("policy", "listener.py").output)


def test_names_come_from_a_template(installed: Command) -> None:
    done = installed("policy", "listener.py", "--template", "template.yaml")
    assert (done.status, done.errors) == (0, "")
    resources = [line.strip() for line in done.output.splitlines() if "Resource:" in line]
    assert resources == [
        "Resource: !GetAtt Orders.Arn",
        'Resource: !Sub "${Orders.Arn}/index/CustomerIndex"',
        "Resource: !GetAtt Bus.Arn",
        "Resource: !GetAtt Mails.Arn",
    ]


def test_json_is_a_policy_and_nothing_else(command: Command) -> None:
    done = command("policy", "listener.py", "--template", "template.yaml", "--json")
    policy = json.loads(done.output)
    assert policy["Version"] == "2012-10-17"
    assert policy["Statement"][0] == {
        "Effect": "Allow",
        "Action": ["dynamodb:UpdateItem"],
        "Resource": {"Fn::GetAtt": ["Orders", "Arn"]},
    }


def test_what_the_module_prints_is_no_result(command: Command, shop: Path) -> None:
    (shop / "loud.py").write_text("print('hello')\nfrom listener import *")
    done = command("policy", "loud.py", "--json")
    assert json.loads(done.output)["Statement"]
    assert done.errors == "hello\n"


def test_what_is_missing_and_superfluous_is_listed(command: Command) -> None:
    done = command("policy", "listener.py", "--check", "template.yaml")
    assert (done.status, done.errors) == (1, "")
    assert done.output == (
        """\
missing
  sqs:SendMessage
    on sqs:${Mails}
    for accept_order
superfluous
  dynamodb:GetItem, dynamodb:DeleteItem, dynamodb:PutItem, dynamodb:Scan, dynamodb:BatchWriteItem,
  dynamodb:BatchGetItem, dynamodb:DescribeTable, dynamodb:ConditionCheckItem
    on dynamodb:table/${Orders}, dynamodb:table/${Orders}/index/*
    by DynamoDBCrudPolicy
Listener: 1 missing, 1 superfluous.
"""
    )


def test_what_differs_in_json(command: Command) -> None:
    done = command("policy", "listener.py", "--check", "template.yaml", "--json")
    found = json.loads(done.output)
    assert (done.status, found["function"]) == (1, "Listener")
    assert found["missing"] == [
        {"action": "sqs:SendMessage", "resource": "sqs:${Mails}", "reasons": ["accept_order"], "problem": ""}
    ]
    assert found["superfluous"][0]["policy"] == "ListenerRolePolicy0"
    assert (found["unread"], found["notes"]) == ([], [])


def test_a_template_with_what_was_printed_is_fine(command: Command, shop: Path) -> None:
    printed = command("policy", "listener.py", "--template", "template.yaml").output
    text = (shop / "template.yaml").read_text()
    begin, end = text.index("      Policies:"), text.index("      Events:")
    indented = "".join(f"      {line}\n" for line in printed.splitlines())
    (shop / "template.yaml").write_text(text[:begin] + indented + text[end:])

    done = command("policy", "listener.py", "--check", "template.yaml")

    assert (done.status, done.errors) == (0, "")
    assert done.output == "Listener is granted what its rules need, and no more.\n"


def test_a_variable_that_the_template_does_not_set(command: Command, shop: Path) -> None:
    text = (shop / "template.yaml").read_text()
    (shop / "template.yaml").write_text(text.replace("          MAILS_URL: !Ref Mails\n", ""))
    done = command("policy", "listener.py", "--check", "template.yaml")
    assert done.status == 1
    assert "MAILS_URL is not set in the function's Environment" in done.output


def test_what_lambda_polls_and_what_is_not_seen_are_added(command: Command) -> None:
    done = command("policy", "listener.py", "--source", "sqs", "--request", "GetObject")
    assert done.status == 0
    assert "          - sqs:ReceiveMessage\n" in done.output
    assert "# event source sqs\n" in done.output
    assert (
        "          - s3:GetObject\n        Resource: !Sub arn:${AWS::Partition}:s3:::${BUCKET_NAME}/*\n" in done.output
    )


def test_what_another_role_needs_is_noted(command: Command, shop: Path) -> None:
    text = (shop / "listener.py").read_text()
    role = 'role_arn="arn:aws:iam::123456789012:role/writer")'
    (shop / "listener.py").write_text(
        text.replace('event_type="order-submitted")', f'event_type="order-submitted", {role}')
    )
    done = command("policy", "listener.py")
    assert (done.status, "dynamodb:UpdateItem" in done.output) == (0, False)
    assert "Resource: arn:aws:iam::123456789012:role/writer" in done.output
    assert done.errors.startswith("note: The role arn:aws:iam::123456789012:role/writer needs dynamodb:UpdateItem on ")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere"], "Expected a module nowhere, found none in"),
        (["nowhere.py"], "Expected a Python file, found none at nowhere.py."),
        (["failing.py"], "Cannot import failing: KeyError: 'TABLE'"),
        (
            ["empty.py"],
            "Expected a RuleRegistry, a StreamProcessor or a handler under @stream_processor in empty, found",
        ),
        (["listener.py:orders_of"], "under @stream_processor in listener:orders_of, found none."),
        (["listener.py", "--check", "nowhere.yaml"], "Expected a template, found no file nowhere.yaml."),
        (["listener.py", "--check", "broken.yaml"], "broken.yaml:2:1: did not find expected node content."),
        (["listener.py", "--template", "t", "--check", "t"], "Expected --template or --check, found both"),
        (["listener.py", "--function", "Listener"], "Expected --template or --check beside --function, found neither."),
        (
            ["listener.py", "--check", "template.yaml", "--function", "Other"],
            "Expected a function Other in template.yaml, found Listener (listener.handler).",
        ),
        (["listener.py", "--request", "GetObjct"], "found GetObjct. Did you mean GetObject?"),
        (
            ["listener.py", "--source", "sns"],
            "Expected a source that Lambda polls (sqs, kinesis, dynamodb, kafka), found",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_it_cannot_do(command: Command, arguments: list[str], says: str) -> None:
    done = command("policy", *arguments)
    assert (done.status, done.output) == (2, "")
    assert says in done.errors
    assert done.errors.startswith("error: ")
    assert done.errors.count("\n") == 1


def test_the_function_is_found_by_its_handler(command: Command, shop: Path) -> None:
    text = (shop / "template.yaml").read_text()
    (shop / "template.yaml").write_text(text.replace("Handler: listener.handler", "Handler: elsewhere.handler"))
    unknown = command("policy", "listener.py", "--check", "template.yaml")
    named = command("policy", "listener.py", "--check", "template.yaml", "--function", "Listener")
    assert unknown.status == 2
    assert "found Listener (elsewhere.handler) in template.yaml. Name it: --function." in unknown.errors
    assert named.status == 1


def test_ctrl_c_ends_it(shop: Path) -> None:
    (shop / "slow.py").write_text("import time\nprint('importing', flush=True)\ntime.sleep(60)")
    variables = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [COMMAND, "policy", "slow.py"],
        cwd=shop,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stderr is not None
        assert running.stderr.readline() == "importing\n"
        running.send_signal(signal.SIGINT)
        output, errors = running.communicate(timeout=60)
    assert (running.returncode, output) == (130, "")
    assert "Traceback" not in errors


def test_it_fits_a_narrow_terminal(command: Command) -> None:
    done = command("policy", "listener.py", "--check", "template.yaml", environment={"COLUMNS": "60"})
    assert max(map(len, done.output.splitlines())) <= 60


READING = """
import os
from powertools_stream import RuleRegistry, stream_processor
from powertools_stream.flavors import materialize
rules = RuleRegistry()
limit = int(os.environ["LIMIT"])
level = os.environ.get("LOG_LEVEL")
@rules.register(materialize, table_name=os.getenv("ORDERS_TABLE"))
def keep_order(uow):
    return {"Key": {"pk": "1"}}
@stream_processor(rules=rules, bus_name=os.environ["ORDERS_BUS"])
def handler(event, context): ...
"""
READ = """
Transform: AWS::Serverless-2016-10-31
Parameters: {Limit: {Type: Number, Default: 5}, Level: {Type: String}}
Globals:
  Function:
    Runtime: python3.13
    CodeUri: .
    Environment: {Variables: {LIMIT: !Ref Limit, LOG_LEVEL: !Ref Level}}
Resources:
  Bus: {Type: AWS::Events::EventBus, Properties: {Name: orders}}
  Orders: {Type: AWS::Serverless::SimpleTable}
  Reader:
    Type: AWS::Serverless::Function
    Properties:
      Handler: reading.handler
      Environment: {Variables: {ORDERS_TABLE: !Ref Orders, ORDERS_BUS: !GetAtt Bus.Name}}
"""


def test_variables_that_a_module_reads_on_import_are_those_of_the_template(command: Command, shop: Path) -> None:
    (shop / "reading.py").write_text(READING)
    (shop / "read.yaml").write_text(READ)
    done = command("policy", "reading.py", "--template", "read.yaml")
    assert (done.status, done.errors) == (0, "")
    assert [line for line in done.output.splitlines() if "Resource:" in line] == [
        "        Resource: !GetAtt Orders.Arn",
        "        Resource: !GetAtt Bus.Arn",
    ]
