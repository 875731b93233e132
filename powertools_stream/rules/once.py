"""Rules that run once for each key, through a persistence layer of Powertools' idempotency.

What is stored, and when, is what Powertools' ``IdempotencyHandler`` stores for a function. But each step is a request,
so that generators and coroutines have it too, and the records of a batch go side by side.
https://docs.aws.amazon.com/powertools/python/latest/utilities/idempotency/
"""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Generator, Hashable, Mapping
from contextvars import ContextVar
from copy import copy, deepcopy
from threading import Lock
from time import time
from types import GeneratorType
from typing import TYPE_CHECKING, Any, Protocol, cast, runtime_checkable

from powertools_stream.environment.contexts import InContext
from powertools_stream.errors import SettingError
from powertools_stream.requests import Call
from powertools_stream.rules.asking import started_already

if TYPE_CHECKING:
    from powertools_stream.rules.rule import Flavor, Rule
    from powertools_stream.uow import UnitOfWork

__all__ = ["AnyIdempotencyConfig", "Once", "config_of", "stored_in"]

_DEFAULT_KEY = "event.id"
# As Powertools: another invocation may have deleted what this one was told of.
_ATTEMPTS = 3
# An invocation that tells no remaining time has this at most.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_LONGEST_INVOCATION_MS = 900_000

_store: ContextVar[Any] = ContextVar("idempotency_store", default=None)


@runtime_checkable
class AnyIdempotencyConfig(Protocol):
    """Powertools' ``IdempotencyConfig``, which need not be imported to tell it."""

    event_key_jmespath: str

    def register_lambda_context(self, lambda_context: Any) -> None:
        """Take the context that tells the remaining time."""


def stored_in(layer: Any) -> InContext[Any]:
    """Inside of it, on this thread, idempotent rules use this persistence layer; None: there is none."""
    return InContext(_store, layer)


def config_of(idempotent: bool | AnyIdempotencyConfig | None) -> AnyIdempotencyConfig | None:
    """Return the configuration of a rule; None: it is not idempotent. Without a key of its own it is the event's id."""
    if not idempotent:
        return None
    if idempotent is True:
        from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig

        made: AnyIdempotencyConfig = IdempotencyConfig(event_key_jmespath=_DEFAULT_KEY)
        return made
    config = copy(idempotent)
    config.event_key_jmespath = config.event_key_jmespath or _DEFAULT_KEY
    return config


class Once:
    """The flavor of an idempotent rule: what has succeeded for a key does nothing the next time.

    Parameters
    ----------
    rule
        The rule.
    config
        Powertools' ``IdempotencyConfig`` of it.
    """

    def __init__(self, rule: Rule, config: Any) -> None:
        self._flavor: Flavor = rule.flavor
        self._rule_id = rule.id
        self._config = config
        self._layers: tuple[Any, Any] = (None, None)

    def __call__(self, uow: UnitOfWork, rule: Any) -> Generator[Any, Any, Any]:
        """Run the flavor, unless it has succeeded with this key.

        Raises
        ------
        IdempotencyAlreadyInProgressError
            It runs elsewhere: a passing error.
        IdempotencyValidationError
            The same key came with another payload.
        IdempotencyPersistenceLayerError
            The layer has failed; passing if its cause is.
        """
        layer, data = self._layer(), _kept(uow)
        if not (yield from self._begin(layer, data)):
            return None
        try:
            outcome = self._flavor(uow, rule)
            if type(outcome) is GeneratorType:
                if started := started_already(outcome):
                    raise started
                outcome = yield from outcome
        except (Exception, SystemExit, CancelledError) as error:  # whatever is a failure of the record
            yield from _delete(layer, data, error)
            raise
        if _is_outcome(outcome):
            yield from _asked(layer.save_success, data=data, result=None)
        else:  # which is an error of the flavor's
            yield from _delete(layer, data, TypeError())
        return outcome

    def lane(self, uow: UnitOfWork) -> Hashable | None:
        """Return what the rule may do only one at a time: the key; None if there is none."""
        layer = self._layer()
        key = layer.event_key_compiled_jmespath.search(dict(uow), options=_options(layer))
        return None if layer.is_missing_idempotency_key(key) else layer._generate_hash(key)

    def _begin(self, layer: Any, data: dict[str, Any]) -> Generator[Any, Any, bool]:
        """Tell whether the rule is to run now; False: it has succeeded before."""
        from aws_lambda_powertools.utilities.idempotency.exceptions import IdempotencyInconsistentStateError

        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return (yield from self._begin_once(layer, data))
            except IdempotencyInconsistentStateError:
                if attempt == _ATTEMPTS:
                    raise
        raise AssertionError

    def _begin_once(self, layer: Any, data: dict[str, Any]) -> Generator[Any, Any, bool]:
        from aws_lambda_powertools.utilities.idempotency.exceptions import IdempotencyItemAlreadyExistsError

        try:
            yield from _asked(layer.save_inprogress, data=data, remaining_time_in_millis=self._remaining_ms())
        except IdempotencyItemAlreadyExistsError as exists:
            stored = exists.old_data_record
        else:
            return True
        if stored is None:
            stored = yield from _stored(layer, data)
        self._check(stored)
        return False

    def _check(self, stored: Any) -> None:
        """Return if the rule has succeeded, by what is stored; else raise why it may neither run nor be skipped."""
        from aws_lambda_powertools.utilities.idempotency.exceptions import (
            IdempotencyAlreadyInProgressError,
            IdempotencyInconsistentStateError,
        )

        if stored.status == "COMPLETED":
            return
        ends = stored.in_progress_expiry_timestamp
        if stored.status == "EXPIRED" or (ends is not None and ends < time() * 1000):
            raise IdempotencyInconsistentStateError("What is stored has expired since it was in the way.")
        raise IdempotencyAlreadyInProgressError(
            f"Rule {self._rule_id!r} is in progress elsewhere with the idempotency key "
            f"{self._config.event_key_jmespath}={stored.idempotency_key}."
        )

    def _remaining_ms(self) -> int:
        context = self._config.lambda_context
        return _LONGEST_INVOCATION_MS if context is None else context.get_remaining_time_in_millis()

    def _layer(self) -> Any:
        """Return the processor's persistence layer, configured for this rule."""
        store = _store.get()
        if store is None:
            raise SettingError(
                f"Rule {self._rule_id!r} is idempotent, but nothing says where that is stored. Pass "
                "StreamProcessor(idempotency_store=DynamoDBPersistenceLayer(table_name=…))."
            )
        of, layer = self._layers
        if of is not store:
            layer = _configured(store, self._config, self._rule_id)
            self._layers = store, layer
        return layer


