"""The command `filters`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from powertools_stream.cli.loading import HELP
from powertools_stream.cli.status import CannotRunError, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from powertools_stream.cli.filters.report import Subject
    from powertools_stream.cli.loading import LoadedFunction
    from powertools_stream.cli.stack import SourceMapping
    from powertools_stream.local.mappings.filters import Source

__all__ = ["filters"]

_ENVELOPES = ("none", "eventbridge", "sns", "records")
_SOURCES = ("sqs", "kinesis", "dynamodb", "kafka")


def filters(
    target: Annotated[str | None, typer.Argument(help=HELP, metavar="TARGET")] = None,
    check: Annotated[
        Path | None,
        typer.Option(
            help="Tell whether the filters of this template let through what the rules take: its own, or TARGET's.",
            metavar="TEMPLATE",
        ),
    ] = None,
    function: Annotated[
        str | None, typer.Option(help="Only this function of the template.", metavar="LOGICAL_ID")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(help="What a module's mapping reads: `sqs`, `kinesis`, `dynamodb` or `kafka`.", metavar="SERVICE"),
    ] = None,
    envelope: Annotated[
        list[str] | None,
        typer.Option(
            help="What is around all events in payloads: `none`, `eventbridge`, `sns`, or `records` of other sources. "
            "May be repeated. Default: any of these.",
            metavar="ENVELOPE",
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option(help="How many filters a mapping may have: AWS allows 10 on request.", min=1, max=10)
    ] = 5,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON: the filters, or what they discard.")] = False,
) -> None:
    """Print the `FilterCriteria` that the rules imply for each event source mapping.

    The filters let through every record that a rule takes, and more, where only a function knows what it takes.
    They are printed as SAM and CloudFormation have them.

    What a filter does not let through is gone: no function sees it, and no fault event tells of it, also not of a
    message that cannot be read.

    With `--check`, it exits with 1 if a filter of the template discards what a rule takes.

    **Examples**

    - For each mapping of a template: `powertools-stream filters template.yaml`

    - For a queue to which a rule of EventBridge sends all messages:
      `powertools-stream filters orders/listener.py --source sqs --envelope eventbridge`

    - Does each mapping of a template let through what its function takes?
      `powertools-stream filters --check template.yaml`
    """
    from powertools_stream.cli.filters import report
    from powertools_stream.cli.filters.checking import check_mapping
    from powertools_stream.cli.filters.implied import implied_filters

    envelopes = [_known(each, _ENVELOPES, "an envelope") for each in envelope or ()]
    functions = _functions(target, check, function)
    notes = [
        f"{each.name}: its rules are not known, as it is not in Python, or has no stream processor."
        for each in functions
        if each.mappings and not each.parts
    ]
    subjects = list(_subjects(functions, source, notes))
    if check is not None:
        checked = [
            (subject, check_mapping(mapping, loaded.parts, subject_source, envelopes))
            for loaded, mapping, subject_source, subject in subjects
            if mapping is not None
        ]
        if report.print_checked(checked, notes, as_json=json_):
            raise typer.Exit(Status.FINDINGS)
        return
    implied = [
        (subject, implied_filters(loaded.parts, subject_source, envelopes or _ENVELOPES, limit))
        for loaded, _, subject_source, subject in subjects
    ]
    if any(each.filters and subject.source != "dynamodb" for subject, each in implied):
        notes.append("What is no JSON is discarded as well, and no fault event tells of it.")
        notes += [] if envelopes else _hints(mapping for _, mapping, *_ in subjects)
    report.print_implied(implied, notes, as_json=json_)


def _hints(mappings: Iterable[SourceMapping | None]) -> Iterator[str]:
    """Say how the filters can be narrower."""
    from powertools_stream.cli.filters.feeders import envelopes_of_feeders

    told = {each for mapping in mappings if mapping is not None for each in envelopes_of_feeders(mapping)}
    if not told:
        yield "Events may come in any envelope. If all come in one, --envelope makes the filters narrower."
    else:
        options = " ".join(f"--envelope {each}" for each in _ENVELOPES if each in told)
        yield f"Events may come in any envelope. If only the template sends any, {options} makes the filters narrower."


def _functions(target: str | None, check: Path | None, function: str | None) -> Sequence[LoadedFunction]:
    """Return the functions that are asked for, with their rules and their mappings."""
    from powertools_stream.cli.loading import is_template, load_functions

    if target is None and check is None:
        raise CannotRunError("Expected a TARGET, or --check TEMPLATE, found neither.")
    if target is not None and check is not None and is_template(target):
        raise CannotRunError(
            f"Expected a module beside --check, found {target}. Leave it out to check a template with its own rules."
        )
    if target is not None and check is not None:
        from powertools_stream.cli.filters.functions import function_of_module

        return [function_of_module(target, check, function)]
    found = load_functions(str(check) if target is None else target)
    if function is None:
        return found
    named = [each for each in found if each.name == function and each.function is not None]
    if not named:
        names = ", ".join(each.name for each in found if each.function is not None)
        raise CannotRunError(f"Expected a function {function} in a template, found {names or 'none'}.")
    return named


def _subjects(
    functions: Sequence[LoadedFunction], source: str | None, notes: list[str]
) -> Iterator[tuple[LoadedFunction, SourceMapping | None, Source, Subject]]:
    """Yield the mappings of functions, each with what it reads; of a module, what the command line says."""
    from powertools_stream.cli.filters.report import Subject

    given = _known(source, _SOURCES, "a source that Lambda polls") if source is not None else None
    for loaded in functions:
        if loaded.function is None:
            if given is None:
                raise CannotRunError(f"Expected --source beside a module, one of {', '.join(_SOURCES)}, found none.")
            yield loaded, None, given, Subject(loaded.name, given)
        for mapping in loaded.mappings if loaded.parts else ():
            name = str(mapping.path[-1])
            reads: Source | None = _source_of(mapping) or given
            if reads is None:
                notes.append(f"{loaded.name}, {name}: what it reads is only known once it is deployed; see --source.")
            else:
                yield loaded, mapping, reads, Subject(loaded.name, reads, name)
    if not any(loaded.mappings or loaded.function is None for loaded in functions):
        raise CannotRunError(
            "Expected an event source mapping of SQS, Kinesis, DynamoDB Streams or Kafka in the template, found none."
        )


def _source_of(mapping: SourceMapping) -> Source | None:
    known: dict[str, Source] = {"SQS": "sqs", "Kinesis": "kinesis", "DynamoDB": "dynamodb", "Kafka": "kafka"}
    return known.get(mapping.service)


def _known(name: str, known: Sequence[str], what: str) -> Source:
    from difflib import get_close_matches

    if name in known:
        return name  # type: ignore[return-value]
    (meant,) = get_close_matches(name, known, n=1) or ("",)
    hint = f" Did you mean {meant}?" if meant else ""
    raise CannotRunError(f"Expected {what} ({', '.join(known)}), found {name}.{hint}")
