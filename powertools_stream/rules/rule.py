"""Rules, which are checked when they are made, and flavors, the functions that carry them out."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, ParamSpec, Protocol, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, StrictBool, ValidationError

from powertools_stream.call_options import CallOptions, Pacer, Rate
from powertools_stream.errors import RuleError
from powertools_stream.matching.event_types import EventTypes
from powertools_stream.matching.filters import Filter
from powertools_stream.outcomes import FaultPolicy
from powertools_stream.requests import Asks, Request
from powertools_stream.rules.binding import UserFunction, bind, bind_filter
from powertools_stream.rules.checks import check_event_type, check_event_types, check_flavor, check_id, check_part
from powertools_stream.rules.compact import Compact, bind_compact
from powertools_stream.rules.once import AnyIdempotencyConfig, config_of
from powertools_stream.uow import UnitOfWork

__all__ = ["Declared", "Flavor", "FlavorSpec", "Prepare", "Registers", "Rule", "flavor", "make_rule", "spec_of"]

Flavor = Callable[..., Any]
"""``flavor(uow, rule)``: returns a unit of work, a list of them, or None; or a generator that yields requests first."""

Prepare = Callable[[UnitOfWork], "UnitOfWork | None"]
"""Makes the unit of work to match from the record's own; None: the rule is not for this record."""

P = ParamSpec("P")
T_co = TypeVar("T_co", covariant=True)

# Fields of rules for aws-lambda-stream that this library does not need, since it publishes and logs by itself.
_IGNORED = ("publish", "logger")


