"""The table of the rules of `powertools-stream check`, for its page."""

from __future__ import annotations

from cfnlint.rules import Rules

from powertools_stream.cli.check import rules


def markdown() -> str:
    """Return a row for each rule."""
    pack = Rules.create_from_module(rules.__name__)
    rows = (
        f"| [`{rule.id}`]({rule.source_url}) | {rule.shortdesc} | {rule.why} | {rule.advice} |"
        for rule in sorted(pack.values(), key=lambda rule: rule.id[1:])
    )
    return "\n".join(
        ["| rule, and AWS's page | finds | why it loses events | what to do |", "|---|---|---|---|", *rows]
    )
