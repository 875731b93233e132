"""``powertools-stream policy``: the IAM statements that the rules of a function need.

From the rules and options to needs (`rule_needs`, `option_needs`; `code` reads the user's functions), from needs to
statements (`resources`, `statements`), and, for ``--check``, to what a template grants (`functions`, `grants`,
`comparison`).
"""

from __future__ import annotations
