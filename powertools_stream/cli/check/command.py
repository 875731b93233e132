"""The command ``check``."""

from __future__ import annotations

import re
import sys
from enum import Enum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from powertools_stream.cli.output import errors, print_document, results
from powertools_stream.cli.status import CannotRunError, Status
from powertools_stream.templates.reading import template_paths

__all__ = ["check"]


class Layout(str, Enum):
    """cfn-lint's formats."""

    QUIET = "quiet"
    PARSEABLE = "parseable"
    JSON = "json"
    JUNIT = "junit"
    PRETTY = "pretty"
    SARIF = "sarif"


def check(
    template: Annotated[
        Path,
        typer.Argument(
            metavar="TEMPLATE",
            help="A template of SAM or CloudFormation, `cdk.out`, or a directory with one of them.",
        ),
    ] = Path(),
    ignore: Annotated[
        list[str] | None, typer.Option("--ignore", metavar="ID", help="Leave out a rule; may be repeated.")
    ] = None,
    with_cfn_lint: Annotated[
        bool, typer.Option("--all", help="Run cfn-lint's own rules too, also on what SAM makes of the template.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    migrated: Annotated[
        list[str] | None,
        typer.Option(
            "--migrate",
            metavar="MODULE",
            help="Say instead what to change in a module for aws-lambda-stream or BatchProcessor; may be repeated.",
        ),
    ] = None,
    layout: Annotated[
        Layout | None,
        typer.Option(
            "--format", metavar="FORMAT", help="Print as cfn-lint does: quiet, parseable, json, junit, pretty or sarif."
        ),
    ] = None,
) -> None:
    """Find what silently loses events in a template.

    An event source mapping without `ReportBatchItemFailures`, a stream without an end to its retries or without an
    on-failure destination, a queue without a dead-letter queue, time-outs that do not fit, fault events that nothing
    keeps, and buses, tables and queues that a function may not use.

    What depends on a deployment, such as an imported value, is no finding. Nothing asks AWS.

    **Examples**

    - `powertools-stream check`: the template in this directory
    - `powertools-stream check cdk.out`: all stacks of a CDK app, after `cdk synth`
    - `powertools-stream check template.yaml --all`: with cfn-lint's own rules
    - `powertools-stream check --ignore W9831 --json`: for a script
    - `powertools-stream check --migrate listener.py`: coming from another library
    - `powertools-stream check --format sarif > check.sarif`: for code scanning; needs `cfn-lint[sarif]`

    For one resource only, name the rule in its `Metadata: {cfn-lint: {config: {ignore_checks: [W9831]}}}`. In an
    editor, use `cfn-lint -a powertools_stream.cli.check.rules`.
    """
    if as_json and layout is not None:
        raise CannotRunError("Expected --json or --format, found both: leave one out.")
    if migrated:
        _check_alone(template, ignore, with_cfn_lint, layout)
        _migrate(migrated, as_json=as_json)
    ignored = _ids(ignore or [])
    paths = template_paths(template)
    with errors().status("Checking…"):
        # Not before a check is asked for: cfn-lint takes half a second to import.
        from powertools_stream.cli.check import report
        from powertools_stream.cli.check.linting import Linting

        linting = Linting(ignored, with_own=with_cfn_lint)
        matches = [match for path in paths for match in linting.matches_in(path)]
    if layout is not None:
        sys.stdout.write(f"{linting.formatted(matches, paths, layout.value)}\n")
    elif as_json:
        print_document(report.as_document(paths, matches))
    else:
        report.show(results(), paths, matches)
    raise typer.Exit(Status.FINDINGS if matches else Status.FINE)


def _check_alone(*others: object) -> None:
    if any(other not in (None, False, Path()) for other in others):
        raise CannotRunError("Expected --migrate alone or with --json, found more: leave out what is for templates.")


def _migrate(modules: list[str], *, as_json: bool) -> NoReturn:
    """Say what to change in modules, and exit."""
    from powertools_stream.cli.check.migration import report
    from powertools_stream.cli.check.migration.changes import changes_in, path_of

    found = {path: changes_in(path) for path in map(path_of, modules)}
    if as_json:
        print_document(report.as_document(found))
    else:
        report.show(results(), found)
    raise typer.Exit(Status.FINDINGS if any(found.values()) else Status.FINE)


def _ids(ignored: list[str]) -> tuple[str, ...]:
    wrong = next((each for each in ignored if not re.fullmatch(r"[EWI]\d{0,4}", each)), None)
    if wrong is not None:
        raise CannotRunError(f"Expected the id of a rule, such as W9831, or how ids begin, found {wrong!r}.")
    return tuple(ignored)
