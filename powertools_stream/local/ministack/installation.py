"""Installs MiniStack in a virtual environment of its own, in the user's cache directory.

It needs one exact version of botocore, so that it cannot be installed beside the code of functions.
https://pypi.org/project/ministack/
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

__all__ = ["MINISTACK_VERSION", "EmulatorError", "installed", "server_script"]

# It is released almost daily, and `ministack/` replaces functions of it.
MINISTACK_VERSION = "1.5.33"

_INSTALL_SECONDS = 300.0


class EmulatorError(RuntimeError):
    """The emulator cannot be installed, started or reached."""


def installed(on_progress: Callable[[str], object]) -> Path:
    """Return the Python of MiniStack's environment, which is made if it is not there.

    Parameters
    ----------
    on_progress
        Is told in a sentence that it takes some time.

    Raises
    ------
    EmulatorError
        It cannot be installed.
    """
    home = _cache() / f"ministack-{MINISTACK_VERSION}-py{sys.version_info.major}.{sys.version_info.minor}"
    if not _python_of(home).exists():
        on_progress(f"Installing MiniStack {MINISTACK_VERSION} into {home}, once …")
        try:
            home.parent.mkdir(parents=True, exist_ok=True)
            _install(home)
        except OSError as error:
            raise EmulatorError(_not_written(home, error)) from error
    return _python_of(home)


def server_script() -> Path:
    """Return the script that MiniStack's Python runs."""
    return Path(__file__).with_name("server.py")


def _install(home: Path) -> None:
    # Made aside and renamed, so that nobody finds half of it, whoever else may be making it.
    aside = Path(tempfile.mkdtemp(prefix=".new-", dir=home.parent))
    try:
        _run([sys.executable, "-m", "venv", str(aside)])
        _run([str(_python_of(aside)), "-m", "pip", "install", "--quiet", f"ministack=={MINISTACK_VERSION}"])
        _rename(aside, home)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _rename(aside: Path, home: Path) -> None:
    if home.exists() and not _python_of(home).exists():
        shutil.rmtree(home, ignore_errors=True)  # its interpreter was removed: an environment is a link to one
    try:
        aside.rename(home)
    except OSError:
        if not _python_of(home).exists():  # otherwise another process was faster
            raise


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=_INSTALL_SECONDS, stdin=subprocess.DEVNULL)
    except subprocess.CalledProcessError as error:
        output = (error.stderr or error.stdout).decode("utf-8", "replace").strip()
        raise EmulatorError(_not_installed(output.splitlines()[-1] if output else str(error))) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EmulatorError(_not_installed(str(error))) from error


def _not_installed(reason: str) -> str:
    return (
        f"Expected to install MiniStack {MINISTACK_VERSION} with pip, but it failed: {reason} "
        "Once it is installed, no network is needed. To use an emulator of your own, give --endpoint-url URL."
    )


def _not_written(home: Path, error: OSError) -> str:
    return (
        f"Expected to install MiniStack into {home}, but it cannot be written: {error.strerror}. "
        "Set XDG_CACHE_HOME to another directory, or give --endpoint-url URL."
    )


def _python_of(home: Path) -> Path:
    return home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _cache() -> Path:
    try:
        from platformdirs import user_cache_path
    except ModuleNotFoundError as error:
        raise EmulatorError(
            "Expected platformdirs, but it is not installed. Install it with: pip install 'powertools-stream[local]'"
        ) from error
    return Path(user_cache_path("powertools-stream"))
