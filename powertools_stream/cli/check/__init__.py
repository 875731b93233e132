"""``powertools-stream check``: what silently loses events, as rules of cfn-lint.

`rules` is the rule pack, which needs nothing of the rest of the command line: ``cfn-lint -a
powertools_stream.cli.check.rules``. `stack` is what the rules see of a template.
"""

from __future__ import annotations
