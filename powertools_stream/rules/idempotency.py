"""Functions under Powertools' ``@idempotent_function``, which takes its data by keyword only."""

from __future__ import annotations

import functools
import inspect
import sys
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from types import CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from powertools_stream.errors import RunError
from powertools_stream.requests import Request
from powertools_stream.rules.asking import asking, close

__all__ = ["YIELD_IT", "Idempotency", "configs_of", "idempotency_of"]

_HOME = "aws_lambda_powertools.utilities.idempotency.idempotency"

YIELD_IT = (
    "Yield the request in the rule's function, and put the decorator on a function that it calls, which returns a "
    "value, such as a dict. Or leave it out, and write idempotent=True in the rule, which is for requests too."
)
"""What to do with a request that an idempotent function would return."""


class Idempotency:
    """What the decorator was given.

    Parameters
    ----------
    decorated
        The function that the decorator made; the parameters of the decorator are in its closure.

    Attributes
    ----------
    config
        Powertools' ``IdempotencyConfig``.
    data_argument
        The name of the parameter that the key is made of: its ``data_keyword_argument``.
    """

    def __init__(self, decorated: FunctionType) -> None:
        self._cells: dict[str, CellType] = dict(
            zip(decorated.__code__.co_freevars, decorated.__closure__ or (), strict=True)
        )
        self.config: Any = self._cells["config"].cell_contents
        self.data_argument: str = self._cells["data_keyword_argument"].cell_contents

    @property
    def is_served(self) -> bool:
        """Whether Powertools stores what the function returns: not of a coroutine, nor of a generator."""
        inner = inspect.unwrap(self._function)
        return not (inspect.iscoroutinefunction(inner) or inspect.isgeneratorfunction(inner))

    @property
    def returns_requests(self) -> bool:
        """Whether the function is annotated to return a request, or a list that holds some, which would be stored."""
        try:
            returned = typing.get_type_hints(inspect.unwrap(self._function)).get("return")
        except Exception:  # a name that only type checkers know, a callable object: nothing is known
            return False
        return self._stores_json and _names_request(returned)

    def keep_results(self) -> None:
        """See to it that a redelivery gets what the first delivery got, although Powertools stores it as JSON.

        The function and its serializer are replaced inside of the decorator: whatever decorators are around that, and
        whoever calls it, Powertools stores what it returns before anybody else sees it.
        """
        if not self._stores_json or isinstance(self._function, _Checked):
            return
        self._cells["function"].cell_contents = _Checked(self._function)
        if "output_serializer" in self._cells:
            self._cells["output_serializer"].cell_contents = _Exact()

    @property
    def _function(self) -> Callable[..., Any]:
        function: Callable[..., Any] = self._cells["function"].cell_contents
        return function

    @property
    def _stores_json(self) -> bool:
        """Whether no serializer of the user's says how results are stored."""
        given = self._cells["output_serializer"].cell_contents if "output_serializer" in self._cells else None
        return given is None or isinstance(given, _Exact)


