"""Runs MiniStack with what it lacks, until nobody holds its standard input any more.

A script of its own: MiniStack's environment has neither this package nor its dependencies.
"""

from __future__ import annotations

import os
import sys
import threading
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

# Each has a function `install`.
_ADDED = ("invocations", "event_targets", "delivery_streams", "message_moves")


def main() -> None:
    """Serve."""
    # The input is a pipe that nobody writes to: it ends with the process that holds it, even if that one was killed.
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    for name in _ADDED:
        _install(name)
    from ministack.app import main as serve

    sys.argv = ["ministack"]
    serve()


def _install(name: str) -> None:
    path = Path(__file__).with_name(f"{name}.py")
    spec = spec_from_file_location(f"added_{name}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"Expected a module at {path}.")
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    module.install()


if __name__ == "__main__":
    # The folder of this script has modules of its own.
    sys.path.pop(0)
    main()
