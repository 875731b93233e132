"""What nodes are called, in all formats."""

from __future__ import annotations

from collections.abc import Iterator

from powertools_stream.cli.graph.model import EVENT, RULE, Node

__all__ = ["anything_of", "marks_of", "noun_of", "takes_of"]

_MOST = 3
"""How many types a node of a picture names."""


def noun_of(node: Node) -> str:
    """Return what a node is: of a rule, its flavor."""
    if node.kind == RULE:
        return node.flavor
    return "" if node.kind == EVENT else node.kind


def takes_of(node: Node) -> str:
    """Return the types that a rule is for, in one line."""
    if node.kind != RULE:
        return ""
    more = len(node.takes) - _MOST
    return "on " + ", ".join(node.takes[:_MOST] or [anything_of(node)]) + (f" and {more} more" if more > 0 else "")


def anything_of(node: Node) -> str:
    """Return what a rule is for that names no type."""
    return "what expires" if node.flavor == "expired" else "any event"


def marks_of(node: Node) -> Iterator[str]:
    """Yield why a node stands out."""
    return (mark.value for mark in node.marks)
