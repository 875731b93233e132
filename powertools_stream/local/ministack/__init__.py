"""MiniStack, an emulator of AWS: its installation, and what is added to it.

`server` is what its process runs. The modules beside it are what it lacks, and belong to the version that is installed:
they replace functions of it, within its process, in which nothing else of this package can be imported.
"""

from __future__ import annotations

from powertools_stream.local.ministack.installation import MINISTACK_VERSION, EmulatorError, installed, server_script

__all__ = ["MINISTACK_VERSION", "EmulatorError", "installed", "server_script"]
