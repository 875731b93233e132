"""What rules need: the requests of their flavors, and those that the user's functions make."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from powertools_stream import requests
from powertools_stream.cli.handlers import Part
from powertools_stream.cli.needs.code import Made, Reading, read_functions
from powertools_stream.cli.needs.names import UNKNOWN, Name
from powertools_stream.cli.needs.need import Need, Needs
from powertools_stream.cli.needs.options import of_decorator, of_encryption, of_idempotency, of_options
from powertools_stream.flavors.evaluate import EvaluateRule
from powertools_stream.flavors.steps.tables import TableRule
from powertools_stream.flavors.stream_failover import StreamFailoverRule
from powertools_stream.options import ProcessorOptions
from powertools_stream.requests import Permission, Place, Request
from powertools_stream.requests.dynamodb import TABLE
from powertools_stream.requests.eventbridge import BUS
from powertools_stream.requests.s3 import BUCKET, COPY_SOURCE
from powertools_stream.rules.rule import Rule, spec_of

__all__ = ["functions_of_rule", "needs_of", "needs_of_rule"]


def needs_of(parts: Iterable[Part], more: Iterable[str] = ()) -> Needs:
    """Return what the rules need, and the options of their processors.

    Parameters
    ----------
    more
        The names of further requests that rules make, which cannot be told from their source.
    """
    found = Needs()
    for part in parts:
        for rule in part.registry:
            _add_rule(found, rule, part.options)
        for need in of_options(part.options, found):
            found.needs.append(need)
    for name in more:
        found.needs += _of_request(getattr(requests, name), "--request")
    return found


def needs_of_rule(rule: Rule, options: ProcessorOptions | None) -> Needs:
    """Return what one rule needs.

    Parameters
    ----------
    options
        Those of its processor; None: there is none.
    """
    found = Needs()
    _add_rule(found, rule, options)
    return found


def _add_rule(found: Needs, rule: Rule, options: ProcessorOptions | None) -> None:
    functions = functions_of_rule(rule)
    sources = {name: read_functions(function, rule=rule) for name, function in functions.items()}
    needs = [*_of_flavor(rule, sources, options), *_of_functions(rule, sources.values(), options)]
    role = rule.role_arn
    found.needs += [Need(**{**vars(need), "role": role}) for need in needs]
    if role is not None:
        found.needs.append(Need(_ASSUME, Name(role), rule.id))
    for source in sources.values():
        found.notes += [f"Rule {rule.id}: the source of {name} cannot be read." for name in source.unread]
    if rule.encrypt is not None:
        found.needs += of_encryption(rule.encrypt, rule.id)
    found.needs += [need for function in functions.values() for need in of_decorator(function, rule, found)]
    if rule.idempotent:
        found.needs += of_idempotency(options.idempotency_store if options is not None else None, rule.id, found)


_ASSUME = Permission("sts:AssumeRole", Place("arn:${AWS::Partition}:iam::${AWS::AccountId}:role/{name}"))


def functions_of_rule(rule: Rule) -> dict[str, Callable[..., Any]]:
    """Return the functions of a rule that may make requests: its own, and a flavor of the user's."""
    names = [*type(rule).user_functions, spec_of(rule.flavor).main or "", *(rule.__pydantic_extra__ or {})]
    values = {name: rule.__dict__.get(name) for name in dict.fromkeys(names)}
    functions = {name: value for name, value in values.items() if callable(value)}
    return functions if _is_built_in(rule) else {**functions, "flavor": rule.flavor}


def _is_built_in(rule: Rule) -> bool:
    return getattr(rule.flavor, "__module__", "").startswith("powertools_stream.flavors.")


def _of_flavor(rule: Rule, sources: Mapping[str, Reading], options: ProcessorOptions | None) -> Iterator[Need]:
    """Yield what the flavor's own requests need."""
    if isinstance(rule, StreamFailoverRule):
        yield from _of_failover(rule)
        return
    # Of a flavor of the user's, its source says more than its declaration.
    seen = {made.kind for made in sources["flavor"].made} if "flavor" in sources else set()
    for kind in type(rule).asked(rule):
        if kind in seen:
            continue
        asking = [sources[name] for name in _makers_of(kind, rule) if name in sources]
        if asking and all(source.only_makes for source in asking):
            continue  # what its functions return are requests already, which may be of another type
        params = _united(asking)
        is_plain = kind is requests.PutItem and not rule.__dict__.get("to_put_request")
        for permission in kind.permissions:
            if is_plain and not permission.if_plain:
                continue
            names = _place_names(permission, rule, params, sources, options)
            yield from _in_places(permission, kind, names, rule, params)


# The functions that return what a request takes, by its type.
_MAKERS: Mapping[type[Request], tuple[str, ...]] = {
    requests.Query: ("to_query_request", "to_query_split_request"),
    requests.Scan: ("to_scan_request",),
    requests.GetItems: ("to_get_request",),
    requests.UpdateItem: ("to_update_request", "to_fallback_update_request", "to_cursor_update_request"),
    requests.PutItem: ("to_put_request",),
    requests.PutObject: ("to_s3",),
    requests.GetObject: ("to_get_request",),
    requests.CopyObject: ("to_copy_request",),
    requests.DeleteObject: ("to_delete_request",),
    requests.PublishMessage: ("to_sns",),
    requests.SendMessage: ("to_sqs",),
}


