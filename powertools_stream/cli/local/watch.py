"""Loads the code of functions anew when it changes."""

from __future__ import annotations

import threading
from pathlib import Path

from powertools_stream.cli.status import CannotRunError
from powertools_stream.local.application import Application

__all__ = ["require_watchfiles", "watch"]


def require_watchfiles() -> None:
    """Raise an error if the library that watches files is not installed."""
    try:
        import watchfiles  # noqa: F401
    except ModuleNotFoundError as error:
        raise CannotRunError(
            "Expected watchfiles for --watch, but it is not installed: pip install 'powertools-stream[local]'."
        ) from error


def watch(application: Application, stop: threading.Event) -> None:
    """Reload the application with every change of a Python file in its functions' folders, until `stop` is set."""
    from watchfiles import PythonFilter, watch as changes_in

    folders = {each.configuration.folder for each in application.functions.values()}
    for changes in changes_in(*folders, watch_filter=PythonFilter(), stop_event=stop, raise_interrupt=False):
        application.reload(sorted({Path(path) for _, path in changes}))
