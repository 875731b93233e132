"""What is found in a module, whatever its language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Change", "FoundModule", "FoundName", "FoundRule", "FoundValue", "Place"]


@dataclass(frozen=True, order=True)
class Place:
    """A line and a column, both from 1 on."""

    line: int
    column: int


@dataclass(frozen=True, order=True)
class Change:
    """Something to change.

    Parameters
    ----------
    place
        Where it is.
    subject
        The id of the rule; of what is in no rule, its name.
    field
        The field of the rule, or what of the name it is about; may be empty.
    advice
        What takes its place, in Markdown.
    """

    place: Place
    subject: str
    field: str
    advice: str


@dataclass(frozen=True)
class FoundName:
    """A name of another module.

    Parameters
    ----------
    place
        Where it is imported or used.
    module, name
        ``"aws_lambda_stream.utils.time"``, ``"ttl"``; the name of a whole module is empty.
    """

    place: Place
    module: str
    name: str


@dataclass(frozen=True)
class FoundValue:
    """The value of a rule's field.

    Parameters
    ----------
    place
        Where the field is.
    text
        The value, if it is a string.
    parameters
        The names of the function's parameters, if it is a function that the module shows.
    names
        The names of its own fields, if it is an object.
    is_true
        Whether it is literally true.
    """

    place: Place
    text: str | None = None
    parameters: tuple[str, ...] | None = None
    names: tuple[str, ...] = ()
    is_true: bool = False


@dataclass(frozen=True)
class FoundRule:
    """A rule, written as a dict or an object.

    Parameters
    ----------
    place
        Where it begins.
    id
        Its id, or how its id is written.
    flavor
        Where its flavor comes from.
    fields
        Its fields, ``id`` and ``flavor`` among them, with their own spelling.
    is_whole
        Whether these are all: what it spreads may come from somewhere else.
    """

    place: Place
    id: str
    flavor: FoundName
    fields: Mapping[str, FoundValue]
    is_whole: bool


@dataclass(frozen=True)
class FoundModule:
    """A module.

    Parameters
    ----------
    names
        The names of the library that it uses.
    rules
        Its rules.
    flavors
        The flavors of its own that are made of operators.
    options
        The options that it gives to functions of the library: with ``name`` as the option.
    """

    names: list[FoundName] = field(default_factory=list)
    rules: list[FoundRule] = field(default_factory=list)
    flavors: list[FoundName] = field(default_factory=list)
    options: list[FoundName] = field(default_factory=list)
