"""The command line, ``powertools-stream``. It needs an extra: ``pip install 'powertools-stream[cli]'``.

Each command is a module, or a package, of its own name. `app` lists them.
"""

from __future__ import annotations

import sys

from powertools_stream.cli.status import Status

__all__ = ["main"]

_EXTRA = ("typer", "rich")


def main() -> None:
    """Run the command line with the arguments of this process, and exit with its status."""
    try:
        from powertools_stream.cli.app import run

        run()
    except ModuleNotFoundError as error:
        if error.name not in _EXTRA:
            raise
        sys.exit(_missing(error.name))
    except KeyboardInterrupt:
        # Before Typer runs, or after it.
        sys.exit(Status.INTERRUPTED)


def _missing(module: str) -> int:
    sys.stderr.write(f"error: The command line needs {module}: pip install 'powertools-stream[cli]'.\n")
    return Status.CANNOT_RUN
