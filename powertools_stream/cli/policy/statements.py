"""From what is needed to the statements of a policy, and to the text of both forms."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from powertools_stream.cli.policy.resources import Resolved

__all__ = ["Statement", "document_of", "statements_of", "yaml_of"]

_VERSION = "2012-10-17"


@dataclass(frozen=True)
class Statement:
    """A statement of a policy.

    Parameters
    ----------
    actions, resources
        Each action on each of the resources; the latter as JSON.
    condition
        As JSON; empty: there is none.
    reasons
        What it is for.
    problems
        What is not known of it.
    """

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: str
    reasons: tuple[str, ...]
    problems: tuple[str, ...]

    @property
    def document(self) -> dict[str, Any]:
        """The statement, as IAM has it."""
        resources = [json.loads(resource) for resource in self.resources]
        statement = {
            "Effect": "Allow",
            "Action": list(self.actions),
            "Resource": resources[0] if len(resources) == 1 else resources,
        }
        return {**statement, "Condition": json.loads(self.condition)} if self.condition else statement


def statements_of(resolved: Iterable[Resolved]) -> list[Statement]:
    """Return as few statements as say this, and no more: those of a service together, in the order of its name."""
    by_place: dict[tuple[str, str, str], list[Resolved]] = {}
    for one in resolved:
        service = one.action.partition(":")[0]
        place = (service, json.dumps(one.resource.document, sort_keys=True), one.condition)
        by_place.setdefault(place, []).append(one)
    by_actions: dict[tuple[tuple[str, ...], str], list[tuple[str, list[Resolved]]]] = {}
    for (_, resource, condition), found in by_place.items():
        actions = tuple(sorted({one.action for one in found}))
        by_actions.setdefault((actions, condition), []).append((resource, found))
    statements = [_statement(*key, places) for key, places in by_actions.items()]
    return sorted(statements, key=lambda one: (one.actions[0].partition(":")[0], one.resources))


def _statement(actions: tuple[str, ...], condition: str, places: Sequence[tuple[str, list[Resolved]]]) -> Statement:
    found = [one for _, resolved in places for one in resolved]
    return Statement(
        actions,
        tuple(sorted(resource for resource, _ in places)),
        condition,
        tuple(dict.fromkeys(one.need.reason for one in found)),
        tuple(dict.fromkeys(one.problem for one in found if one.problem)),
    )


def document_of(statements: Iterable[Statement]) -> dict[str, Any]:
    """Return the policy, as IAM has it, with CloudFormation's functions in their long form."""
    return {"Version": _VERSION, "Statement": [one.document for one in statements]}


def yaml_of(statements: Sequence[Statement]) -> str:
    """Return the ``Policies`` of a function of SAM, with what each statement is for."""
    if not statements:
        return "Policies: []\n"
    lines = ["Policies:", f'  - Version: "{_VERSION}"', "    Statement:"]
    for statement in statements:
        lines += [f"      {line}" for line in _statement_lines(statement)]
    return "\n".join(lines) + "\n"


def _statement_lines(statement: Statement) -> list[str]:
    lines = [*_wrapped(", ".join(statement.reasons)), *(f"# {_sentence(problem)}" for problem in statement.problems)]
    lines += ["- Effect: Allow", "  Action:", *(f"    - {action}" for action in statement.actions)]
    resources = [_scalar(json.loads(resource)) for resource in statement.resources]
    if len(resources) == 1:
        lines.append(f"  Resource: {resources[0]}")
    else:
        lines += ["  Resource:", *(f"    - {resource}" for resource in resources)]
    for operator, keys in json.loads(statement.condition or "{}").items():
        lines += ["  Condition:"] if "  Condition:" not in lines else []
        lines += [f"    {operator}:", *(f"      {key}: {_scalar(value)}" for key, value in keys.items())]
    return lines


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _wrapped(text: str, width: int = 100) -> list[str]:
    from textwrap import wrap

    return [f"# {line}" for line in wrap(text, width)]


def _scalar(value: Any) -> str:
    """Return a value of YAML in a line."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping) and len(value) == 1:
        ((function, argument),) = value.items()
        if function == "Ref":
            return f"!Ref {argument}"
        if function == "Fn::GetAtt" and isinstance(argument, list):
            return f"!GetAtt {'.'.join(argument)}"
        if function == "Fn::Sub" and isinstance(argument, str):
            return f"!Sub {_text(argument)}"
    # JSON is YAML.
    return json.dumps(value, ensure_ascii=False)


def _text(value: str) -> str:
    # A colon and a space, or a mark at the beginning, would mean something; what is in an ARN or a name does not.
    is_plain = value[:1].isalpha() and ": " not in value and " #" not in value
    return value if is_plain else json.dumps(value, ensure_ascii=False)
