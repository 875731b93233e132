"""`powertools-stream local`, as it is installed."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from powertools_stream.local.emulator import Emulator
from tests.cli.conftest import COMMAND, ROOT, Command, Finished, finished

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="it needs /proc and terminals of Linux"),
]

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Greeting: {Type: String, Default: hello}
Resources:
  Letters: {Type: AWS::SQS::Queue}
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 30
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Letters.Arn, maxReceiveCount: 2}
  Archive: {Type: AWS::Events::Archive, Properties: {SourceArn: "arn:aws:events:us-east-1:123456789012:event-bus/x"}}
  Listener:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler
      Runtime: python3.13
      CodeUri: src
      Timeout: 20
      Environment: {Variables: {GREETING: !Ref Greeting}}
      Events:
        Queue:
          Type: SQS
          Properties: {Queue: !GetAtt Queue.Arn, BatchSize: 1, FunctionResponseTypes: [ReportBatchItemFailures]}
"""

CODE = """
import os, time


def handler(event, context):
    bodies = [record["body"] for record in event["Records"]]
    for body in bodies:
        print(os.environ["GREETING"], body)
        time.sleep(60 if body == "slow" else 0)
        if body == "raise":
            raise ValueError("cannot do it")
    failed = [record["messageId"] for record in event["Records"] if record["body"] == "bad"]
    return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}
"""


def written_to(folder: Path) -> Path:
    (folder / "src").mkdir()
    (folder / "src" / "app.py").write_text(CODE)
    (folder / "template.yaml").write_text(TEMPLATE)
    (folder / "events").write_text("one\ntwo\nbad\nraise\n")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return written_to(tmp_path)


@pytest.fixture
def local(command: Command, emulator: Emulator) -> Command:
    def run(*arguments: str, **more: Any) -> Any:
        return command("local", *arguments, "--endpoint-url", emulator.url, **more)

    return run


ONCE = ("--once", "--retry-delay", "0")