class _Checked:
    """An idempotent function that returns values only.

    Powertools would store a request as a dict of its fields: a redelivery would get that dict, and make no request.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        functools.update_wrapper(self, function)
        self.function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        returned = self.function(*args, **kwargs)
        if (asked := asking(returned)) is None:
            return returned
        close(returned)
        name = getattr(self.function, "__name__", self.function)
        # Raised before anything is stored, so that the function is not taken for done.
        raise RunError(
            f"Expected the function {name!r} under @idempotent_function to return a value, which Powertools stores for "
            f"redeliveries, but found {_shown(asked)}: a redelivery would get what JSON leaves of it, and nothing "
            f"would be carried out. {YIELD_IT}"
        )


class _Exact:
    """Stores results so that they come back as they were: a `Decimal` is no text, and an empty list is not None.

    It is Powertools' ``BaseIdempotencySerializer``, by its methods. JSON that is none of this is stored as it is.
    """

    def to_dict(self, data: Any) -> Any:
        """Return what is stored."""
        return {_EMPTY: data} if not data and not isinstance(data, Decimal) else _stored(data)

    def from_dict(self, data: Any) -> Any:
        """Return what was stored."""
        return data[_EMPTY] if isinstance(data, dict) and data.keys() == {_EMPTY} else _restored(data)


_DECIMAL = "powertools_stream.decimal"
_EMPTY = "powertools_stream.empty"  # Powertools takes an empty result for none.


def _stored(value: Any) -> Any:
    if isinstance(value, Decimal):
        return {_DECIMAL: str(value)}
    if isinstance(value, Mapping):
        return {name: _stored(one) for name, one in value.items()}
    return [_stored(one) for one in value] if isinstance(value, list | tuple) else value


def _restored(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {_DECIMAL}:
            return Decimal(value[_DECIMAL])
        return {name: _restored(one) for name, one in value.items()}
    return [_restored(one) for one in value] if isinstance(value, list) else value


def _shown(asked: Any) -> str:
    return f"the class {asked.__name__}" if isinstance(asked, type) else f"a {type(asked).__name__}"


def _names_request(annotation: Any) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, Request):
        return True
    return any(map(_names_request, typing.get_args(annotation)))


def idempotency_of(function: Any) -> Idempotency | None:
    """Return the idempotency of a function, under whatever other decorators; None: it has none."""
    while function is not None:
        # Told by the module of its code: importing the utility would cost every function what few of them use.
        if getattr(function, "__globals__", {}).get("__name__") == _HOME:
            names = function.__code__.co_freevars
            if {"config", "data_keyword_argument", "function"} <= set(names):
                return Idempotency(function)
        function = getattr(function, "__wrapped__", None)
    return None


def configs_of(functions: Iterable[Any]) -> tuple[Any, ...]:
    """Return the configurations of the functions that are idempotent, and of those that these call, each once."""
    if _HOME not in sys.modules:
        return ()
    reached = _reached(functions)
    found = [idempotency.config for function in reached if (idempotency := idempotency_of(function)) is not None]
    return tuple({id(config): config for config in found}.values())


def _reached(functions: Iterable[Any]) -> Iterator[Any]:
    """Yield functions, and what they name: of their own module however deep, of others the next one only."""
    waiting = list(functions)
    seen: set[int] = set()
    while waiting:
        function = waiting.pop()
        if id(function) in seen:
            continue
        seen.add(id(function))
        yield function
        for plain, owner in _plain(function):
            for named in _named(plain, owner):
                if named.__module__ == plain.__module__:
                    waiting.append(named)
                else:
                    yield named


_FUNCTIONS = (FunctionType, MethodType, staticmethod, classmethod)
_LIBRARIES = ("powertools_stream.", "aws_lambda_powertools.")


def _plain(function: Any) -> Iterator[tuple[FunctionType, Any]]:
    """Yield the functions that are inside of one, under decorators or in a partial, with the object of a method."""
    while isinstance(function, (functools.partial, *_FUNCTIONS)):
        if isinstance(function, functools.partial):
            function = function.func
            continue
        inner = getattr(function, "__func__", function)
        if isinstance(inner, FunctionType) and not str(inner.__module__).startswith(_LIBRARIES):
            yield inner, getattr(function, "__self__", None)
        function = getattr(function, "__wrapped__", None)


def _named(function: FunctionType, owner: Any) -> Iterator[Any]:
    """Yield the functions that the code of one names: as globals, variables around it, and attributes of these."""
    names = set(_names(function.__code__))
    around = [cell.cell_contents for cell in function.__closure__ or () if _is_filled(cell)]
    for one in [owner, *around, *(function.__globals__[name] for name in names if name in function.__globals__)]:
        holders = [vars(one)] if isinstance(one, ModuleType) else [vars(base) for base in type(one).__mro__]
        attributes = [holder[name] for holder in holders for name in names if name in holder]
        yield from (value for value in [one, *attributes] if isinstance(value, _FUNCTIONS))


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _is_filled(cell: CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:  # a variable that has no value yet
        return False
    return True
