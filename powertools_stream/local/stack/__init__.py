"""Templates, deployed into an emulator."""

from __future__ import annotations

from powertools_stream.local.stack.deployment import LeftOut, StackError
from powertools_stream.local.stack.mappings import MappingConfiguration
from powertools_stream.local.stack.stack import Stack, deploy_template

__all__ = ["LeftOut", "MappingConfiguration", "Stack", "StackError", "deploy_template"]
