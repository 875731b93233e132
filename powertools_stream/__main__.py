"""``python -m powertools_stream``: the command line."""

from __future__ import annotations

from powertools_stream.cli import main

if __name__ == "__main__":
    main()
