"""Several templates on one emulator: stacks of their own, which know each other by names and exports."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from powertools_stream.local.emulator import Emulator
from powertools_stream.local.stack.deployment import LeftOut
from powertools_stream.local.stack.mappings import MappingConfiguration
from powertools_stream.local.stack.stack import Stack, deploy_template
from powertools_stream.templates import Template, TemplateError
from powertools_stream.templates.reading import NAMES

__all__ = ["deploy_system", "names_of"]

T = TypeVar("T")

_STACK = "local"
_RULE = "AWS::Events::Rule"
_BUILD = (".aws-sam", "build")
_SOURCES = {
    "dynamodb": "AWS::DynamoDB::Table",
    "kinesis": "AWS::Kinesis::Stream",
    "sqs": "AWS::SQS::Queue",
}


def deploy_system(
    templates: Sequence[Template], emulator: Emulator, *, forward_url: str, parameters: Mapping[str, str] | None = None
) -> Stack:
    """Deploy templates one after the other, and return them as one stack.

    A single one becomes the stack ``local``. Of several, each becomes a stack ``local-{name}``, and every logical id of
    what is returned begins with the name: ``control-service.Listener``. See `names_of`.

    Parameters
    ----------
    templates
        The templates.
    emulator, forward_url
        See `deploy_template`.
    parameters
        Values of parameters. Each template gets those that it has.

    Raises
    ------
    TemplateError
        SAM refuses a template, or a parameter is missing, or no template has it.
    StackError
        The emulator refuses a template as a whole.
    """
    given = parameters or {}
    _require_known(given, templates)
    names = names_of([template.path for template in templates]) if len(templates) > 1 else [""]
    stacks = [
        deploy_template(
            template,
            emulator,
            forward_url=forward_url,
            parameters={key: value for key, value in given.items() if key in _parameters(template)},
            name=_stack_name(name),
            prefix=f"{name}." if name else "",
        )
        for template, name in zip(templates, names, strict=True)
    ]
    stack = _joined(stacks)
    return replace(stack, left_out=(*stack.left_out, *_without_bus(stack, emulator)))


def names_of(paths: Sequence[Path]) -> list[str]:
    """Return the name of each template: that of its folder, or of its file if that is not called ``template.yaml``.

    Examples
    --------
    >>> names_of([Path("shop/template.yaml"), Path("cdk.out/Web.template.json"), Path("shop/web.yaml")])
    ['shop', 'Web', 'web']
    >>> names_of([Path("a/shop/template.yaml"), Path("b/shop/.aws-sam/build/template.yaml")])
    ['shop', 'shop-2']
    """
    seen: Counter[str] = Counter()
    names = []
    for path in paths:
        name = re.sub("[^A-Za-z0-9]+", "-", _name_of(path)).strip("-") or "stack"
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return names


def _stack_name(name: str) -> str:
    return f"{_STACK}-{name}" if name else _STACK


def _name_of(path: Path) -> str:
    if path.name not in NAMES:
        return path.name.partition(".")[0]
    folder = path.resolve().parent
    return folder.parents[1].name if folder.parts[-2:] == _BUILD else folder.name


def _parameters(template: Template) -> Mapping[str, object]:
    return template.document.get("Parameters") or {}


def _require_known(given: Mapping[str, str], templates: Sequence[Template]) -> None:
    known = list(dict.fromkeys(name for template in templates for name in _parameters(template)))
    for name in given:
        if name not in known:
            whose = "the template" if len(templates) == 1 else "a template"
            raise TemplateError(
                f"Expected a parameter of {whose} ({', '.join(known) or 'there are none'}), found {name}."
            )


def _joined(stacks: Sequence[Stack]) -> Stack:
    joined = Stack(
        name=", ".join(stack.name for stack in stacks),
        functions=dict(_items(stack.functions for stack in stacks)),
        mappings=dict(_items(stack.mappings for stack in stacks)),
        physical_ids=dict(_items(stack.physical_ids for stack in stacks)),
        types=dict(_items(stack.types for stack in stacks)),
        left_out=tuple(each for stack in stacks for each in stack.left_out),
        addresses=dict(_items(stack.addresses for stack in stacks)),
        buses=dict(_items(stack.buses for stack in stacks)),
    )
    mappings = {name: _with_source(each, joined) for name, each in joined.mappings.items()}
    return replace(joined, mappings=mappings)


def _without_bus(stack: Stack, emulator: Emulator) -> Iterator[LeftOut]:
    """Yield the rules on a bus that does not exist: EventBridge refuses them, and an emulator may not."""
    if not stack.buses:
        return
    found = emulator.client("events").list_event_buses()["EventBuses"]
    known = {"default", *(each["Name"] for each in found)}
    for logical_id, bus in stack.buses.items():
        # It may be an ARN: arn:aws:events:us-east-1:123456789012:event-bus/orders.
        name = bus.rpartition(":event-bus/")[2]
        if name not in known:
            reason = f"There is no bus {name}. If another template makes it, name that one, too."
            yield LeftOut(logical_id, _RULE, reason)


def _items(mappings: Iterable[Mapping[str, T]]) -> Iterator[tuple[str, T]]:
    for each in mappings:
        yield from each.items()


def _with_source(mapping: MappingConfiguration, stack: Stack) -> MappingConfiguration:
    """Find the source of a mapping that names it by its ARN: it may be in another template."""
    if mapping.source is not None:
        return mapping
    _, _, service, _, _, *rest = str(mapping.properties.get("EventSourceArn")).split(":") + [""] * 5
    named = re.split("[:/]", ":".join(rest))
    found = (
        logical_id
        for logical_id in stack.of_type(_SOURCES.get(service, ""))
        if stack.physical_ids[logical_id].rpartition("/")[2] in named
    )
    return replace(mapping, source=next(found, None))
