"""The registry: all rules of a function, compiled so that a record costs only what its own rules cost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from powertools_stream.errors import RuleError
from powertools_stream.rules.checks import check_curried
from powertools_stream.rules.compact import Compact
from powertools_stream.rules.compiled import CompiledRule, RuleGroup, compile_rule
from powertools_stream.rules.idempotency import configs_of
from powertools_stream.rules.rule import Prepare, Registers, Rule, make_rule, spec_of
from powertools_stream.rules.switches import Switches

if TYPE_CHECKING:
    from powertools_stream.flavors.signatures import Add

__all__ = ["RuleRegistry", "Rules"]

F = TypeVar("F", bound=Callable[..., Any])
P = ParamSpec("P")
Compile = Callable[[int, Rule], CompiledRule]
"""Makes the rule at a place among all rules what the engine runs."""


def _told_without_flavor(register: F) -> F:
    """Let a method be called without its flavor, so that it says itself what is missing; type checkers want it."""
    register.__defaults__ = (None,)
    return register


def _as_add(method: Callable[..., Any]) -> Add:
    """Let a method that takes any fields be, to a type checker, one that takes those of each flavor."""
    return cast("Add", method)


class RuleRegistry:
    """The rules of a function, in the order in which they were registered.

    Parameters
    ----------
    rules
        The first rules, or plain dicts: ``RuleRegistry([TaskRule(…), {"id": …, "flavor": …}])``.

    Examples
    --------
    >>> from powertools_stream.flavors import task
    >>> rules = RuleRegistry()
    >>> @rules.register(task, event_type="order-created")
    ... def accept_order(uow):
    ...     return len(uow.event["lines"])
    >>> rules["accept_order"].event_type
    'order-created'
    """

    def __init__(self, rules: Rules = ()) -> None:
        self._rules: dict[str, Rule] = {}
        self._groups: tuple[RuleGroup, ...] | None = None
        self._compile: Compile = compile_rule
        self._idempotency_configs: tuple[Any, ...] | None = None
        self._compacts = False
        self._encrypts = False
        if isinstance(rules, str | bytes | Mapping) or not isinstance(rules, Iterable):
            from powertools_stream.rules.diagnostics import shown

            raise RuleError(f"Expected a RuleRegistry, or a list of rules or dicts; got {shown(rules)}.")
        for rule in rules:
            self.add(rule)

    @classmethod
    def of(cls, rules: Rules) -> RuleRegistry:
        """Return a registry: the given one, or a new one of the given rules and plain dicts."""
        return rules if isinstance(rules, RuleRegistry) else cls(rules)

    @_told_without_flavor
    def register(self, flavor: Registers[P], /, *args: P.args, **fields: P.kwargs) -> Callable[[F], F]:
        """Register the decorated function as the main function of a rule, and return it unchanged.

        Parameters
        ----------
        flavor
            It names the field of the main function: ``execute`` for ``task``.
        fields
            The rule's other fields. ``id`` defaults to the function's name.
        """
        if args or not callable(flavor):
            raise _no_flavor(flavor, args, fields)
        main = spec_of(flavor).main
        if main is None:
            check_curried(flavor)
            name = getattr(flavor, "__name__", flavor)
            raise RuleError(
                f"The flavor {name!r} does not say which field its main function is. Name it with @flavor(main=…), or "
                f"use add(flavor=…, …). If it is the function of a rule, say of which flavor: @rules.register(task, …)."
            )
        if main in fields:
            raise RuleError(f"register() puts the decorated function into {main!r}; it cannot be given as well.")

        def decorate(function: F) -> F:
            name = getattr(function, "__name__", None)
            self.add({"id": name, "flavor": flavor, main: function, **fields})
            return function

        return decorate

    @_as_add
    def add(self, rule: Rule | Mapping[str, Any] | None = None, /, **fields: Any) -> Rule:
        """Add a rule, given as a `Rule`, a plain dict, or its fields, and return it.

        Raises
        ------
        RuleError
            It is invalid, or there is a rule with its id already.
        """
        made = _made(rule, fields)
        if made.id in self._rules:
            raise RuleError(f"There are two rules with the id {made.id!r}. Ids name rules in faults and tags.", made.id)
        self._rules[made.id] = made
        self._compacts = self._compacts or bool(made.compact)
        self._encrypts = self._encrypts or made.encrypt is not None
        self._groups = None
        self._idempotency_configs = None
        return made

    def groups(self) -> tuple[RuleGroup, ...]:
        """Return the rules grouped for matching: one group without a ``prepare``, then one for each ``prepare``.

        Empty groups are left out; most registries have one group. Rules that `Switches` switch off are in no group.
        """
        if self._groups is None:
            switches = Switches.from_environment()
            rules: dict[Prepare | None, list[CompiledRule]] = {None: []}
            for position, rule in enumerate(self):
                if switches.is_on(rule.id):
                    compiled = self._compile(position, rule)
                    rules.setdefault(compiled.prepare, []).append(compiled)
            self._groups = tuple(RuleGroup(prepare, group) for prepare, group in rules.items() if group)
        return self._groups

    def compiled_by(self, compile_: Compile) -> RuleRegistry:
        """Return a registry of the same rules, which the function compiles."""
        other = copy(self)
        other._groups, other._compile = None, compile_
        return other

    def only(self, rule_ids: Iterable[str]) -> RuleRegistry:
        """Return a registry of some of the rules, in the order of this one."""
        wanted, other = frozenset(rule_ids), copy(self)
        other._rules = {rule.id: rule for rule in self if rule.id in wanted}
        other._groups = other._idempotency_configs = None
        other._compacts = any(bool(rule.compact) for rule in other)
        return other

    def idempotency_configs(self) -> tuple[Any, ...]:
        """Return Powertools' configurations of idempotent rules and of idempotent functions of rules, each once.

        Those of functions that the rules' functions call are among them, as far as they can be found.
        """
        if self._idempotency_configs is None:
            functions = configs_of(function for rule in self for function in _functions_of(rule))
            rules = (Rule.idempotency_config(rule) for rule in self)
            self._idempotency_configs = (*functions, *(config for config in rules if config is not None))
        return self._idempotency_configs

    def event_types(self) -> list[str]:
        """Return the event types that the rules name as texts, in the order of registration."""
        types = [
            [rule.event_type] if isinstance(rule.event_type, str) else rule.event_type
            for rule in self
            if isinstance(rule.event_type, str | list)
        ]
        return list(dict.fromkeys(name for names in types for name in names))

    @property
    def compacts(self) -> bool:
        """Whether any of the rules compacts."""
        return self._compacts

    @property
    def encrypts(self) -> bool:
        """Whether any of the rules says what it encrypts."""
        return self._encrypts

    def candidates(self, event_type: Any) -> tuple[CompiledRule, ...]:
        """Return the rules for an event type that match the record's own unit of work, in the order of registration."""
        for group in self.groups():
            if group.prepare is None:
                return group.candidates(event_type)
        return ()

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._rules.values())

    def __len__(self) -> int:
        return len(self._rules)

    def __contains__(self, rule_id: object) -> bool:
        return rule_id in self._rules

    def __getitem__(self, rule_id: str) -> Rule:
        try:
            return self._rules[rule_id]
        except KeyError:
            from powertools_stream.rules.diagnostics import nearest

            meant = nearest(rule_id, self._rules)
            hint = f" Did you mean {meant!r}?" if meant else ""
            raise KeyError(f"There is no rule with the id {rule_id!r}.{hint}") from None

    def __repr__(self) -> str:
        return f"RuleRegistry({', '.join(self._rules)})"