def _makers_of(kind: type[Request], rule: Rule) -> Iterator[str]:
    return (name for name in _MAKERS.get(kind, ()) if rule.__dict__.get(name) is not None)


def _united(sources: Iterable[Reading]) -> dict[str, tuple[Name, ...]]:
    params: dict[str, tuple[Name, ...]] = {}
    for source in sources:
        for name, values in source.params.items():
            params[name] = (*params.get(name, ()), *values)
    return params


def _place_names(
    permission: Permission,
    rule: Rule,
    params: Mapping[str, tuple[Name, ...]],
    sources: Mapping[str, Reading],
    options: ProcessorOptions | None,
) -> tuple[Name, ...]:
    """Return the names of where a request of the flavor goes: as the rule says, its function, or the environment."""
    place = _place_of(permission, params)
    if place is None:
        return (UNKNOWN,)
    given = rule.__dict__.get(place.field or "")
    if isinstance(given, str):
        return (Name(given),)
    if callable(given):
        source = sources.get(place.field or "")
        return tuple(source.returned) if source is not None and source.returned else (UNKNOWN,)
    return params.get(place.param or "") or (_default(place, rule, options),)


def _place_of(permission: Permission, params: Mapping[str, tuple[Name, ...]]) -> Place | None:
    """Return where a permission is needed: of a copy that names no other source, where it goes."""
    is_same = permission.place is COPY_SOURCE and "CopySource" not in params
    return BUCKET if is_same else permission.place


def _default(place: Place, rule: Rule | None, options: ProcessorOptions | None) -> Name:
    if place is BUS and rule is not None and isinstance(bus := rule.__dict__.get("bus_name"), str):
        return Name(bus)
    if place is BUS and options is not None and options.bus_name:
        return Name(options.bus_name)
    if place is TABLE and isinstance(rule, TableRule):
        return Name(variables=type(rule).table_variables)
    return Name(place.default, place.variables)


def _in_places(
    permission: Permission,
    kind: type[Request],
    names: Iterable[Name],
    rule: Rule,
    params: Mapping[str, tuple[Name, ...]],
) -> Iterator[Need]:
    for name in dict.fromkeys(names):
        for part in _parts_of(permission, kind, rule, params):
            yield Need(permission, name, rule.id, part)


def _parts_of(
    permission: Permission, kind: type[Request], rule: Rule | None, params: Mapping[str, tuple[Name, ...]]
) -> tuple[str, ...]:
    """Return what follows the ARN: of a query, the index, too."""
    if kind not in (requests.Query, requests.Scan):
        return (permission.part,)
    if isinstance(rule, EvaluateRule) and kind is requests.Query:
        # Collected events are found by the index, correlations by the table's own key.
        return ("",) if rule.correlation_key_suffix else (f"/index/{rule.index}", "")
    indices = params.get("IndexName", ())
    return tuple(f"/index/{name.text or '*'}" for name in dict.fromkeys(indices)) or ("",)


def _of_failover(rule: StreamFailoverRule) -> Iterator[Need]:
    """Yield what moving a mapping needs: which one that will be, and in which of two Regions, is not known before."""
    function = Name(rule.function_name, () if rule.function_name else ("LISTENER_FUNCTION_NAME",))
    yield from _of_request(requests.ListEventSourceMappings, rule.id)
    for kind in (
        requests.CreateEventSourceMapping,
        requests.UpdateEventSourceMapping,
        requests.DeleteEventSourceMapping,
    ):
        (place,) = {one.place for one in requests.CreateEventSourceMapping.permissions}
        yield Need(Permission(kind.permissions[0].action, place), function, rule.id)


def _of_functions(rule: Rule, sources: Iterable[Reading], options: ProcessorOptions | None) -> Iterator[Need]:
    """Yield what the requests need that the user's functions make."""
    for source in sources:
        for made in source.made:
            yield from _of_made(made, source, rule, options)


def _of_made(made: Made, source: Reading, rule: Rule, options: ProcessorOptions | None) -> Iterator[Need]:
    # A request made of a mapping that was built before has its parameters somewhere in the same functions.
    is_whole = not made.arguments.get("params")
    params = made.arguments if is_whole and made.arguments else {**source.params, **made.arguments}
    if issubclass(made.kind, requests.PublishMessage) and not params.keys().isdisjoint(_NO_TOPIC):
        yield Need(Permission("sns:Publish"), UNKNOWN, rule.id)
        return
    for permission in made.kind.permissions:
        if (made.is_plain is True and not permission.if_plain) or (made.is_plain is False and not permission.if_more):
            continue
        place = _place_of(permission, params)
        names: tuple[Name, ...] = (UNKNOWN,)
        if place is not None:
            own = params.get(place.field or "") or params.get(place.param or "")
            names = own or (_default(place, rule if _publishes(made) else None, options),)
        yield from _in_places(permission, made.kind, names, rule, {**params})


# Where a message goes that goes to no topic, which no resource stands for.
# https://docs.aws.amazon.com/sns/latest/dg/sns-using-identity-based-policies.html
_NO_TOPIC = ("PhoneNumber", "TargetArn")


def _publishes(made: Made) -> bool:
    """Tell whether the step `publish` makes it, which publishes on the rule's own bus."""
    return "rule" in made.arguments


def _of_request(kind: type[Request], reason: str) -> Iterator[Need]:
    for permission in kind.permissions:
        name = _default(permission.place, None, None) if permission.place is not None else UNKNOWN
        yield Need(permission, name, reason, permission.part)
