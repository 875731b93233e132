"""What the role of a function has to allow, in terms of the library: which permission, on what, and why."""

from __future__ import annotations

from dataclasses import dataclass, field

from powertools_stream.cli.needs.names import Name
from powertools_stream.requests import Permission

__all__ = ["Need", "Needs"]


@dataclass(frozen=True)
class Need:
    """A permission that a function needs.

    Parameters
    ----------
    permission
        The action, and the kind of place.
    name
        The name of the place.
    reason
        What needs it: the id of a rule, or a part of the library.
    part
        What follows the ARN of the place.
    role
        The role that the calls are made in; None: the function's own.
    region
        Another Region, in which it is needed.
    is_optional
        Whether nothing is needed if none of the variables is set.
    """

    permission: Permission
    name: Name
    reason: str
    part: str = ""
    role: str | None = None
    region: str | None = None
    is_optional: bool = False


@dataclass
class Needs:
    """What a function needs.

    Parameters
    ----------
    needs
        What is known of it.
    notes
        What is not known, a sentence each.
    """

    needs: list[Need] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
