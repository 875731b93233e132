"""What the rules see of a template: resources, functions, mappings and grants, their intrinsic functions resolved."""

from __future__ import annotations

from powertools_stream.cli.stack.buses import BUS, keeps_faults
from powertools_stream.cli.stack.code import where_published
from powertools_stream.cli.stack.functions import DEFAULT_TIMEOUT, Function, function_named, functions_of
from powertools_stream.cli.stack.grants import is_granted, uses_of
from powertools_stream.cli.stack.mappings import QUEUE, SQS_SUBSCRIPTION, SourceMapping, mappings_of
from powertools_stream.cli.stack.stack import Resource, Stack, stack_of, stacks_of
from powertools_stream.templates.values import dig, is_known, items_of, number, pattern_of

__all__ = [
    "Stack", "Resource", "stack_of", "stacks_of",
    "DEFAULT_TIMEOUT", "Function", "functions_of", "function_named",
    "QUEUE", "SQS_SUBSCRIPTION", "SourceMapping", "mappings_of",
    "BUS", "keeps_faults", "where_published", "is_granted", "uses_of",
    "dig", "is_known", "items_of", "number", "pattern_of",
]  # fmt: skip
