"""What the role of a function has to allow, in terms of the library: which permission, on what, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from powertools_stream import requests
from powertools_stream.checkpoints import DynamoDBCheckpointStore
from powertools_stream.cli.policy.code import Made, Source, read_functions
from powertools_stream.cli.policy.handlers import Part
from powertools_stream.cli.policy.names import UNKNOWN, Name
from powertools_stream.flavors.evaluate import EvaluateRule
from powertools_stream.flavors.steps.tables import TableRule
from powertools_stream.flavors.stream_failover import StreamFailoverRule
from powertools_stream.options import ProcessorOptions
from powertools_stream.payloads.claim_checks import ClaimChecks
from powertools_stream.payloads.field_encryption import FieldEncryption
from powertools_stream.requests import Permission, Place, Request, kms
from powertools_stream.requests.dynamodb import TABLE
from powertools_stream.requests.eventbridge import BUS
from powertools_stream.requests.kms import KEY
from powertools_stream.requests.s3 import BUCKET, COPY_SOURCE
from powertools_stream.rules.idempotency import idempotency_of
from powertools_stream.rules.rule import Rule, spec_of

__all__ = ["POLLED", "Need", "Needs", "needs_of", "polling_needs"]


@dataclass(frozen=True)
class Need:
    """A permission that a function needs.

    Parameters
    ----------
    permission
        The action, and the kind of place.
    name
        The name of the place.
    reason
        What needs it: the id of a rule, or a part of the library.
    part
        What follows the ARN of the place.
    role
        The role that the calls are made in; None: the function's own.
    region
        Another Region, in which it is needed.
    is_optional
        Whether nothing is needed if none of the variables is set.
    """

    permission: Permission
    name: Name
    reason: str
    part: str = ""
    role: str | None = None
    region: str | None = None
    is_optional: bool = False


@dataclass
class Needs:
    """What a function needs.

    Parameters
    ----------
    needs
        What is known of it.
    notes
        What is not known, a sentence each.
    """

    needs: list[Need] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


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
        for need in _of_options(part.options, found):
            found.needs.append(need)
    for name in more:
        found.needs += _of_request(getattr(requests, name), "--request")
    return found


# -- Rules -------------------------------------------------------------------------------------------------------------


def _add_rule(found: Needs, rule: Rule, options: ProcessorOptions | None) -> None:
    functions = _functions_of(rule)
    sources = {name: read_functions(function, rule=rule) for name, function in functions.items()}
    needs = [*_of_flavor(rule, sources, options), *_of_functions(rule, sources.values(), options)]
    role = rule.role_arn
    found.needs += [Need(**{**vars(need), "role": role}) for need in needs]
    if role is not None:
        found.needs.append(Need(_ASSUME, Name(role), rule.id))
    for source in sources.values():
        found.notes += [f"Rule {rule.id}: the source of {name} cannot be read." for name in source.unread]
    if rule.encrypt is not None:
        found.needs += _of_encryption(rule.encrypt, rule.id)
    found.needs += [need for function in functions.values() for need in _of_decorator(function, rule, found)]
    if rule.idempotent:
        found.needs += _of_idempotency(options.idempotency_store if options is not None else None, rule.id, found)


_ASSUME = Permission("sts:AssumeRole", Place("arn:${AWS::Partition}:iam::${AWS::AccountId}:role/{name}"))


def _functions_of(rule: Rule) -> dict[str, Callable[..., Any]]:
    """Return the functions of a rule that may make requests: its own, and a flavor of the user's."""
    names = [*type(rule).user_functions, spec_of(rule.flavor).main or "", *(rule.__pydantic_extra__ or {})]
    values = {name: rule.__dict__.get(name) for name in dict.fromkeys(names)}
    functions = {name: value for name, value in values.items() if callable(value)}
    return functions if _is_built_in(rule) else {**functions, "flavor": rule.flavor}


def _is_built_in(rule: Rule) -> bool:
    return getattr(rule.flavor, "__module__", "").startswith("powertools_stream.flavors.")


def _of_flavor(rule: Rule, sources: Mapping[str, Source], options: ProcessorOptions | None) -> Iterator[Need]:
    """Yield what the flavor's own requests need."""
    if isinstance(rule, StreamFailoverRule):
        yield from _of_failover(rule)
        return
    for kind in type(rule).asked(rule):
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


def _united(sources: Iterable[Source]) -> dict[str, tuple[Name, ...]]:
    params: dict[str, tuple[Name, ...]] = {}
    for source in sources:
        for name, values in source.params.items():
            params[name] = (*params.get(name, ()), *values)
    return params


