"""Filters for change events: they compare the images of an item before and after, in ``event["raw"]``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from powertools_stream.errors import ConfigurationError, RuleError
from powertools_stream.payloads.carried import record_of
from powertools_stream.uow import UnitOfWork

__all__ = ["appeared", "changed", "disappeared"]

_BOTH = "NEW_AND_OLD_IMAGES"
_ANYTHING: Any = object()
_NOTHING: Mapping[str, Any] = {}
# Whether a change has the new and the old image.
_IMAGES = {"INSERT": (True, False), "MODIFY": (True, True), "REMOVE": (False, True)}


def changed(*names: str, to: Any = _ANYTHING, from_: Any = _ANYTHING) -> Callable[[UnitOfWork], bool]:
    """Make a filter that passes a change in which the value of one of the attributes changed.

    A missing attribute, and every attribute of a missing item, counts as None: an insert with a value, and the removal
    of one, are changes.

    Parameters
    ----------
    names
        Names of top-level attributes, taken literally: dots and other special characters have no meaning.
    to, from_
        The value after and before the change, or a function that returns whether a value passes.

    Raises
    ------
    ConfigurationError
        Raised by the filter: the event lacks an image, because the stream does not send both or the source has none.

    Examples
    --------
    >>> paid = changed("status", to="PAID")
    >>> paid(UnitOfWork(event={"raw": {"new": {"status": "PAID"}, "old": {"status": "OPEN"}}}))
    True
    """
    _check_names("changed", names)
    fits_new, fits_old = _test(to), _test(from_)

    def is_changed(uow: UnitOfWork) -> bool:
        new, old = _images(uow)
        for name in names:
            after, before = new.get(name), old.get(name)
            if after != before and fits_new(after) and fits_old(before):
                return True
        return False

    return is_changed


def appeared(*names: str) -> Callable[[UnitOfWork], bool]:
    """Make a filter that passes a change in which one of the attributes got a value and had none before.

    A missing attribute and a null both count as no value.
    """
    _check_names("appeared", names)
    return changed(*names, to=_is_value, from_=_is_none)


def disappeared(*names: str) -> Callable[[UnitOfWork], bool]:
    """Make a filter that passes a change in which one of the attributes lost its value, or its item was removed."""
    _check_names("disappeared", names)
    return changed(*names, to=_is_none, from_=_is_value)


def _images(uow: UnitOfWork) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    raw = uow["event"].get("raw")
    new, old = (raw.get("new"), raw.get("old")) if isinstance(raw, dict) else (None, None)
    # Most changes have both, and there is nothing to wonder about.
    if (new is None or old is None) and not _has_all_there_are(uow, new, old):
        raise _without_images(uow, new, old)
    return new or _NOTHING, old or _NOTHING


def _has_all_there_are(uow: UnitOfWork, new: Any, old: Any) -> bool:
    """Tell whether a change has no more than one image because its item was inserted or removed."""
    found = (new is not None, old is not None)
    change, view_type = _of_stream(uow)
    return any(found) and view_type in (None, _BOTH) and _IMAGES.get(change, found) == found


def _of_stream(uow: UnitOfWork) -> tuple[Any, Any]:
    """Return the kind of the change and the view type of the stream; None if the record does not say."""
    record = record_of(uow)
    change = record.get("dynamodb")
    return (record.get("eventName"), change.get("StreamViewType")) if isinstance(change, dict) else (None, None)


def _without_images(uow: UnitOfWork, new: Any, old: Any) -> ConfigurationError:
    event, (_, view_type) = uow["event"], _of_stream(uow)
    images = " and ".join(name for name, image in (("new", new), ("old", old)) if image is not None) or "no"
    stream = f", on a stream whose view type is {view_type}" if view_type else ""
    return ConfigurationError(
        "Expected an event with the images of an item before and after, to tell which attributes changed, but found "
        f"the {event.get('type')!r} event {event.get('id')!r} with {images} image{stream}. Set the view type of the "
        f"table's stream (StreamViewType) to {_BOTH}; if the event is of another source, give the rule an event_type "
        "that leaves it out."
    )


def _test(wanted: Any) -> Callable[[Any], bool]:
    if wanted is _ANYTHING:
        return lambda value: True
    if callable(wanted):
        return lambda value: bool(wanted(value))
    return lambda value: bool(value == wanted)


def _is_none(value: Any) -> bool:
    return value is None


def _is_value(value: Any) -> bool:
    return value is not None


def _check_names(function: str, names: tuple[Any, ...]) -> None:
    if not names or not all(isinstance(name, str) for name in names):
        # Only the types: a unit of work holds what nobody wants to see in a log.
        found = f"({', '.join(repr(name) if isinstance(name, str) else type(name).__name__ for name in names)})"
        raise RuleError(f"{function}() takes the names of attributes, e.g. {function}('status'); got {found}.")


for _filter in (changed, appeared, disappeared):
    _filter.makes = "a filter"  # type: ignore[attr-defined]  # see `bind`
