"""Templates, deployed into an emulator."""

from __future__ import annotations

from powertools_stream.local.stack.deployment import LeftOut, StackError
from powertools_stream.local.stack.mappings import MappingConfiguration
from powertools_stream.local.stack.stack import Stack, deploy_template
from powertools_stream.local.stack.system import deploy_system, names_of

__all__ = ["LeftOut", "MappingConfiguration", "Stack", "StackError", "deploy_system", "deploy_template", "names_of"]
