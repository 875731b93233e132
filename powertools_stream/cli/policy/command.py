"""The command `policy`."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated

import typer

from powertools_stream.cli.output import errors
from powertools_stream.cli.status import CannotRunError, Status
from powertools_stream.cli.targets import HELP
from powertools_stream.templates import read_template

__all__ = ["policy"]


def policy(
    target: Annotated[str, typer.Argument(help=f"{HELP} A handler may be named, too.", metavar="TARGET")],
    template: Annotated[
        Path | None,
        typer.Option("--template", "-t", help="Take the names of resources from this template.", metavar="TEMPLATE"),
    ] = None,
    check: Annotated[
        Path | None,
        typer.Option(help="Compare what is needed with what this template grants.", metavar="TEMPLATE"),
    ] = None,
    function: Annotated[
        str | None,
        typer.Option(help="The function in the template, if its handler does not tell.", metavar="LOGICAL_ID"),
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(help="Add what Lambda needs to poll `sqs`, `kinesis`, `dynamodb` or `kafka`.", metavar="SERVICE"),
    ] = None,
    request: Annotated[
        list[str] | None,
        typer.Option(help="Add a request that the rules make, though it is not seen.", metavar="REQUEST"),
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON: the policy, or what differs.")] = False,
) -> None:
    """Print the least that the role of a function has to allow, for its rules and its processor.

    It imports the module, and reads which requests the rules make: from their flavors and fields, and from the source
    of their functions. What functions do without requests, as with a client of boto3, it does not see.

    Names come from the rules, from the source, or from the environment variables of the function. Without a template,
    `${BUS_NAME}` stands for what `BUS_NAME` names.

    With `--check`, it exits with 1 if something is missing.

    **Examples**

    - For the `Policies` of a function of SAM: `powertools-stream policy orders/listener.py`

    - With the names of the template: `powertools-stream policy orders/listener.py --template template.yaml`

    - Is all of it granted, and what is granted besides?
      `powertools-stream policy orders/listener.py --check template.yaml`
    """
    from powertools_stream.cli.handlers import load_handlers
    from powertools_stream.cli.needs.polling import polling_needs
    from powertools_stream.cli.needs.rules import needs_of
    from powertools_stream.cli.policy import report
    from powertools_stream.cli.policy.granted.functions import find_function, set_variables

    path = _template_path(template, check, function)
    requested, polled = list(map(_request, request or ())), list(map(_polled, source or ()))
    with _reading():
        written = read_template(path) if path is not None else None
    if written is not None:
        set_variables(written)
    handlers = load_handlers(target)
    found = needs_of(handlers.parts, requested)
    found.needs += [need for name in polled for need in polling_needs(name)]
    with _reading():
        in_template = find_function(written, handlers, function) if written is not None else None
    if check is None or in_template is None:
        report.print_policy(found, in_template, as_json=json_)
    elif report.print_comparison(found, in_template, as_json=json_):
        raise typer.Exit(Status.FINDINGS)


def _reading() -> AbstractContextManager[object]:
    return errors().status("Reading the template …")


def _template_path(template: Path | None, check: Path | None, function: str | None) -> Path | None:
    if template is not None and check is not None:
        raise CannotRunError("Expected --template or --check, found both: --check reads the names, too.")
    if function is not None and template is None and check is None:
        raise CannotRunError("Expected --template or --check beside --function, found neither.")
    return check or template


def _request(name: str) -> str:
    from powertools_stream import requests

    known = {each for each in requests.__all__ if _is_request(getattr(requests, each))}
    return _known(name, sorted(known), "a request")


def _is_request(value: object) -> bool:
    from powertools_stream.requests import Request

    return isinstance(value, type) and issubclass(value, Request) and value is not Request


def _polled(name: str) -> str:
    from powertools_stream.cli.needs.polling import POLLED

    return _known(name, POLLED, "a source that Lambda polls")


def _known(name: str, known: list[str] | tuple[str, ...], what: str) -> str:
    from difflib import get_close_matches

    if name in known:
        return name
    (meant,) = get_close_matches(name, known, n=1) or ("",)
    hint = f" Did you mean {meant}?" if meant else ""
    raise CannotRunError(f"Expected {what} ({', '.join(known)}), found {name}.{hint}")
