"""Which functions an operator lets be invoked."""

from __future__ import annotations

from collections.abc import Iterable

from powertools_stream.cli.status import CannotRunError

__all__ = ["targets_of"]


def targets_of(functions: Iterable[str]) -> dict[str, str]:
    """Return what is invoked for the faults of each function: ``{"orders": "orders:live"}``.

    Parameters
    ----------
    functions
        ``"orders"``, or ``"orders=orders:live"``: the name that the fault events have, and what is invoked, a name, a
        name with an alias, or an ARN.

    Raises
    ------
    CannotRunError
        One of them is neither, or a function is named twice.
    """
    targets: dict[str, str] = {}
    for given in functions:
        name, _, target = given.partition("=")
        if not name or "*" in given or (not target and "=" in given):
            raise CannotRunError(
                f"Expected --function NAME or NAME=TARGET, one function each and no '*', found {given!r}. Only what "
                "you name is invoked."
            )
        if targets.setdefault(name, target or name) != (target or name):
            raise CannotRunError(f"Expected one target for the function {name!r}, found two. Run the command for each.")
    return targets
