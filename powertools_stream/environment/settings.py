"""Settings that default from the environment: read when they are used, never at import."""

from __future__ import annotations

import math

from powertools_stream.environment.variables import variable
from powertools_stream.errors import SettingError

__all__ = ["number", "setting", "whole_number"]


def setting(given: str | None, *names: str, what: str, option: str) -> str:
    """Return what was given, else the first of the environment variables that is set.

    Parameters
    ----------
    given
        The value that the request, the rule or the processor names.
    names
        Environment variables, in the order in which they are tried.
    what
        What is missing, for the message: ``"the table"``.
    option
        The argument that would have given it, for the message: ``"table_name"``.

    Raises
    ------
    SettingError
        Neither given nor in the environment.
    """
    if given:
        return given
    for name in names:
        if value := variable(name):
            return value
    variables = " or ".join(names)
    raise SettingError(
        f"Expected to know {what}, but no {option} was given and {variables} is not set. "
        f"Pass {option}=…, or set the environment variable {names[0]}.",
        option,
    )


def whole_number(given: int | None, *names: str, default: int, what: str = "a whole number above 0") -> int:
    """Return what was given, else what the first of the environment variables says that is set, else the default.

    Parameters
    ----------
    given
        The value that the rule, the connector or the processor names. It is not checked.
    names
        Environment variables, in the order in which they are tried.
    default
        The value if there is no other.
    what
        What the variable should be, for the message: ``"a number of bytes"``.

    Raises
    ------
    SettingError
        The variable does not hold a whole number above 0.
    """
    if given is not None:
        return given
    for name in names:
        if value := variable(name):
            if not value.isdecimal() or int(value) < 1:
                raise _mistake(name, what, value)
            return int(value)
    return default


def number(given: float | None, *names: str, default: float, what: str = "a number") -> float:
    """Return what `whole_number` does, but a number that may have a fraction.

    Raises
    ------
    SettingError
        The variable does not hold a finite number.
    """
    if given is not None:
        return given
    for name in names:
        if value := variable(name):
            try:
                found = float(value)
            except ValueError:
                found = math.nan
            if not math.isfinite(found):
                raise _mistake(name, what, value)
            return found
    return default


def _mistake(name: str, what: str, found: str) -> SettingError:
    return SettingError(f"Expected {name} to be {what}, but found {found!r}.")
