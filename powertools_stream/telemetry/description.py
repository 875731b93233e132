"""A processor as text: its rules, and the settings that are in force, wherever they come from."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from powertools_stream.engine.faults import fault_bus_name
from powertools_stream.environment.variables import variable
from powertools_stream.rules.switches import Switches

if TYPE_CHECKING:
    from powertools_stream.options import ProcessorOptions
    from powertools_stream.rules.registry import RuleRegistry

__all__ = ["described"]

_MAX_RULES = 100

_ALWAYS = ("on_fault", "max_workers", "timeout_margin", "bus_name", "fault_bus_name", "on_unmatched")
"""What is shown even if it is the default."""


def described(name: str, options: ProcessorOptions) -> str:
    """Return a processor as text.

    Objects are shown by their classes, since what they hold may be long, or nobody's business.

    Parameters
    ----------
    name
        Of its class.
    options
        Its options.
    """
    shown = {"rules": _rules(options.registry), **dict(_settings(options))}
    return f"{name}({', '.join(f'{key}={value}' for key, value in shown.items())})"


def _rules(registry: RuleRegistry) -> str:
    switches = Switches.from_environment()
    rules = [
        f"{rule.id} ({_name(rule.flavor)}{'' if switches.is_on(rule.id) else ', off'})"
        for rule in itertools.islice(registry, _MAX_RULES)
    ]
    left = len(registry) - len(rules)
    return f"[{', '.join([*rules, *([f'{left} more'] if left else [])])}]"


def _settings(options: ProcessorOptions) -> Iterator[tuple[str, str]]:
    in_force = {
        "on_fault": options.fault_policy,
        "max_workers": options.workers,
        "bus_name": options.bus_name or variable("BUS_NAME"),
        "fault_bus_name": fault_bus_name(options.fault_bus_name, options.bus_name),
    }
    for field in fields(options):
        if not field.init or field.name == "rules":
            continue
        value = in_force.get(field.name, getattr(options, field.name))
        if field.name in _ALWAYS or value is not field.default:
            yield field.name, _shown(value)


def _shown(value: Any) -> str:
    if isinstance(value, Enum):
        return repr(value.value)
    if value is None or isinstance(value, str | bool | int | float):
        return repr(value)
    if isinstance(value, list | tuple | set | frozenset):
        return f"[{', '.join(map(_shown, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_shown(key)}: {_shown(one)}' for key, one in value.items())}}}"
    if is_dataclass(value) and not isinstance(value, type) and type(value).__module__.startswith("powertools_stream."):
        return repr(value)
    return _name(value)


def _name(value: Any) -> str:
    """Return the name of a class or of a function; of any other object, that of its class."""
    return getattr(value, "__name__", None) or type(value).__name__