@pytest.fixture(scope="module")
def done(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """Run it once, for people."""
    folder = written_to(tmp_path_factory.mktemp("once"))
    arguments = ["--send", "events", *ONCE, "--parameter", "Greeting=good morning", "--log", "log"]
    done = finished("local", *arguments, "--endpoint-url", emulator.url, cwd=folder)
    return replace(done, errors=done.errors + (folder / "log").read_text().replace("Listener: ", "logged: "))


def test_it_accounts_for_every_event(done: Finished) -> None:
    assert done.status == 0, done.errors
    assert "Queue → Listener: 4 records = 2 done + 2 in the dead-letter queue. It adds up." in done.output
    assert re.search(r"^4 events sent to Queue\. All is quiet after \d+\.\d s\.$", done.output, re.MULTILINE)
    assert re.search(r"^ListenerQueue +6 +6 +4 +2 +4 +0$", done.output, re.MULTILINE)
    assert re.search(r"^Letters +2$", done.output, re.MULTILINE)


def test_it_shows_what_functions_print_and_their_errors_in_a_line_each(done: Finished) -> None:
    lines = done.errors.splitlines()
    assert "Listener: good morning one" in lines
    assert lines.count("Listener: ValueError: cannot do it") == 2
    assert "Traceback" not in done.errors


def test_it_says_where_resources_are_and_what_was_left_out(done: Finished) -> None:
    assert re.search(
        r"^The emulator is at http://127\.0\.0\.1:\d+\. The stack is named local\.$", done.errors, re.MULTILINE
    )
    assert "Left out: Archive (AWS::Events::Archive). The emulator does not know this type." in done.errors


def test_the_whole_log_is_in_a_file(done: Finished) -> None:
    lines = [line for line in done.errors.splitlines() if line.startswith("logged: ")]
    assert "logged: good morning raise" in lines
    assert any("stackTrace" in line and "app.py" in line for line in lines)


@pytest.mark.usefixtures("folder")
def test_json_is_one_document_and_nothing_else(local: Command) -> None:
    done = local("--send", "-", "--to", "Queue", *ONCE, "--json", input="one\n\nbad\n")

    assert done.status == 0, done.errors
    document = json.loads(done.output)
    assert document["sent"] == {"to": "Queue", "events": 2}
    (account,) = document["accounts"]
    assert (account["records"], account["done"], account["dead_letters"], account["missing"]) == (2, 1, 1, 0)
    assert (document["adds_up"], document["is_quiet"], document["findings"]) == (True, True, [])
    assert document["queues"] == {"Letters": 1, "Queue": 0}
    assert document["left_out"][0]["logical_id"] == "Archive"


def test_a_function_that_cannot_run_here_is_a_finding(local: Command, folder: Path) -> None:
    (folder / "template.yaml").write_text(TEMPLATE.replace("python3.13", "nodejs22.x"))
    done = local("--once")
    assert done.status == 1
    assert "Listener does not run here. It needs the runtime nodejs22.x; only Python runs here." in done.output


def test_what_does_not_become_quiet_is_a_finding(local: Command, folder: Path) -> None:
    (folder / "events").write_text("slow\n")
    done = local("--send", "events", "--once", "--timeout", "1")
    assert done.status == 1
    assert "It did not become quiet in time" in done.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.yaml"], "Expected a template, found no file missing.yaml."),
        (["broken.yaml"], "broken.yaml:"),
        (
            ["--send", "events", "--to", "Queu"],
            "Expected --to with a resource that takes events (Letters, Listener, Queue), found Queu.",
        ),
        (["--send", "nothing"], "Expected --send with a file of events, one per line"),
        (["--send", "empty"], "Expected --send with a file of events, one per line; empty is empty."),
        (["--send", "src"], "Expected --send with a file of events, one per line"),
        (["--parameter", "Greeting"], "Expected --parameter NAME=VALUE, found 'Greeting'."),
        (["--parameter", "Greting=x"], "Expected a parameter of the template (Greeting), found Greting."),
        (["--send", "events", "--region", "no region"], "Expected --region with a Region such as us-east-1"),
        (["--to", "Queue"], "Expected --send beside --to, found none"),
        (["--log", "no/such/folder"], "Expected --log with a file that can be written"),
    ],
)
def test_bad_input_is_answered_in_one_line(local: Command, folder: Path, arguments: list[str], message: str) -> None:
    (folder / "broken.yaml").write_text("Resources: {")
    (folder / "empty").write_text("\n")

    done = local(*arguments)

    assert done.status == 2
    assert done.output == ""
    assert done.errors.splitlines()[-1].startswith("error: ")
    assert message in done.errors
    assert "Traceback" not in done.errors


@pytest.mark.usefixtures("folder")
def test_an_endpoint_that_cannot_be_reached(command: Command) -> None:
    done = command("local", "--endpoint-url", "http://127.0.0.1:9")
    assert (done.status, done.output) == (2, "")
    assert "Expected an emulator of AWS at http://127.0.0.1:9, but it cannot be reached" in done.errors


# -- On a terminal -----------------------------------------------------------------------------------------------------


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, *arguments: str, cwd: Path, columns: int = 100, **environment: str) -> None:
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        variables = {**inherited, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", **environment}
        self.process = subprocess.Popen(
            [COMMAND, "local", *arguments], cwd=cwd, env=variables, stdin=slave, stdout=slave, stderr=slave
        )
        os.close(slave)
        self._master = master
        self.raw = ""

    @property
    def text(self) -> str:
        """What it has written, without control sequences."""
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", self.raw).replace("\r", "")

    def read_until(self, holds: Callable[[], bool], seconds: float = 30) -> None:
        limit = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < limit, self.text
            self._read()

    def end(self, number: int | None = None) -> int:
        if number is not None:
            self.process.send_signal(number)
        self.read_until(lambda: self.process.poll() is not None)
        self._read()
        return self.process.wait()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._master)

    def _read(self) -> None:
        ready, _, _ = select.select([self._master], [], [], 0.1)
        if ready:
            try:
                self.raw += os.read(self._master, 65536).decode("utf-8", "replace")
            except OSError:  # the other end is closed
                time.sleep(0.05)


