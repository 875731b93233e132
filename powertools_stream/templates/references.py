"""Which resources a part of a template refers to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

__all__ = ["imports", "is_imported", "is_intrinsic", "references", "referred"]

# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-sub.html
_SUBSTITUTED = re.compile(r"\$\{(\w+)(?:\.[\w.]+)?\}")


def is_intrinsic(value: Any) -> bool:
    """Return whether a value is an intrinsic function: ``{"Ref": …}``, ``{"Fn::Sub": …}``."""
    if not isinstance(value, dict) or len(value) != 1:
        return False
    (name,) = value
    return name == "Ref" or str(name).startswith("Fn::")


def is_imported(value: Any) -> bool:
    """Return whether a value needs what another stack exports."""
    return any(True for _ in imports(value))


def imports(value: Any) -> Iterator[Any]:
    """Return the names of what a value needs of other stacks, which may be intrinsic functions themselves."""
    if isinstance(value, dict):
        if "Fn::ImportValue" in value:
            yield value["Fn::ImportValue"]
        for each in value.values():
            yield from imports(each)
    elif isinstance(value, list):
        for each in value:
            yield from imports(each)


def references(value: Any) -> Iterator[str]:
    """Return the logical ids that a value names, pseudo parameters and parameters among them."""
    if isinstance(value, dict):
        for name, argument in value.items():
            yield from _named(name, argument)
            yield from references(argument)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def referred(value: Any) -> str | None:
    """Return the logical id of the resource that a value stands for, or an attribute of it; None if it is no reference.

    Examples
    --------
    >>> referred({"Fn::GetAtt": ["Role", "Arn"]}), referred({"Fn::Sub": "${Role.Arn}"})
    ('Role', 'Role')
    >>> referred({"Fn::Sub": "arn:aws:iam::123456789012:role/${Role}"})
    """
    if not is_intrinsic(value):
        return None
    ((name, argument),) = value.items()
    if name == "Fn::Sub":
        found = _SUBSTITUTED.fullmatch(argument) if isinstance(argument, str) else None
        return found[1] if found else None
    return next(_named(name, argument), None)


def _named(name: str, argument: Any) -> Iterator[str]:
    if name == "Ref":
        yield str(argument)
    elif name == "Fn::GetAtt":
        yield str(argument[0] if isinstance(argument, list) else argument).split(".")[0]
    elif name == "Fn::Sub":
        yield from _SUBSTITUTED.findall(str(argument[0] if isinstance(argument, list) else argument))
    elif name == "DependsOn":
        yield from [argument] if isinstance(argument, str) else argument
