"""Prints filters, or what they discard."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from textwrap import wrap
from typing import Any

from rich.console import Console
from rich.markup import escape

from powertools_stream.cli.filters.checking import Checked, Finding
from powertools_stream.cli.filters.clauses import ABSENT, PRESENT, Clause
from powertools_stream.cli.filters.fitting import ImpliedFilter
from powertools_stream.cli.filters.implied import Implied
from powertools_stream.cli.output import counted, errors, print_document, results
from powertools_stream.local.mappings.filters import KEYS

__all__ = ["Subject", "print_checked", "print_implied"]


@dataclass(frozen=True)
class Subject:
    """A mapping of a function, or a module whose mapping is not known.

    Parameters
    ----------
    function
        The function's logical id; or the module.
    source
        What it reads from.
    mapping
        The mapping's name in the template; None: there is no template.
    """

    function: str
    source: str
    mapping: str | None = None

    def __str__(self) -> str:
        service = {"sqs": "SQS", "kinesis": "Kinesis", "dynamodb": "DynamoDB", "kafka": "Kafka"}[self.source]
        return f"{self.function}, {self.mapping} ({service})" if self.mapping else f"{self.function} ({service})"


def print_implied(found: Sequence[tuple[Subject, Implied]], notes: Iterable[str], *, as_json: bool) -> None:
    """Print the ``FilterCriteria`` of each mapping, as SAM and CloudFormation take them."""
    if as_json:
        print_document(
            [
                {**asdict(subject), "FilterCriteria": implied.criteria, "notes": list(implied.reasons)}
                for subject, implied in found
            ]
        )
    else:
        blocks = [_block(subject, implied) for subject, implied in found if implied.filters]
        sys.stdout.write("---\n".join(blocks))
    print_notes([*(note for subject, implied in found for note in _notes(subject, implied)), *notes])


def print_checked(found: Sequence[tuple[Subject, Checked]], notes: Iterable[str], *, as_json: bool) -> bool:
    """Print what filters discard though rules take it; return whether there is anything."""
    findings = [(subject, finding) for subject, checked in found for finding in checked.findings]
    told = [f"{subject}: {note}." for subject, checked in found for note in checked.notes]
    if as_json:
        document = [{**asdict(subject), **asdict(finding)} for subject, finding in findings]
        print_document({"findings": document, "notes": [*told, *notes]})
    else:
        _print_findings(results(), findings, found)
        print_notes([*told, *notes])
    return bool(findings)


def print_notes(notes: Iterable[str]) -> None:
    """Print notes, each once."""
    # Behind the results, where both go to one place.
    sys.stdout.flush()
    console = errors()
    for note in dict.fromkeys(notes):
        console.print(f"[yellow]note:[/] {escape(note)}", soft_wrap=True)


def _notes(subject: Subject, implied: Implied) -> list[str]:
    if implied.filters:
        return [f"{subject}: more passes than the rules take. {_sentence(reason)}" for reason in implied.reasons]
    first, *others = implied.reasons
    return [f"{subject}: no filters. {_sentence(first)}", *(f"{subject}: {_sentence(each)}" for each in others)]


def _sentence(text: str) -> str:
    return f"{text}."


def _block(subject: Subject, implied: Implied) -> str:
    lines = [f"# {subject}", "FilterCriteria:", "  Filters:"]
    for each in implied.filters:
        lines += [f"    # {line}" for line in wrap(_comment(each), 100)]
        lines.append(f"    - Pattern: {_quoted(each.text)}")
    return "\n".join(lines) + "\n"


def _comment(each: ImpliedFilter) -> str:
    """Return what a filter is for: rules, and where it finds their events, if it is one place."""
    rules = ", ".join(each.rules)
    places = {_place(clause) for clause in each.clauses}
    return f"{rules}: {places.pop()}" if len(places) == 1 and places != {""} else rules


def _place(clause: Clause) -> str:
    payload = {path[1:]: alternatives for path, alternatives in clause.fields.items() if path[0] in _PAYLOADS}
    if payload.get(("type",)) == (ABSENT,) or ("TopicArn",) in payload:
        return "what no filter can look into, as in SNS's envelope"
    if payload.get(("detail",)) == (PRESENT,):
        return "in EventBridge's envelope, as text"
    in_envelope = any(path[0] in ("detail", "detail-type") for path in payload)
    return "in EventBridge's envelope" if in_envelope else ""


_PAYLOADS = tuple(names[0] for source, names in KEYS.items() if source != "dynamodb")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _print_findings(
    console: Console, findings: Sequence[tuple[Subject, Finding]], found: Sequence[tuple[Subject, Checked]]
) -> None:
    for subject in dict.fromkeys(subject for subject, _ in findings):
        console.print(f"[bold]{escape(str(subject))}[/]")
        for finding in (each for owner, each in findings if owner == subject):
            _print_finding(console, finding)
    console.print(_summary(findings, found))


def _print_finding(console: Console, finding: Finding) -> None:
    told = f"{finding.rule} {finding.problem}" if finding.rule else finding.problem
    lines = wrap(told + (":" if finding.record is not None else ""), console.width - 2)
    if finding.record is not None:
        lines += [f"  {line}" for line in _shown(finding.record, console.width - 4)]
    for line in lines:
        console.print(f"  {escape(line)}", soft_wrap=True)


def _shown(record: Any, width: int) -> list[str]:
    text = json.dumps(record, ensure_ascii=False, default=str)
    return wrap(text, width, break_long_words=False, break_on_hyphens=False)


def _summary(findings: Sequence[tuple[Subject, Finding]], found: Sequence[tuple[Subject, Checked]]) -> str:
    mappings = counted(len(found), "mapping")
    if not findings:
        return f"The filters of {mappings} let through what the rules take."
    return f"{counted(len(findings), 'finding')} in {mappings}."
