"""Shows findings: to a person, one paragraph per rule; to a machine, one document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from cfnlint.match import Match
from rich.console import Console
from rich.markup import escape
from rich.text import Text

from powertools_stream.cli.output import counted

__all__ = ["as_document", "show"]

_STYLES = {"error": "bold red", "warning": "bold yellow", "informational": "bold blue"}
_SEVERITIES = list(_STYLES)


def as_document(templates: Iterable[object], matches: Iterable[Match]) -> dict[str, Any]:
    """Return what ``--json`` prints."""
    return {"templates": list(map(str, templates)), "findings": [dict(_finding(match)) for match in matches]}


def _finding(match: Match) -> Iterator[tuple[str, Any]]:
    yield "id", match.rule.id
    yield "severity", match.rule.severity
    yield "file", match.filename
    yield "line", match.linenumber
    yield "column", match.columnnumber
    yield "path", [*getattr(match, "path", ())]
    yield from _told(match).items()
    yield "source", match.rule.source_url


def _told(match: Match) -> Mapping[str, str]:
    """Return what was found, why it matters and what to do; cfn-lint's own rules say it all in one."""
    told = {name: str(getattr(match, name, "")) for name in ("found", "why", "advice")}
    return {**told, "found": told["found"] or match.message}


def show(console: Console, templates: Sequence[object], matches: Iterable[Match]) -> None:
    """Show findings, the worst first, those of a rule together, and how many there are."""
    ranked = sorted(matches, key=_rank)
    for _, found in groupby(ranked, key=lambda match: match.rule.id):
        _show_rule(console, list(found))
    console.print(_summary(templates, ranked), soft_wrap=True)


def _rank(match: Match) -> tuple[Any, ...]:
    place = (match.filename, match.linenumber, match.columnnumber)
    return (_SEVERITIES.index(match.rule.severity), match.rule.id, *place)


def _show_rule(console: Console, found: list[Match]) -> None:
    rule, why = found[0].rule, _told(found[0])["why"]
    _print(console, f"{rule.id}  ", Text(rule.shortdesc, "bold"), _STYLES[rule.severity])
    for match in found:
        _show_place(console, match)
    if why:
        _print(console, "  ", _code(f"Why: {why}"))
    if rule.source_url:
        console.print(f"  {rule.source_url}", style="dim", soft_wrap=True)
    console.print()


def _show_place(console: Console, match: Match) -> None:
    told = _told(match)
    place = f"{match.filename}:{match.linenumber}:{match.columnnumber}"
    console.print(Text.assemble("  ", (place, "cyan")), soft_wrap=True)
    _print(console, "    ", _code(told["found"]))
    if told["advice"]:
        _print(console, "    → ", _code(told["advice"]))


def _print(console: Console, start: str, text: Text, style: str = "") -> None:
    """Print a text that begins after another one, and goes on below its own beginning."""
    lines = text.wrap(console, max(console.width - len(start), 20))
    for position, line in enumerate(lines):
        line.rstrip()
        before = (start, style) if position == 0 else " " * len(start)
        console.print(Text.assemble(before, line), soft_wrap=True)


def _code(text: str) -> Text:
    """Return a text in which what stands between back quotes is emphasized, and its quotes are gone."""
    parts = text.split("`")
    return Text.assemble(*((part, "green") if position % 2 else part for position, part in enumerate(parts)))


def _summary(templates: Sequence[object], matches: list[Match]) -> str:
    where = escape(", ".join(map(str, templates)))
    if not matches:
        return f"[bold green]No findings[/] in {where}."
    counts = ((severity, sum(match.rule.severity == severity for match in matches)) for severity in _SEVERITIES)
    parts = [_of_severity(count, severity) for severity, count in counts if count]
    return f"[bold]{counted(len(matches), 'finding')}[/] in {where}: {', '.join(parts)}."


def _of_severity(count: int, severity: str) -> str:
    return f"{count} {severity}" if severity == "informational" else counted(count, severity)