@pytest.fixture
def terminal(folder: Path, emulator: Emulator) -> Iterator[Callable[..., Terminal]]:
    terminals: list[Terminal] = []

    def start(*arguments: str, **more: Any) -> Terminal:
        terminals.append(Terminal("--endpoint-url", emulator.url, *arguments, cwd=folder, **more))
        return terminals[-1]

    yield start
    for each in terminals:
        each.close()


def children_of(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True)
    return [int(child) for child in listed.stdout.split()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_with_ctrl_c_and_leaves_no_process(
    terminal: Callable[..., Terminal], folder: Path, number: int
) -> None:
    (folder / "events").write_text("one\nslow\n")
    screen = terminal("--send", "events")
    screen.read_until(lambda: "hello slow" in screen.text)
    processes = children_of(screen.process.pid)
    assert processes

    started = time.monotonic()
    status = screen.end(number)

    assert time.monotonic() - started < 5
    assert status == 0, screen.text
    assert "2 events sent to Queue. Stopped after" in screen.text
    assert re.search(r"^Queue +1$", screen.text, re.MULTILINE), "it comes again"
    assert "Letters is the queue local-Letters-" in screen.text
    for pid in processes:
        assert not Path(f"/proc/{pid}").exists()


def test_once_interrupted_is_not_done(terminal: Callable[..., Terminal], folder: Path) -> None:
    (folder / "events").write_text("slow\n")
    screen = terminal("--send", "events", "--once")
    screen.read_until(lambda: "hello slow" in screen.text)
    assert screen.end(signal.SIGINT) == 130
    assert "Traceback" not in screen.text


def test_the_live_view(terminal: Callable[..., Terminal]) -> None:
    screen = terminal("--send", "events")
    # The queue's name is told before; the view has it in a row of its table.
    screen.read_until(lambda: "Running" in screen.text and "Rules  Faults" in screen.text)
    assert screen.end(signal.SIGINT) == 0
    assert "Letters" in screen.text


def test_a_narrow_terminal_without_colours(terminal: Callable[..., Terminal]) -> None:
    screen = terminal("--send", "events", *ONCE, columns=60, NO_COLOR="1")
    assert screen.end() == 0
    assert "Running" in screen.text
    assert "Rules  Faults" not in screen.text
    tables = [line for line in screen.text.splitlines() if line.startswith(("Function", "Listener ", "ListenerQueue"))]
    assert max(map(len, tables)) <= 60
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", screen.raw)


def test_changed_code_is_loaded(terminal: Callable[..., Terminal], folder: Path, emulator: Emulator) -> None:
    screen = terminal("--watch", "--send", "events")
    screen.read_until(lambda: "hello one" in screen.text)
    time.sleep(0.5)

    (folder / "src" / "app.py").write_text(CODE.replace('print(os.environ["GREETING"]', 'print("changed"'))
    screen.read_until(lambda: "Loading code anew: app.py" in screen.text)
    sqs = emulator.client("sqs")
    sqs.send_message(QueueUrl=newest_queue(sqs), MessageBody="three")

    screen.read_until(lambda: "changed three" in screen.text)
    assert screen.end(signal.SIGINT) == 0


def newest_queue(sqs: Any) -> str:
    return str(next(url for url in sqs.list_queues()["QueueUrls"] if "-Queue-" in url))


def test_an_emulator_that_ends_in_the_middle(terminal: Callable[..., Terminal], folder: Path) -> None:
    (folder / "events").write_text("one\n")
    with Emulator() as own:
        url = own.url
        screen = terminal("--send", "events", "--endpoint-url", url)
        screen.read_until(lambda: "hello one" in screen.text)
    assert screen.end() == 2
    assert f"error: Expected the emulator at {url} to go on" in screen.text
    assert "Traceback" not in screen.text