def _configured(store: Any, config: Any, rule_id: str) -> Any:
    """Return a layer of the rule's own: it holds the configuration and the name of the function."""
    layer = copy(store)
    layer.configured = False
    layer.configure(config, function_name=rule_id)
    if layer.use_local_cache:
        layer._cache = _Cache(config.local_cache_max_items)
    return layer


class _Cache:
    """Powertools' cache, for several threads: as much of it as a persistence layer uses."""

    def __init__(self, max_items: int) -> None:
        from aws_lambda_powertools.shared.cache_dict import LRUDict

        self._items: Any = cast("Any", LRUDict)(max_items=max_items)
        self._lock = Lock()

    def get(self, key: str) -> Any:
        with self._lock:
            return self._items.get(key)

    def __setitem__(self, key: str, value: Any) -> None:
        with self._lock:
            self._items[key] = value

    def __delitem__(self, key: str) -> None:
        with self._lock:
            self._items.pop(key, None)

    def __contains__(self, key: object) -> bool:
        return key in self._items


def _kept(uow: UnitOfWork) -> dict[str, Any]:
    """Return a unit of work as it is now, which Powertools copies too: a rule may change its event, but not its key."""
    try:
        return deepcopy(dict(uow))
    except Exception:  # a model may hold something that cannot be copied
        return dict(uow)


def _options(layer: Any) -> Any:
    import jmespath

    return jmespath.Options(**(layer.jmespath_options or {}))


def _asked(function: Any, **arguments: Any) -> Generator[Any, Any, Any]:
    """Call a method of the layer on a worker thread. What is wrong with the layer is told as Powertools does."""
    from aws_lambda_powertools.utilities.idempotency import exceptions as known

    try:
        return (yield Call(function, **arguments))
    except (
        known.IdempotencyItemAlreadyExistsError,
        known.IdempotencyItemNotFoundError,
        known.IdempotencyKeyError,
        known.IdempotencyValidationError,
    ):
        raise
    except Exception as error:
        raise known.IdempotencyPersistenceLayerError(f"The layer has failed in {function.__name__}", error) from error


def _stored(layer: Any, data: dict[str, Any]) -> Generator[Any, Any, Any]:
    from aws_lambda_powertools.utilities.idempotency import exceptions as known

    try:
        return (yield from _asked(layer.get_record, data=data))
    except known.IdempotencyItemNotFoundError as error:
        raise known.IdempotencyInconsistentStateError("What was in the way is gone.") from error


def _delete(layer: Any, data: dict[str, Any], error: BaseException) -> Generator[Any, Any, None]:
    """Let the rule run again at once. If that fails, it may do so when this invocation can no longer be at work."""
    try:
        yield Call(layer.delete_record, data=data, exception=error)
    except Exception:
        import logging

        logging.getLogger("powertools_stream").warning(
            "What is stored as in progress could not be deleted; it expires with this invocation.", exc_info=True
        )


def _is_outcome(outcome: Any) -> bool:
    """Tell whether it is something that a flavor may return."""
    several = outcome if isinstance(outcome, list | tuple) else (outcome,)
    return outcome is None or all(isinstance(one, Mapping) for one in several)
