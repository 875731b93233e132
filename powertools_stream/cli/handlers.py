"""Finds the rules of a function, and the options of its processor, in its module."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from powertools_stream import RuleRegistry, StreamProcessor
from powertools_stream.cli.status import CannotRunError
from powertools_stream.cli.targets import load_module
from powertools_stream.options import ProcessorOptions

__all__ = ["Handlers", "Part", "load_handlers"]


@dataclass(frozen=True)
class Part:
    """The rules of one processor; or a registry that no processor of the module has.

    Parameters
    ----------
    registry
        The rules.
    options
        What the processor was made with; None: there is none.
    """

    registry: RuleRegistry
    options: ProcessorOptions | None = None


@dataclass(frozen=True)
class Handlers:
    """What a module has for a function.

    Parameters
    ----------
    module
        The module's name.
    path
        Its file; None: it has none.
    handler
        The name of the handler that was asked for, of one in the module; empty: it was not asked for by name.
    parts
        The rules.
    """

    module: str
    path: Path | None
    handler: str
    parts: tuple[Part, ...]


def load_handlers(target: str, *, may_be_empty: bool = False) -> Handlers:
    """Import a module, and return what it has: all of its processors and registries, or the one that is named.

    Parameters
    ----------
    target
        As for `powertools_stream.cli.targets.load_registries`; a handler or a processor may be named as well.
    may_be_empty
        Whether a module without rules will do.

    Raises
    ------
    CannotRunError
        The module cannot be imported, or has nothing of the kind.
    """
    module, attribute = load_module(target)
    found = list(_parts(module))
    if attribute:
        found = [part for part in found if _is_named(getattr(module, attribute, None), part)]
    if not found and not may_be_empty:
        what = f"{module.__name__}:{attribute}" if attribute else module.__name__
        raise CannotRunError(
            f"Expected a RuleRegistry, a StreamProcessor or a handler under @stream_processor in {what}, found none."
        )
    handler = attribute if callable(getattr(module, attribute, None)) else ""
    path = Path(module.__file__) if module.__file__ else None
    return Handlers(module.__name__, path, handler, tuple(found))


def _parts(module: ModuleType) -> Iterator[Part]:
    seen: list[Any] = []
    for value in vars(module).values():
        processor = processor_of(value)
        if processor is not None and not any(processor is one for one in seen):
            seen += [processor, processor.options.registry]
            yield Part(processor.options.registry, processor.options)
    for value in vars(module).values():
        if isinstance(value, RuleRegistry) and not any(value is one for one in seen):
            seen.append(value)
            yield Part(value)


def processor_of(value: Any) -> StreamProcessor | None:
    """Return a processor: itself, or that of a handler under ``@stream_processor``."""
    found = value if isinstance(value, StreamProcessor) else getattr(value, "__dict__", {}).get("stream_processor")
    return found if isinstance(found, StreamProcessor) else None


def _is_named(value: Any, part: Part) -> bool:
    processor = processor_of(value)
    options = processor.options if processor is not None else None
    return value is part.registry or (options is not None and options is part.options)
