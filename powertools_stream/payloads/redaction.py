"""Redaction: what stands at some paths of a unit of work is told to nobody who is told of a failure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from powertools_stream.errors import SettingError
from powertools_stream.payloads.masking import Masking
from powertools_stream.payloads.safe_json import to_safe

__all__ = ["RedactedError", "Redaction", "redacted_error"]


class Redaction:
    """What is redacted, by Powertools' data masking.

    Parameters
    ----------
    paths
        JSONPaths from the unit of work, as Powertools' ``DataMasking.erase(fields=…)`` takes them:
        ``event.customer.email``, ``event.lines[*].name``, ``$..card``.
    keep_record
        Whether the raw record stays where it is all the same.

    Raises
    ------
    SettingError
        What Powertools' data masking needs is not installed.
    ValueError
        A path is none.
    """

    def __init__(self, paths: Iterable[str], *, keep_record: bool = False) -> None:
        parse = _parser()
        self.keeps_record = keep_record
        self._paths = {path: parse(path) for path in paths}
        self._data_masking: Any = None
        self._hidden: dict[tuple[str, ...], frozenset[str]] = {}

    def values(self, uow: Mapping[str, Any]) -> list[Any]:
        """Return what stands at the paths of a unit of work: these are the secrets, wherever else they occur.

        A model of the event may hold them in another form: in lower case, as a date.
        """
        forms = [{"event": to_safe(form)} for form in _forms(uow.get("model"))]
        return [*self._values_in(uow), *(value for form in forms for value in self._values(form))]

    def erased(self, field: str, safe: Any) -> Any:
        """Return a field of a unit of work with the values at the paths erased, whatever they are.

        Parameters
        ----------
        field
            Its name: the first step of a path.
        safe
            Its value, as `to_safe` makes it.
        """
        if field == "model":  # the event in another form
            safe = self.erased("event", safe)
        data = {field: safe}
        for path, parsed in self._paths.items():
            if parsed.find(data):  # one path may lie within what another has erased
                data = self._erase(data, path)
        return data[field]

    def hidden(self, field: str, names: Sequence[str]) -> frozenset[str]:
        """Return which of these names have values that are erased, in an object that is a field of a unit of work."""
        asked = (field, *names)
        if asked not in self._hidden:
            erased = self.erased(field, {name: name for name in names})
            shown = erased if isinstance(erased, dict) else {}
            self._hidden[asked] = frozenset(name for name in names if shown.get(name) != name)
        return self._hidden[asked]

    def _values_in(self, uow: Mapping[str, Any]) -> list[Any]:
        try:
            return self._values(uow)
        except Exception:  # something of the user's own that a path cannot pass through
            return self._values(to_safe(dict(uow)))

    def _values(self, uow: Any) -> list[Any]:
        return [match.value for parsed in self._paths.values() for match in parsed.find(uow)]

    def _erase(self, data: dict[str, Any], path: str) -> dict[str, Any]:
        if self._data_masking is None:
            from aws_lambda_powertools.utilities.data_masking import DataMasking

            self._data_masking = DataMasking()
        erased: dict[str, Any] = self._data_masking.erase(data, fields=[path])
        return erased


def redacted_error(error: BaseException, masking: Masking) -> BaseException:
    """Return an error that looks like another one in a log: the same name, the same stack, its texts masked.

    So do the errors that led to it. Members of a group are left out.
    """
    return _Redacted(masking).copy(error)


class RedactedError(Exception):
    """Stands for an error whose text is redacted. Its class has the name of the error's own."""


class _Redacted:
    """Copies of one error and of those that led to it, which may lead to each other."""

    def __init__(self, masking: Masking) -> None:
        self._masking = masking
        self._copies: dict[int, BaseException] = {}

    def copy(self, error: BaseException) -> BaseException:
        if id(error) in self._copies:
            return self._copies[id(error)]
        copy: BaseException = _named_as(type(error))(self._masking.text(_text(error)))
        self._copies[id(error)] = copy
        copy.__traceback__ = error.__traceback__
        copy.__cause__ = self.copy(error.__cause__) if error.__cause__ is not None else None
        copy.__context__ = self.copy(error.__context__) if error.__context__ is not None else None
        copy.__suppress_context__ = error.__suppress_context__
        return copy


def _forms(model: Any) -> Iterator[Any]:
    """Yield a model of an event with the names of its own fields, and with those that they have in the event."""
    if model is not None:
        yield model
        with suppress(Exception):  # it need not be one of pydantic's, and may have serializers of the user's own
            yield model.model_dump(by_alias=True)


def _named_as(kind: type[BaseException]) -> type[RedactedError]:
    """Return a class with the name of another, which is what a log shows of it."""
    return type(kind.__name__, (RedactedError,), {"__module__": kind.__module__, "__qualname__": kind.__qualname__})


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return "(its text cannot be read)"


def _parser() -> Any:
    try:
        from jsonpath_ng.ext.parser import parse
    except ImportError as error:
        raise SettingError(
            "Expected jsonpath-ng, which Powertools' data masking finds what is redacted with, but it is not "
            "installed. Install powertools-stream[datamasking]."
        ) from error

    def checked(path: str) -> Any:
        try:
            return parse(path)
        except Exception as error:
            raise ValueError(f"{path!r} is no JSONPath ({error})") from error

    return checked
