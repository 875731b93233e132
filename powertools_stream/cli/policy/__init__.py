"""``powertools-stream policy``: the IAM statements that the rules of a function need.

From the rules and options to needs (`needed`), from needs to statements (`resources`, `statements`), and, for
``--check``, to what a template grants (`granted`).
"""

from __future__ import annotations
