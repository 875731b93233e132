"""Makes fault events: what a rule knew when it failed, as JSON, without secrets, and never an error of its own.

What the rules of a record have in common is converted once, however many of them fail on it.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from powertools_stream.engine.secrets import (
    carried_secrets,
    is_dict,
    masking_of_source,
    redacted_values,
    source_values,
    units_of,
)
from powertools_stream.engine.stack_traces import StackTraces
from powertools_stream.environment.tags import standard_tags
from powertools_stream.outcomes import Disposition
from powertools_stream.payloads.conversions import text_of
from powertools_stream.payloads.excerpts import identifiers, short_fields
from powertools_stream.payloads.masking import Masking, mask_path
from powertools_stream.payloads.safe_json import SafeJson, encodable, joined, listed, of_safe, safe_json

if TYPE_CHECKING:
    from powertools_stream.engine.batch import Failure
    from powertools_stream.engine.encryption import BatchEncryption
    from powertools_stream.payloads.redaction import Redaction
    from powertools_stream.sources.source import Source
    from powertools_stream.uow import Record

__all__ = ["FAULT_TYPE", "FaultEvents", "Parts", "StandIns"]

FAULT_TYPE = "fault"

Parts = dict[str, SafeJson]
"""The fields of an event."""

StandIns = Mapping[int, Mapping[str, Any]]
"""What stands for the records that are withheld, by the identity of each."""

_NO_STAND_INS: StandIns = {}

_STACK_LENGTH = 20_000
"""Characters of a stack trace that go into a fault event: the innermost frames, which are at its end."""

_MESSAGE_LENGTH = 20_000
"""Characters of an error's message that go into a fault event."""

_KEY_LENGTH = 2_048
"""Characters of the partition key: the event has it whole, and a hostile one must not make a fault event too large."""

_PAYLOADS = ("body", "Sns.Message", "kinesis.data", "data", "value", "kafkaRecordValue", "detail", "requestPayload")
"""Where a record has what it carries. If that has secrets it is masked whole: it may be base64, or text in text."""

_PAYLOAD_HEAD = 4_096
"""Characters of a record's payload that are left in a trimmed fault event."""

_KEPT_CHARACTERS = 16 * 1024 * 1024
"""Characters of JSON that are kept for the other rules of the same records."""

_SCALARS = frozenset({str, int, float, bool, type(None)})

_CUT = SafeJson("<cut>", '"<cut>"', 7, is_cut=True)


