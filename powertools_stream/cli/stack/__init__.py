"""What the rules see of a template: resources, functions, mappings and grants, their intrinsic functions resolved."""

from __future__ import annotations

from powertools_stream.cli.stack.buses import BUS, SAM_RULES, is_on, keeps_faults, may_match
from powertools_stream.cli.stack.code import where_published
from powertools_stream.cli.stack.functions import DEFAULT_TIMEOUT, Function, function_named, functions_of
from powertools_stream.cli.stack.grants import is_granted, may_do, uses_of
from powertools_stream.cli.stack.mappings import QUEUE, SQS_SUBSCRIPTION, SourceMapping, mappings_of
from powertools_stream.cli.stack.stack import Resource, Stack, stack_of, stacks_of
from powertools_stream.templates.values import dig, is_known, items_of, number, pattern_of

__all__ = [
    "Stack", "Resource", "stack_of", "stacks_of",
    "DEFAULT_TIMEOUT", "Function", "functions_of", "function_named",
    "QUEUE", "SQS_SUBSCRIPTION", "SourceMapping", "mappings_of",
    "BUS", "SAM_RULES", "is_on", "keeps_faults", "may_match", "where_published", "is_granted", "may_do", "uses_of",
    "dig", "is_known", "items_of", "number", "pattern_of",
]  # fmt: skip