def _place_names(
    permission: Permission,
    rule: Rule,
    params: Mapping[str, tuple[Name, ...]],
    sources: Mapping[str, Source],
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


def _of_functions(rule: Rule, sources: Iterable[Source], options: ProcessorOptions | None) -> Iterator[Need]:
    """Yield what the requests need that the user's functions make."""
    for source in sources:
        for made in source.made:
            yield from _of_made(made, source, rule, options)


def _of_made(made: Made, source: Source, rule: Rule, options: ProcessorOptions | None) -> Iterator[Need]:
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


# -- Options -----------------------------------------------------------------------------------------------------------


def _of_options(options: ProcessorOptions | None, found: Needs) -> Iterator[Need]:
    """Yield what the parts of the library need that belong to no rule. Fault events have a bus, as far as is known."""
    (put_events,) = requests.PutEvent.permissions
    bus = (options.fault_bus_name or options.bus_name) if options is not None else None
    variables = () if bus else ("FAULT_BUS_NAME", *BUS.variables)
    yield Need(put_events, Name(bus, variables, "BUS_NAME" if variables else None), "fault events", is_optional=True)
    if options is None:
        return
    if options.claim_checks is not None:
        yield from _of_claim_checks(options.claim_checks)
    if options.field_encryption is not None:
        yield from _of_encryption(options.field_encryption, "encryption")
    if options.checkpoint is not None:
        yield from _of_checkpoints(options.checkpoint, found)


# https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
_CLAIM_CHECKS = "/*/claimchecks/*"


def _of_claim_checks(claim_checks: ClaimChecks) -> Iterator[Need]:
    own = claim_checks.bucket_name
    yield Need(
        Permission("s3:PutObject", BUCKET),
        Name(own, () if own else ("CLAIMCHECK_BUCKET_NAME",)),
        "claim checks",
        _CLAIM_CHECKS,
        is_optional=True,
    )
    for bucket in claim_checks.owners:
        yield Need(Permission("s3:GetObject", BUCKET), Name(bucket), "claim checks", _CLAIM_CHECKS)
        # Without it an object that is gone would be an error of access.
        yield Need(Permission("s3:ListBucket", BUCKET), Name(bucket), "claim checks")


def _of_encryption(encryption: FieldEncryption, reason: str) -> Iterator[Need]:
    key = Name(encryption.key_alias, () if encryption.key_alias else KEY.variables)
    (generate,), (encrypt,), (decrypt,) = (
        kind.permissions for kind in (kms.GenerateDataKey, kms.EncryptDataKey, kms.DecryptDataKey)
    )
    if encryption.fields:
        yield Need(generate, key, reason)
    yield Need(decrypt, key, reason)
    for region in encryption.regions or ():
        if encryption.fields:
            yield Need(encrypt, key, reason, region=region)
        yield Need(decrypt, key, reason, region=region)


def _of_checkpoints(store: Any, found: Needs) -> Iterator[Need]:
    if isinstance(store, DynamoDBCheckpointStore):
        for action in ("dynamodb:BatchGetItem", "dynamodb:BatchWriteItem"):
            yield Need(Permission(action, TABLE), Name(store.table_name), "checkpoints")
        return
    if not type(store).__module__.startswith("powertools_stream."):
        found.notes.append(f"What the store of checkpoints needs is not known: {type(store).__name__}.")


def _of_decorator(function: Any, rule: Rule, found: Needs) -> Iterator[Need]:
    """Yield what a function needs that is under Powertools' ``@idempotent_function``."""
    inner = getattr(function, "_user_function", function)
    if idempotency_of(inner) is None:
        return
    cells = dict(zip(inner.__code__.co_freevars, inner.__closure__ or (), strict=True))
    store = cells["persistence_store"].cell_contents if "persistence_store" in cells else None
    yield from _of_idempotency(store, rule.id, found)


# https://docs.aws.amazon.com/powertools/python/latest/utilities/idempotency/#iam-permissions
_IDEMPOTENCY = ("GetItem", "PutItem", "UpdateItem", "DeleteItem")


def _of_idempotency(store: Any, reason: str, found: Needs) -> Iterator[Need]:
    name = getattr(store, "table_name", None)
    if type(store).__name__ != "DynamoDBPersistenceLayer" or not isinstance(name, str):
        which = type(store).__name__ if store is not None else "there is no processor in the module"
        found.notes.append(f"What the store of idempotent rules needs is not known: {which}.")
        return
    for action in _IDEMPOTENCY:
        yield Need(Permission(f"dynamodb:{action}", TABLE), Name(name), f"{reason}, idempotent")


# -- The function's own source -----------------------------------------------------------------------------------------

_SOURCE = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"
_POLLED: Mapping[str, tuple[Place, tuple[str, ...]]] = {
    # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    "sqs": (
        Place(_SOURCE % ("sqs", "{name}")),
        ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"),
    ),
    # https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html
    "kinesis": (
        Place(_SOURCE % ("kinesis", "stream/{name}")),
        (
            "kinesis:DescribeStream",
            "kinesis:DescribeStreamSummary",
            "kinesis:GetRecords",
            "kinesis:GetShardIterator",
            "kinesis:ListShards",
        ),
    ),
    # https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html
    "dynamodb": (
        Place(_SOURCE % ("dynamodb", "table/{name}/stream/*")),
        ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"),
    ),
    # https://docs.aws.amazon.com/lambda/latest/dg/with-msk-permissions.html
    "kafka": (Place(_SOURCE % ("kafka", "cluster/{name}/*")), ("kafka:DescribeClusterV2", "kafka:GetBootstrapBrokers")),
}
_ANYWHERE: Mapping[str, tuple[str, ...]] = {
    "kinesis": ("kinesis:ListStreams",),
    "kafka": (
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
    ),
}
POLLED = tuple(_POLLED)
"""The sources that Lambda polls in the function's role."""


def polling_needs(source: str) -> list[Need]:
    """Return what Lambda needs in the function's role to poll a source. SAM adds it for a function's ``Events``."""
    place, actions = _POLLED[source]
    reason = f"event source {source}"
    anywhere = [Need(Permission(action), UNKNOWN, reason) for action in _ANYWHERE.get(source, ())]
    return [Need(Permission(action, place), Name(variables=("SOURCE",)), reason) for action in actions] + anywhere