class Rule(BaseModel, Mapping[str, Any]):
    """The base of every rule, and the model for flavors without one of their own: it takes extra fields.

    A rule is checked when it is made, and is immutable. Its fields can be read as attributes, and as a mapping of those
    that have a value; fields take precedence over the model's methods (``rule.copy`` is the field ``copy``, if there is
    one). User functions in fields can be called with ``(uow)``, whatever their own signature.

    Raises
    ------
    RuleError
        A field is missing, unknown or invalid.
    """

    model_config = ConfigDict(
        extra="allow", frozen=True, defer_build=True, arbitrary_types_allowed=True, protected_namespaces=()
    )

    user_functions: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """The fields that hold user functions, each with the names of what the flavor passes after the unit of work."""

    filter_fields: ClassVar[tuple[str, ...]] = ("filters",)
    """The fields that hold lists of filters: functions that return whether a unit of work passes."""

    own_flavor: ClassVar[Flavor | None] = None
    """The flavor whose model this is; rules of this model need not name it."""

    asked_by: ClassVar[Mapping[type[Request], tuple[str, ...]]] = {}
    """The types of requests that only some rules of the flavor make: each with the fields one of which these have."""

    takes_compact: ClassVar[bool] = True
    """Whether it makes sense for the flavor to see only the newest of several records."""

    takes_idempotent: ClassVar[bool] = True
    """Whether a record needs nothing of the flavor when it comes a second time; else it has to run each time."""

    compact_group_key: ClassVar[str] = "event.partition_key"
    """The path to the group key of compacted records, unless the rule gives one."""

    # A description says what the field takes: it is part of the message of a RuleError.
    id: str = Field(min_length=1, description="a string that is not empty")
    flavor: Flavor = Field(default=None, validate_default=True, description="a function, e.g. task")
    event_type: EventTypes | None = Field(
        default=None, description="a string, a list of strings, a compiled pattern or a function"
    )
    filters: Sequence[UserFunction] = Field(default=(), description="a list of functions")
    event_pattern: dict[str, Any] | None = Field(default=None, description="an event pattern (a dict)")
    record_pattern: dict[str, Any] | None = Field(default=None, description="an event pattern (a dict)")
    event_model: type[BaseModel] | None = Field(default=None, description="a pydantic model (a class)")
    compact: StrictBool | Compact = Field(
        default=False, description="True, or a Compact (a dict) with 'group_key' and 'sort_key'"
    )
    ordered: StrictBool | None = Field(default=None, description="True or False")
    on_fault: FaultPolicy | None = Field(
        default=None, description="a FaultPolicy: REPORT_AND_PUBLISH, PUBLISH or REPORT"
    )
    idempotent: StrictBool | AnyIdempotencyConfig | None = Field(
        default=None, description="True, or Powertools' IdempotencyConfig(…)"
    )
    rate: Rate | None = Field(default=None, description="(calls, seconds), e.g. (10, 1)")
    role_arn: str | None = Field(
        default=None,
        pattern=r"^arn:[^:]+:iam::\d{12}:role/.",
        description="the ARN of a role, 'arn:aws:iam::<account id>:role/<name>'",
    )
    encrypt: Any = Field(default=None, description="a FieldEncryption, or a dict with 'fields' and 'key_alias'")
    params: dict[str, Any] = Field(default_factory=dict, description="a dict with keys that are strings")

    _once: AnyIdempotencyConfig | None = PrivateAttr(default=None)
    _patterns: dict[str, Callable[[Any], bool]] = PrivateAttr(default_factory=dict)

    def __init__(self, **fields: Any) -> None:
        model = type(self)
        if model.own_flavor is not None:
            fields.setdefault("flavor", model.own_flavor)
        check_event_types(fields.get("event_type"), fields.get("id"))
        try:
            super().__init__(**fields)
        except ValidationError as error:
            from powertools_stream.rules.diagnostics import rule_error

            raise rule_error(error, model, fields) from None
        # Methods are called on the class: an extra field may have any name.
        model._check_fields(self)
        model._bind_functions(self)

    def __getitem__(self, name: str) -> Any:
        if name in self.__dict__:
            value = self.__dict__[name]
            if value is not None or name in self.__pydantic_fields_set__:
                return value
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:  # type: ignore[override]
        given = self.__pydantic_fields_set__
        return iter([name for name, value in self.__dict__.items() if value is not None or name in given])

    def __len__(self) -> int:
        return len(list(iter(self)))

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Any:
        """Return a rule with some fields replaced; it is checked like a new one, and functions are bound to it."""
        return type(self)(**{**self, **(update or {})})

    def tests(self) -> Iterator[Filter]:
        """Yield the tests that a unit of work has to pass, besides the event type, to match this rule; in order."""
        yield from self.pattern_tests()
        yield from self.filters

    def pattern_tests(self) -> Iterator[Filter]:
        """Yield the tests made from its patterns: for the event, and for the raw record."""
        if (fits_event := self._patterns.get("event_pattern")) is not None:
            yield lambda uow: fits_event(uow["event"])
        if (fits_record := self._patterns.get("record_pattern")) is not None:
            yield lambda uow: fits_record(uow["record"])

    def asked(self) -> Asks:
        """Return the types of requests that the flavor makes for this rule, besides those of the rule's functions."""
        known = type(self).asked_by
        others = [kind for kind in known if kind not in spec_of(self.flavor).asks]
        kinds = (*spec_of(self.flavor).asks, *others)
        return tuple(kind for kind in kinds if kind not in known or any(map(self.__dict__.get, known[kind])))

    def idempotency_config(self) -> AnyIdempotencyConfig | None:
        """Return Powertools' configuration of an idempotent rule; None: it is not idempotent."""
        if self.idempotent and self._once is None:
            self._once = config_of(self.idempotent)
        return self._once

    def call_options(self) -> CallOptions | None:
        """Return how the calls of this rule are made; None: with the default options."""
        if self.rate is None and self.role_arn is None:
            return None
        return CallOptions(self.role_arn, None if self.rate is None else Pacer(*self.rate))

    def _check_fields(self) -> None:
        """Check constraints between fields. A model that overrides it must call it too."""
        wanted = spec_of(self.flavor).model
        check_id(self.id)
        check_flavor(self.flavor, self.id)
        if not isinstance(self, wanted):
            name = getattr(self.flavor, "__name__", self.flavor)
            raise RuleError(f"Rule {self.id!r}: the flavor {name!r} takes a {wanted.__name__}.", self.id)
        _check_extra_names(self)
        check_event_type(self.event_type, self.id)
        for field in ("event_pattern", "record_pattern"):
            self._check_pattern(field)
        self._check_rate()
        self._check_encrypt()
        if self.compact and self.idempotent:
            raise RuleError(
                f"Rule {self.id!r}: 'idempotent' is for one record, and 'compact' for several. Leave one of them out.",
                self.id,
            )
        if self.idempotent and not self.takes_idempotent:
            name = getattr(self.flavor, "__name__", self.flavor)
            raise RuleError(
                f"Rule {self.id!r}: the flavor {name!r} answers each record, so it has to run each time. "
                "Leave 'idempotent' out.",
                self.id,
            )
        if self.compact and not self.takes_compact:
            name = getattr(self.flavor, "__name__", self.flavor)
            raise RuleError(
                f"Rule {self.id!r}: the flavor {name!r} is for every record, so it takes no 'compact'.", self.id
            )

    def _check_rate(self) -> None:
        try:
            Rule.call_options(self)
        except ValueError:
            raise RuleError(
                f"Rule {self.id!r}: the field 'rate' takes (calls, seconds), both above 0; got {self.rate!r}.", self.id
            ) from None

    def _check_encrypt(self) -> None:
        if self.encrypt is None:
            return
        from powertools_stream.payloads.field_encryption import FieldEncryption

        try:
            self.__dict__["encrypt"] = FieldEncryption.of(self.encrypt)
        except (TypeError, ValueError) as error:
            raise RuleError(f"Rule {self.id!r}: the field 'encrypt': {error}", self.id) from None

    def _check_pattern(self, field: str) -> None:
        if (pattern := self.__dict__[field]) is None:
            return
        from powertools_stream.matching.event_patterns import EventPatternError, compiled

        try:
            self._patterns[field], doubts = compiled(pattern)
        except EventPatternError as error:
            raise RuleError(f"Rule {self.id!r}: the field {field!r}: {error}", self.id) from None
        for doubt in doubts:
            warnings.warn(f"Rule {self.id!r}: the field {field!r}: {doubt}", UserWarning, stacklevel=2)

    def _bind_functions(self) -> None:
        values = self.__dict__
        # Attributes of the instance take precedence over methods of the class.
        values.update(self.__pydantic_extra__ or {})
        functions = dict(type(self).user_functions)
        if main := spec_of(self.flavor).main:
            functions.setdefault(main, ())
        for field, extra in functions.items():
            if callable(values.get(field)):
                values[field] = bind(values[field], self, field=field, extra=extra)
        if callable(values["event_type"]):
            values["event_type"] = bind_filter(values["event_type"], self, "event_type")
        for field in type(self).filter_fields:
            values[field] = tuple(bind_filter(function, self, field) for function in values[field])
        if compact := values["compact"]:
            values["compact"] = bind_compact(Compact() if compact is True else compact, self)


