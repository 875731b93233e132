"""The graph as a picture: laid out and drawn by Graphviz."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from powertools_stream.cli.graph.dot import as_dot
from powertools_stream.cli.graph.model import Graph
from powertools_stream.cli.status import CannotRunError

__all__ = ["as_svg"]

_PROGRAMS = ("graphviz-pure", "dot")
"""A port of Graphviz that the extra brings along, which draws the same on every machine; and Graphviz itself."""


def as_svg(graph: Graph) -> str:
    """Return the graph as SVG.

    Raises
    ------
    CannotRunError
        There is no Graphviz, or it failed.
    """
    program = _program()
    try:
        done = subprocess.run([program, "-Tsvg"], input=as_dot(graph), capture_output=True, text=True, encoding="utf-8")
    except OSError as error:
        raise CannotRunError(f"Expected {program} to draw the graph: {error}. Take --format dot or mermaid.") from error
    if done.returncode != 0:
        raise CannotRunError(f"Expected {program} to draw the graph, found: {done.stderr.strip() or done.returncode}")
    return done.stdout


def _program() -> str:
    # The scripts of an environment are not on the path unless it is active.
    beside = str(Path(sys.executable).parent)
    found = (shutil.which(name, path=path) for name in _PROGRAMS for path in (beside, None))
    program = next(filter(None, found), None)
    if program is None:
        raise CannotRunError(
            "Expected Graphviz for SVG, found neither graphviz-pure nor dot: pip install graphviz-pure, or take "
            "--format dot or mermaid."
        )
    return program
