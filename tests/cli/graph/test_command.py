from __future__ import annotations

import json
from html import unescape
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Command
from tests.cli.graph.system import write_system

EXAMPLES = ROOT / "docs" / "examples"


@pytest.fixture
def system(tmp_path: Path) -> Path:
    write_system(tmp_path)
    return tmp_path


@pytest.mark.slow
def test_a_template_on_a_terminal(installed: Command, command: Command) -> None:
    for run, columns in ((installed, "80"), (command, "100")):
        done = run("graph", "template.yaml", cwd=EXAMPLES / "orders", environment={"COLUMNS": columns})
        assert (done.status, done.errors) == (0, "")
        assert [line.rstrip() for line in done.output.splitlines()] == [
            "Listener  on queue Orders",
            "events in         rule           events out, writes",
            "─" * 51,
            "order-submitted   accept_order   → order-accepted",
            "                  task",
            "order-submitted   keep_order     table Table",
            "                  materialize",
            "",
            "Trigger  on table Table",
            "events in       rule             events out, writes",
            "─" * 51,
            "order-created   announce_order   → order-created",
            "                cdc",
            "",
            "Events",
            "event             from                       to",
            "─" * 57,
            "fault             Listener                   queue Faults",
            "                  Trigger",
            "order-accepted    Listener › accept_order    queue Heard",
            "order-created     Trigger › announce_order   queue Heard",
            "order-submitted   nothing here emits it      queue Orders",
            "",
            "2 functions, 3 rules, 4 types of events.",
            "Nothing here emits it: order-submitted",
        ]


def test_several_templates_whose_modules_are_called_alike(command: Command, system: Path) -> None:
    done = command("graph", "hub", "shop", "control", "lake", environment={"COLUMNS": "80"})
    assert (done.status, done.errors) == (0, "")
    assert max(map(len, done.output.splitlines())) <= 80
    lines = [" ".join(line.split()) for line in done.output.splitlines()]
    assert "control › Listener on stream event-hub" in lines
    assert "shop › Rest on POST /orders, schedule rate(1 day)" in lines
    assert "– no rules table Orders" in lines
    assert "all but fault → stream event-hub" in lines
    assert lines[-3:] == [
        "5 functions, 7 rules, 7 types of events.",
        "Nothing here emits it: order-lost, order-paid, order-paied",
        "Nothing here consumes it: fault, order-submitted-expired",
    ]


def test_one_event_across_services(command: Command, system: Path) -> None:
    done = command("graph", "hub", "shop", "control", "lake", "--event", "order-submitted")
    assert done.output.splitlines() == [
        "order-submitted",
        "comes from",
        "└── shop › Trigger › submitted  cdc",
        "    └── table shop › Orders",
        "        └── shop › Rest  function",
        "            ├── POST /orders",
        "            └── schedule rate(1 day)",
        "leads to",
        "├── stream event-hub",
        "│   └── control › Listener › orders  collect",
        "│       └── table control › Events",
        "│           ├── control › Trigger › by_order  correlate",
        "│           │   └── table control › Events  see above",
        "│           └── control › Trigger › late  expired",
        "│               └── order-submitted-expired  nothing here consumes it",
        "│                   ├── stream event-hub  with all others",
        "│                   └── delivery stream lake › Firehose  with all others",
        "│                       └── bucket lake › Lake",
        "└── delivery stream lake › Firehose  with all others",
        "    └── bucket lake › Lake",
    ]


def test_formats_go_to_standard_output_or_to_a_file_whose_suffix_tells_them(command: Command, system: Path) -> None:
    document = json.loads(command("graph", "shop", "control", "--json").output)
    assert document["targets"] == ["shop", "control"]
    assert document["unconsumed"] == ["fault", "order-submitted-expired"]
    mermaid = command("graph", "shop", "--format", "mermaid").output
    assert mermaid.startswith("flowchart LR\n")
    for name, begin in (("a.svg", "<?xml"), ("a.mmd", "flowchart"), ("a.dot", "digraph {"), ("a.json", "{")):
        done = command("graph", "shop", "--output", name, "--event", "order-ready")
        assert (done.status, done.output, done.errors) == (0, "", f"Wrote {name}.\n")
        text = unescape((system / name).read_text(encoding="utf-8"))
        assert text.startswith(begin)
        assert "order-ready" in text
        assert "order-submitted" not in text


def test_modules_are_linked_by_the_types_of_their_events(command: Command) -> None:
    names = [f"docs.examples.fulfilment.{name}" for name in ("listener", "trigger", "recorder")]
    done = command("graph", *names, "--event", "payment-authorized", cwd=ROOT)
    assert done.output.splitlines()[4:] == [
        "└── listener › collect_payments  collect",
        "    └── table ${EVENT_TABLE_NAME}",
        "        ├── trigger › by_order  correlate",
        "        │   └── table ${EVENT_TABLE_NAME}  see above",
        "        ├── trigger › ready_orders  evaluate",
        "        │   └── order-ready",
        "        │       └── recorder › settle_order  task",
        "        │           └── table ${ENTITY_TABLE_NAME}",
        "        └── trigger › expired_orders  expired",
        "            └── order-created-expired",
        "                └── recorder › settle_order  task",
        "                    └── table ${ENTITY_TABLE_NAME}",
    ]


def test_modules_of_the_same_name_are_told_apart(command: Command, system: Path) -> None:
    done = command("graph", "shop/src/listener.py", "control/src/listener.py")
    headings = [line.rstrip() for line in done.output.splitlines() if line.rstrip().endswith(("listener", ".py"))]
    assert headings == ["listener", "control/src/listener.py"]
    assert "control/src/listener.py › orders" in done.output
    assert "listener › ready" in done.output


BAD = {
    "nowhere.yaml": "Expected a template, found no file nowhere.yaml.",
    "bad.py": "Cannot import bad: ValueError: no",
    "empty.py": "Expected a RuleRegistry, a StreamProcessor or a handler under @stream_processor in empty, found none.",
    "broken": "Listener: Cannot import bad: ValueError: no",
    "nothing.yaml": "Expected functions, rules, or rules of EventBridge in nothing.yaml, found none of them.",
    "shop --event order-redy": "Expected one of fault, order-lost, order-ready, order-submitted, found order-redy. Did "
    "you mean order-ready?",
    "shop -o graph.txt": "Expected a file that ends in .svg, .mmd, .mermaid, .dot, .gv, .json, found graph.txt: rename",
    "shop -o no/graph.svg": "Expected to write no/graph.svg, found: No such file or directory. Name another file.",
    "shop --json --format svg": "Expected --json or --format, found both: leave one out.",
}


def test_bad_input_is_one_clear_line(command: Command, system: Path) -> None:
    (system / "bad.py").write_text("raise ValueError('no')")
    (system / "empty.py").write_text("")
    broken = (system / "control" / "template.yaml").read_text().replace("listener.handler", "bad.handler")
    (system / "broken").mkdir()
    (system / "broken" / "template.yaml").write_text(broken.replace("CodeUri: src", "CodeUri: .."))
    (system / "nothing.yaml").write_text("Resources: {Queue: {Type: 'AWS::SQS::Queue'}}")
    for arguments, message in BAD.items():
        done = command("graph", *arguments.split())
        assert (done.status, done.output) == (2, ""), arguments
        assert done.errors.startswith(f"error: {message}")
        assert done.errors.count("\n") == 1, done.errors
    unknown = command("graph", "shop", "--format", "png")
    assert unknown.status == 2
    assert "mermaid" in unknown.errors