class FlavorSpec(NamedTuple):
    """What a flavor declares about itself; see `flavor`."""

    model: type[Rule] = Rule
    main: str | None = None
    ordered: bool = False
    prepare: Prepare | None = None
    filters: tuple[Filter, ...] = ()
    asks: Asks = ()


_PLAIN = FlavorSpec()


class Registers(Protocol[P]):
    """A flavor as a type checker sees it: `_registers`, which there is not, has the fields of its rules."""

    @property
    def _registers(self) -> Callable[P, Any]:
        """Stands for ``register``, without the flavor."""


class Declared(Protocol[P, T_co]):
    """A flavor that was decorated with `flavor`: the same function, which says how it is run."""

    flavor_spec: FlavorSpec

    @property
    def _registers(self) -> Callable[..., Any]:
        """See `Registers`: the fields of its rules are not known."""

    @property
    def __name__(self) -> str:
        """The name of the function."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T_co:
        """Do it."""


def flavor(
    *,
    model: type[Rule] = Rule,
    main: str | None = None,
    ordered: bool = False,
    prepare: Prepare | None = None,
    filters: Iterable[Filter] = (),
    asks: Iterable[type[Request]] = (),
) -> Callable[[Callable[P, T_co]], Declared[P, T_co]]:
    """Decorate a flavor to declare its model and how it is run. It stays a plain function.

    Parameters
    ----------
    model
        The model of its rules.
    main
        The field that `RuleRegistry.register` puts the decorated function into.
    ordered
        Whether its rules take records with the same order key one at a time, in record order.
    prepare
        Run once per record, before matching: rules match the unit of work that it returns.
    filters
        Filters that apply to every rule of this flavor, before the rule's own.
    asks
        The types of requests that it makes, in order. A hint: a call that is not full need not wait for units of work
        that are past that request. Empty: any request may follow any other.
    """
    given: object = model
    if not (isinstance(given, type) and issubclass(given, Rule)):
        raise RuleError(f"flavor(model=…) takes a class derived from Rule; got {model!r}.")
    if main is not None and model.model_config.get("extra") == "forbid" and main not in model.model_fields:
        raise RuleError(f"flavor(main={main!r}): {model.__name__} has no such field.")
    spec = FlavorSpec(model, main, ordered, prepare, tuple(filters), tuple(asks))
    for test in spec.filters:
        check_part(test, "filters")
    if prepare is not None:
        check_part(prepare, "prepare")

    def decorate(function: Callable[P, T_co]) -> Declared[P, T_co]:
        check_flavor(function)
        declared = cast("Declared[P, T_co]", function)
        declared.flavor_spec = spec
        # Rules of a model need not name its first flavor; `Rule` itself belongs to no flavor.
        if "own_flavor" not in vars(model):
            model.own_flavor = function
        return declared

    return decorate


def spec_of(function: Flavor) -> FlavorSpec:
    """Return what a flavor declares about itself; the defaults for a plain function."""
    spec: FlavorSpec = getattr(function, "flavor_spec", _PLAIN)
    return spec


def make_rule(fields: Mapping[str, Any]) -> Rule:
    """Make a rule from plain fields, with the model of its flavor."""
    function = fields.get("flavor")
    if not callable(function):
        from powertools_stream.rules.diagnostics import misspelled, named, shown

        missing = f"it is missing{misspelled('flavor', fields, Rule)}"
        found = f"it is {shown(function)}" if function is not None else missing
        raise RuleError(f"{named(fields)}: the field 'flavor' takes a function, e.g. task; {found}.", fields.get("id"))
    model = spec_of(function).model
    ignored = [name for name in _IGNORED if name in fields and model.model_config.get("extra") == "forbid"]
    for name in ignored:
        warnings.warn(
            f"Rule {fields.get('id')!r}: the field {name!r} is ignored; the stream processor takes its place.",
            UserWarning,
            stacklevel=3,
        )
    return model(**{name: value for name, value in fields.items() if name not in ignored})


def _check_extra_names(rule: Rule) -> None:
    # A rule without a type matches every event, so a misspelled `eventType` must not pass as an extra field.
    for name in rule.__pydantic_extra__ or ():
        if not name.islower():
            from powertools_stream.rules.diagnostics import nearest

            known = type(rule).model_fields
            if (meant := nearest(name, known)) in known and meant.replace("_", "") == name.replace("_", "").lower():
                raise RuleError(f"Rule {rule.id!r}: unknown field {name!r}. Did you mean {meant!r}?", rule.id)
