"""Writes into the pages of the command line what its commands print; or checks that it is so.

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
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "cli"
# They show what `check --migrate` says of their examples.
MORE_PAGES = ROOT / "docs" / "migration"

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


def made_page(text: str) -> str:
    """Return a page with all its parts made anew."""
    return PART.sub(lambda part: part["begin"] + made(part["wanted"]) + part["end"], text)


def made(wanted: str) -> str:
    if command := COMMAND.fullmatch(wanted):
        with tempfile.TemporaryDirectory() as new:
            directory = Path(new) if command["directory"] == NEW else ROOT / command["directory"]
            return console_block(directory, command["command"])
    if function := FUNCTION.fullmatch(wanted):
        return f"\n{getattr(import_module(function['module']), function['name'])()}\n\n"
    if picture := PICTURE.fullmatch(wanted):
        keep_picture(PAGES / picture["name"], printed(ROOT / picture["directory"], picture["command"]) + "\n")
        return f"\n![{picture['command']}]({picture['name']})\n\n"
    sys.exit(f"Expected `in …`, `from …` or `picture …`, found: {wanted}.")


def console_block(directory: Path, command: str) -> str:
    return f"\n```console\n$ {command}\n{printed(directory, command)}\n```\n\n"


def keep_picture(path: Path, drawn: str) -> None:
    """Write a picture; or check that it is as drawn."""
    if "--check" not in sys.argv[1:]:
        path.write_text(drawn, encoding="utf-8")
    elif not path.is_file() or path.read_text(encoding="utf-8") != drawn:
        sys.exit(f"Expected {path.relative_to(ROOT)} to be what the command draws. Run `make cli-docs`.")


def printed(directory: Path, command: str) -> str:
    """Return what a command prints, without trailing spaces. It may exit with 1 or 2, but it may not crash."""
    name, *arguments = shlex.split(command)
    program = Path(sys.executable).with_name(name)
    done = subprocess.run(
        [program, *arguments],
        cwd=directory,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    if done.returncode not in (0, 1, 2) or CRASH.search(done.stdout):
        sys.exit(f"Expected `{command}` to exit with 0, 1 or 2, found {done.returncode}:\n{done.stdout}")
    return "\n".join(line.rstrip() for line in done.stdout.strip("\n").splitlines()).strip("\n")


def main() -> None:
    named = [Path(argument).resolve() for argument in sys.argv[1:] if not argument.startswith("-")]
    for path in named or sorted([*PAGES.glob("*.md"), *MORE_PAGES.glob("*.md")]):
        before = path.read_text(encoding="utf-8")
        after = made_page(before)
        if "--check" not in sys.argv[1:]:
            path.write_text(after, encoding="utf-8")
        elif before != after:
            sys.exit(f"Expected {path.relative_to(ROOT)} to show what the commands print. Run `make cli-docs`.")


if __name__ == "__main__":
    main()
