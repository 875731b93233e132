"""Functions under AWS's own runtime client, in processes of their own."""

from __future__ import annotations

from powertools_stream.local.runtime.errors import FunctionError
from powertools_stream.local.runtime.function import FunctionConfiguration, RuntimeFunction
from powertools_stream.local.runtime.process import RuntimeProcess

__all__ = [
    "FunctionConfiguration",
    "FunctionError",
    "RuntimeFunction",
    "RuntimeProcess",
]
