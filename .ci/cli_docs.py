"""Writes into the pages of the command line, and others, what its commands print; or checks that it is so.

A page says what it wants between two comments, and this fills in the rest:

    <!-- in docs/examples/cli: powertools-stream check template.yaml -->
    <!-- end -->

becomes a block with the command and what it printed; ``in a new directory:`` is for one that writes files. And

    <!-- from powertools_stream.cli.check.table:markdown -->
    <!-- end -->

becomes the Markdown that the function returns.

    <!-- picture orders.svg in docs/examples/orders: powertools-stream graph template.yaml --format svg -->
    <!-- end -->

becomes a picture, in a file beside the page, of what the command printed.

    PYTHONPATH=. python .ci/cli_docs.py [--check] [docs/cli/check.md …]
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

BEGIN = r"(?P<begin><!-- (?P<wanted>(?:in|from|picture) [^\n]*) -->\n)"
PART = re.compile(BEGIN + r"(?P<made>.*?)(?P<end><!-- end -->)", re.DOTALL)
PICTURE = re.compile(r"picture (?P<name>\S+) in (?P<directory>\S+): (?P<command>.+)")
NEW = "a new directory"
COMMAND = re.compile(rf"in (?P<directory>\S+|{NEW}): (?P<command>.+)")
FUNCTION = re.compile(r"from (?P<module>[\w.]+):(?P<name>\w+)")

# What `faults` shows of an error is indented.
CRASH = re.compile(r"^Traceback", re.MULTILINE)

# A terminal of 80 columns, which is as much as a page shows without scrolling, and nothing else that would show.
ENVIRONMENT = {
    "COLUMNS": "80",
    "TERMINAL_WIDTH": "80",
    "TERM": "dumb",
    "PATH": os.environ["PATH"],
    "PYTHONPATH": str(ROOT),
    "PYTHONUTF8": "1",
}


Run = Callable[[list[str], Path], tuple[int, str]]
"""Runs a command in a directory, and returns its exit status and what it printed."""


def pages() -> list[Path]:
    """Return the pages that show what commands print."""
    return [path for path in sorted((ROOT / "docs").rglob("*.md")) if PART.search(path.read_text(encoding="utf-8"))]


def run_installed(command: list[str], directory: Path) -> tuple[int, str]:
    name, *arguments = command
    done = subprocess.run(
        [Path(sys.executable).with_name(name), *arguments],
        cwd=directory,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    return done.returncode, done.stdout


@dataclass(frozen=True)
class Writer:
    """Makes pages, of what commands print; or checks that they are as it would make them."""

    run: Run = run_installed
    only_checks: bool = False

    def write(self, path: Path) -> None:
        before = path.read_text(encoding="utf-8")
        made = PART.sub(lambda part: part["begin"] + self._made(part["wanted"], path.parent) + part["end"], before)
        self._keep(path, made)

    def _made(self, wanted: str, folder: Path) -> str:
        if command := COMMAND.fullmatch(wanted):
            with tempfile.TemporaryDirectory() as new:
                directory = Path(new) if command["directory"] == NEW else ROOT / command["directory"]
                return f"\n```console\n$ {command['command']}\n{self._printed(directory, command['command'])}\n```\n\n"
        if function := FUNCTION.fullmatch(wanted):
            return f"\n{getattr(import_module(function['module']), function['name'])()}\n\n"
        if picture := PICTURE.fullmatch(wanted):
            self._keep(folder / picture["name"], self._printed(ROOT / picture["directory"], picture["command"]) + "\n")
            # A large one is small on the page, so it is also a link to itself.
            return f"\n[![{picture['command']}]({picture['name']})]({picture['name']})\n\n"
        sys.exit(f"Expected `in …`, `from …` or `picture …`, found: {wanted}.")

    def _printed(self, directory: Path, command: str) -> str:
        """Return what a command prints, without trailing spaces. It may exit with 1 or 2, but it may not crash."""
        status, text = self.run(shlex.split(command), directory)
        if status not in (0, 1, 2) or CRASH.search(text):
            sys.exit(f"Expected `{command}` to exit with 0, 1 or 2, found {status}:\n{text}")
        return "\n".join(line.rstrip() for line in text.strip("\n").splitlines()).strip("\n")

    def _keep(self, path: Path, text: str) -> None:
        if not self.only_checks:
            path.write_text(text, encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            sys.exit(f"Expected {path.relative_to(ROOT)} to show what the commands print. Run `make cli-docs`.")


def main() -> None:
    named = [Path(argument).resolve() for argument in sys.argv[1:] if not argument.startswith("-")]
    writer = Writer(only_checks="--check" in sys.argv[1:])
    for path in named or pages():
        writer.write(path)


if __name__ == "__main__":
    main()
