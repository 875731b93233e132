"""The command ``graph``: a model of what leads where, and a renderer for each format.

`building` makes the model, from `sources` of functions, `wires` between resources, and what rules consume and emit.
"""

from __future__ import annotations
