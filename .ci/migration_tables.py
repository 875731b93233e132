"""The tables of names of the migration pages: what `powertools-stream check --migrate` says, too."""

from __future__ import annotations

from powertools_stream.cli.check.migration.javascript_names import JAVASCRIPT
from powertools_stream.cli.check.migration.python_names import PACKAGE, PYTHON
from powertools_stream.cli.check.migration.successor import Names

HEAD = ["| there | here | what differs, and why |", "|---|---|---|"]


def python_names() -> str:
    """Return a row for each name of aws-lambda-stream in Python."""
    return table({module.removeprefix(f"{PACKAGE}."): names for module, names in PYTHON.items()})


def javascript_names() -> str:
    """Return a row for each name of aws-lambda-stream in JavaScript."""
    return table(JAVASCRIPT)


def table(modules: Names) -> str:
    rows = list(HEAD)
    for module, names in modules.items():
        rows.append(f"| **`{module}`** | | |")
        # A method comes after its class.
        rows += [f"| `{name[max(name.find('.'), 0) :]}` | {ours} | {why} |" for name, (ours, why) in names.items()]
    return "\n".join(rows)
