"""Functions under Powertools' ``@idempotent_function``, which takes its data by keyword only."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

__all__ = ["Idempotency", "configs_of", "idempotency_of"]

_HOME = "aws_lambda_powertools.utilities.idempotency.idempotency"


class Idempotency:
    """What the decorator was given.

    Parameters
    ----------
    config
        Powertools' ``IdempotencyConfig``.
    data_argument
        The name of the parameter that the key is made of: its ``data_keyword_argument``.
    function
        The function that it decorates.
    """

    def __init__(self, config: Any, data_argument: str, function: Callable[..., Any]) -> None:
        self.config = config
        self.data_argument = data_argument
        self.function = function

    @property
    def is_served(self) -> bool:
        """Whether Powertools stores what the function returns: not of a coroutine, nor of a generator."""
        inner = inspect.unwrap(self.function)
        return not (inspect.iscoroutinefunction(inner) or inspect.isgeneratorfunction(inner))


def idempotency_of(function: Any) -> Idempotency | None:
    """Return the idempotency of a function, under whatever other decorators; None: it has none."""
    while function is not None:
        # Told by the module of its code: importing the utility would cost every function what few of them use.
        if getattr(function, "__globals__", {}).get("__name__") == _HOME:
            held = inspect.getclosurevars(function).nonlocals
            if "data_keyword_argument" in held:
                return Idempotency(held["config"], held["data_keyword_argument"], held["function"])
        function = getattr(function, "__wrapped__", None)
    return None


def configs_of(functions: Iterable[Any]) -> tuple[Any, ...]:
    """Return the configurations of the functions that are idempotent, each once."""
    found = [idempotency.config for function in functions if (idempotency := idempotency_of(function)) is not None]
    return tuple({id(config): config for config in found}.values())