class FaultEvents:
    """Makes the fault events of one batch.

    Parameters
    ----------
    source
        Where the records come from.
    max_bytes
        How large the ``Detail`` of one entry may be, in bytes of UTF-8.
    redaction
        What is redacted; None: nothing.
    encryption
        Knows what was decrypted, which is told as it was sent; None: nothing was.
    """

    def __init__(
        self,
        source: Source,
        max_bytes: int,
        redaction: Redaction | None = None,
        encryption: BatchEncryption | None = None,
    ) -> None:
        self._source = source
        self._max_bytes = max_bytes
        self._redaction = redaction
        self._encryption = encryption
        self._latest: tuple[Failure, Masking | None] | None = None
        self._converted = _Converted()
        self._stacks = StackTraces()
        self._tags: dict[str, SafeJson] = {}

    def head(self, failure: Failure, *, is_reported: bool = False) -> Parts:
        """Return all of a fault event but what the rule knew.

        Parameters
        ----------
        is_reported
            Whether the rule runs on the record again.
        """
        event = failure.uow.get("event")
        known: Any = event if is_dict(event) else {}
        record_id, name = self._record_id(failure), type(failure.error).__name__
        key = text_of(dict.get(known, "partition_key") or record_id)
        fields: dict[str, Any] = {
            # A record may carry several events, and each may fail in a rule.
            "id": _fault_id(record_id, text_of(dict.get(known, "id")), failure.rule.id, name),
            "type": FAULT_TYPE,
            "timestamp": int(time.time() * 1000),
            "partition_key": _masked(key, self._masking(failure))[:_KEY_LENGTH],
            "err": self._error(failure),
            "disposition": (Disposition.REPORTED if is_reported else Disposition.SET_ASIDE).value,
            # Some records do not say of themselves how they came, and are to be put together again as they did.
            "event_source": self._source.name,
        }
        head = {field: of_safe(value) for field, value in fields.items()}
        head["tags"] = self._tags_of(failure.rule.id)
        if (attempt := self._attempt(failure)) is not None:
            head["attempt"] = safe_json(attempt)
        return head

    def withheld(self, failure: Failure) -> list[Record]:
        """Return the raw records that the fault event of a failure must not hold: they hold what is redacted."""
        if self._redaction is None or self._redaction.keeps_record:
            return []
        records: list[Any] = [failure.state.record, *(dict.get(unit, "record") for unit in units_of(failure))]
        return list({id(record): record for record in records if is_dict(record)}.values())

    def events_as_sent(self, failure: Failure) -> StandIns:
        """Return what stands for the events of a failure that were decrypted."""
        return {} if self._encryption is None else self._encryption.stand_ins(units_of(failure))

    def raw(self, failure: Failure, record: Record) -> SafeJson:
        """Return a record of a failure, without the secrets of its source, and with what is redacted."""
        masking, carried = masking_of_source(failure, self._source), carried_secrets(failure.uow, failure.error)
        paths = (*self._source.secrets, *carried, *(_PAYLOADS if carried else ()))
        return self._converted.of(record, masking, paths, None)

    def stand_in(self, record: Record, place: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return what stands for a record that is withheld: its identifiers, and where it lies, if anywhere."""
        try:
            identifier: Any = self._source.identifier(record)
        except Exception:  # a source of the user's own
            identifier = None
        return {
            **identifiers(record),
            **({"itemIdentifier": identifier} if identifier is not None else {}),
            **({"s3": {**place}} if place is not None else {}),
        }

    def whole(
        self, failure: Failure, head: Parts, *, at_any_size: bool, stand_ins: StandIns = _NO_STAND_INS
    ) -> SafeJson | None:
        """Return the whole fault event of a failure.

        Parameters
        ----------
        head
            What `head` has made of it.
        stand_ins
            What stands for the records that are withheld.
        at_any_size
            If not, None is returned as soon as the event is known not to fit, and the rest is not converted.
        """
        room = _Room(None if at_any_size else self._max_bytes - sum(part.size for part in head.values()))
        masking, carried = self._masking(failure), carried_secrets(failure.uow, failure.error)
        parts: Parts = {}
        for field, value in _without({"pipeline": failure.rule.id, **failure.uow}, stand_ins).items():
            if field == "batch" and type(value) is list:
                part = listed([_CUT if room.is_full else self._unit(one, masking, room, stand_ins) for one in value])
            else:
                part = self._part(field, value, masking, room, carried)
            parts[_name_for(field, masking, parts)] = part
        event = joined({**head, "uow": joined(parts)})
        return None if not at_any_size and (event.is_cut or event.size > self._max_bytes) else event

    def trimmed(self, failure: Failure, head: Parts, stand_ins: StandIns = _NO_STAND_INS) -> SafeJson:
        """Return a fault event that fits.

        First all but the record goes, then the record is cut down to its short fields, which hold its identifiers, and
        the head of its JSON stands beside it.
        """
        head = {**head, "disposition": safe_json(Disposition.REPORTED.value)}  # it does not tell enough to set it aside
        carried, raw = carried_secrets(failure.uow, failure.error), failure.state.record
        record = self._part("record", stand_ins.get(id(raw), raw), self._masking(failure), _Room(None), carried)
        pipeline, mark = safe_json(failure.rule.id), safe_json(True)
        event = joined({**head, "uow": joined({"pipeline": pipeline, "record": record}), "trimmed": mark})
        if event.size > self._max_bytes:
            cut = {
                "pipeline": failure.rule.id,
                "source": self._source.name,
                "itemIdentifier": self._identifier(failure),
                "record": short_fields(record.value),
                "head": record.text[:_PAYLOAD_HEAD],
            }
            event = joined(self.shortened({**head, "uow": of_safe(cut), "trimmed": mark}))
        return event

    def shortened(self, parts: Parts) -> Parts:
        """Return the fields of an event with less of the error, if they would not fit as they are."""
        if joined(parts).size <= self._max_bytes:
            return parts
        error = parts["err"].value
        message, stack = error["message"][:_PAYLOAD_HEAD], error["stack"][-_PAYLOAD_HEAD:]
        return {**parts, "err": of_safe({**error, "message": message, "stack": stack})}

    def _unit(self, uow: Any, masking: Masking | None, room: _Room, stand_ins: StandIns) -> SafeJson:
        """Convert a unit of work that was compacted into another."""
        if not is_dict(uow):
            return self._part(None, uow, masking, room)
        parts: Parts = {}
        for field, value in _without(uow, stand_ins).items():
            part = self._part(field, value, masking, room, carried_secrets(uow))
            parts[_name_for(field, masking, parts)] = part
        return joined(parts)

    def _part(
        self, field: Any, value: Any, masking: Masking | None, room: _Room, carried: Sequence[str] = ()
    ) -> SafeJson:
        """Convert a field of a unit of work; `carried` are the secrets of its event if that came in another record."""
        if room.is_full:
            return _CUT
        # These have the form of an event, so they have the secrets of one.
        paths = (*self._source.secrets, *carried) if field in ("record", "event", "model") else ()
        if carried and field == "record":
            paths = (*paths, *_PAYLOADS)
        erase = partial(self._redaction.erased, field) if self._redaction is not None and type(field) is str else None
        part = self._converted.of(value, masking, paths, room.max_values, field, erase)
        room.take(part)
        return part

    def _error(self, failure: Failure) -> dict[str, str]:
        """Describe the error; of one whose text is broken, the message is its type."""
        error, masking = failure.error, self._masking(failure)
        # Masked first: what is cut in two would not be found.
        message = _masked(text_of(error, type(error).__name__), masking)
        return {
            "name": type(error).__name__,
            "message": message if len(message) <= _MESSAGE_LENGTH else message[:_MESSAGE_LENGTH] + "…",
            "stack": _masked(self._stacks.text(error), masking)[-_STACK_LENGTH:],
        }

    def _record_id(self, failure: Failure) -> str:
        try:
            return self._source.record_id(failure.state.record)
        except Exception:  # a source of the user's own
            return "undefined"

    def _attempt(self, failure: Failure) -> int | None:
        try:
            return self._source.attempt(failure.state.record)
        except Exception:
            return None

    def _masking(self, failure: Failure) -> Masking | None:
        if self._latest is None or self._latest[0] is not failure:
            values = (
                *source_values(failure, self._source),
                *redacted_values(failure, self._redaction, self._encryption),
            )
            self._latest = failure, Masking(values) or None
        return self._latest[1]

    def _tags_of(self, rule_id: str) -> SafeJson:
        if rule_id not in self._tags:
            self._tags[rule_id] = safe_json(standard_tags(rule_id))
        return self._tags[rule_id]

    def _identifier(self, failure: Failure) -> Any:
        try:
            identifier = self._source.identifier(failure.state.record)
        except Exception:
            identifier = self._record_id(failure)
        safe = safe_json(identifier, self._masking(failure))
        return safe.value if safe.size <= _PAYLOAD_HEAD else safe.text[:_PAYLOAD_HEAD]


def _without(uow: Mapping[Any, Any], stand_ins: StandIns) -> Mapping[Any, Any]:
    """Return a unit of work with what stands for the records that are withheld, under whatever name."""
    if not stand_ins:
        return uow
    return {field: stand_ins.get(id(value), value) for field, value in uow.items()}


class _Room:
    """How many bytes there are still for a fault event.

    Parameters
    ----------
    size
        How many; None: as many as it needs.
    """

    def __init__(self, size: int | None) -> None:
        self._size = size

    @property
    def is_full(self) -> bool:
        """Whether the event will not fit, so that the rest need not be converted."""
        return self._size is not None and self._size < 0

    @property
    def max_values(self) -> int | None:
        """After how many values a value would not fit: each takes two bytes."""
        return None if self._size is None else self._size // 2 + 1

    def take(self, part: SafeJson) -> None:
        """Take the room that a part needs."""
        if self._size is not None:
            self._size -= part.size


class _Converted:
    """What was converted last: the rules of a record share it, and so do the events of a compacted batch."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Any, ...], tuple[Any, SafeJson]] = OrderedDict()
        self._characters = 0

    def of(
        self,
        value: Any,
        masking: Masking | None,
        paths: Sequence[str],
        max_values: int | None,
        field: Any = None,
        erase: Callable[[Any], Any] | None = None,
    ) -> SafeJson:
        """Return what a value is in JSON.

        Parameters
        ----------
        masking
            Masks secrets by their values.
        paths
            Where the value has secrets, which are masked whatever they are.
        max_values
            After how many values the rest is cut; None: a million.
        erase
            Erases what is redacted of the field; None: nothing is.
        """
        if type(value) in _SCALARS and erase is None:
            return safe_json(value, masking)
        # By what it is, not by what it is equal to. It is kept as well, so that nothing else takes its place.
        key = (id(value), masking, tuple(paths), erase and field)
        if (found := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
            return found[1]
        has_paths = bool(paths) or erase is not None
        made = safe_json(value, masking, max_values=max_values, keeps_depths=not has_paths)
        if has_paths:
            for path in paths:
                mask_path(made.value, path)
            made = of_safe(made.value if erase is None else erase(made.value), is_cut=made.is_cut)
        if made.is_cut:
            return made
        self._kept[key] = value, made
        self._characters += len(made.text)
        while self._characters > _KEPT_CHARACTERS and len(self._kept) > 1:
            _, (_, oldest) = self._kept.popitem(last=False)
            self._characters -= len(oldest.text)
        return made


def _masked(text: str, masking: Masking | None) -> str:
    return encodable(text if masking is None else masking.text(text))


def _name_for(field: Any, masking: Masking | None, taken: Parts) -> str:
    """Return the name of a field, which is most often a text, and no other field's."""
    name = _masked(field if isinstance(field, str) else text_of(field), masking)
    while name in taken:
        name += "'"
    return name


def _fault_id(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()[:32]