Rules = RuleRegistry | Iterable[Rule | Mapping[str, Any]]
"""What every parameter for rules accepts: a registry, or an iterable of rules and plain dicts."""


def _functions_of(rule: Rule) -> Iterator[Any]:
    """Yield what a rule has that may be a function, those in lists, such as its filters, too."""
    for value in vars(rule).values():
        if isinstance(value, Compact):
            yield from (value.group_key, value.sort_key)
        else:
            yield from value if isinstance(value, list | tuple) else (value,)


def _no_flavor(given: Any, beside: tuple[Any, ...], fields: Mapping[str, Any]) -> RuleError:
    from powertools_stream.rules.diagnostics import shown

    if beside:
        found = ", ".join(map(shown, beside))
        return RuleError(f"register() takes the flavor by position, and its fields by name; got also {found}.")
    if given is not None:
        return RuleError(f"register() takes a flavor, a function such as task; got {shown(given)}.")
    flavor = getattr(fields.get("flavor"), "__name__", "task")
    others = "".join(f", {name}=…" for name in fields if name != "flavor")
    return RuleError(
        f"register() takes the rule's flavor first, and found none. Write @rules.register({flavor}{others}), or "
        "another flavor in its place."
    )


def _made(rule: Rule | Mapping[str, Any] | None, fields: dict[str, Any]) -> Rule:
    if rule is None:
        return make_rule(fields)
    if not isinstance(rule, Mapping):
        raise _no_rule(rule)
    if fields:
        raise RuleError(f"add() takes a rule or its fields, not both; got {', '.join(fields)} beside a rule.")
    return rule if isinstance(rule, Rule) else make_rule(rule)


def _no_rule(given: object) -> RuleError:
    message = f"Expected a rule or a dict with its fields; got a {type(given).__name__}."
    if callable(given) and not isinstance(given, type):
        message += f" A flavor has a name here: add(flavor={getattr(given, '__name__', '…')}, id=…, …)."
    return RuleError(message)
