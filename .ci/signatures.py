"""Writes what type checkers see of keyword arguments that the library reads from its models; or checks that it is so.

The fields of rules and the options of the processor are written down once: in the models of the flavors, and in
`ProcessorOptions`. A signature such as ``add(**fields)`` says nothing about them, so this makes the modules that do.

    PYTHONPATH=. python .ci/signatures.py [--check]
"""

from __future__ import annotations

import ast
import builtins
import inspect
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, fields
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from types import ModuleType

import powertools_stream
from powertools_stream import ProcessorOptions, Rule, flavors
from powertools_stream.rules.rule import FlavorSpec, spec_of

ROOT = Path(__file__).resolve().parent.parent
MADE = "Made by `make signatures`: to change it, change the models."


def rule_signatures() -> str:
    """Return the module with the fields of each flavor's rules."""
    flavor_specs = {name: spec_of(getattr(flavors, name)) for name in flavors.__all__ if is_flavor(name)}
    specs = list({spec.model: spec for spec in flavor_specs.values()}.values())
    common = annotations(Rule, [name for name in Rule.model_fields if name not in ("id", "flavor")])
    used = {"Callable", "Mapping", "Declared", "Rule", "UnitOfWork", *names_in(common.values())}
    for spec in specs:
        used |= names_in(annotations(spec.model, spec.model.model_fields).values())
    return RULES.format(
        made=MADE,
        imports=imports(used, [spec.model for spec in specs]),
        names=", ".join(f'"{name}"' for name in sorted(flavor_specs)),
        common=typed_dict("RuleFields", "The fields that every rule may have.", "TypedDict", common),
        flavors="\n\n\n".join(map(flavor_types, specs)),
        add="\n".join(map(add, specs)),
        constants="\n".join(f"{name}: {stem(spec)}Flavor" for name, spec in flavor_specs.items()),
    )


def option_types() -> str:
    """Return the module with the options of the processor."""
    options = {field.name: str(field.type) for field in fields(ProcessorOptions) if field.init}
    assert all(field.default is not MISSING for field in fields(ProcessorOptions) if field.init)
    rules = options.pop("rules")
    assert rules == "Rules"
    return OPTIONS.format(
        made=MADE,
        imports=imports(names_in(options.values())),
        options=typed_dict("Options", "The options of the processor, without its rules.", "TypedDict", options),
    )


RULES = '''\
"""What type checkers see of flavors, and of the fields of their rules: it types ``RuleRegistry.register`` and ``add``.

{made}
"""

from __future__ import annotations

from typing import Any, Protocol, overload

from typing_extensions import Required, TypedDict, Unpack

{imports}

__all__ = [{names}]


class PlainFlavor(Protocol):
    """A flavor without a model of its own: its rules may have any fields."""

    def __call__(self, uow: UnitOfWork, rule: Rule, /) -> Any: ...


{common}


{flavors}


class Add(Protocol):
    """What ``RuleRegistry.add`` takes: a rule, or its flavor and fields."""

    @overload
    def __call__(self, rule: Rule | Mapping[str, Any], /) -> Rule: ...
    @overload
    def __call__(self, *, id: str, flavor: PlainFlavor, **fields: Any) -> Rule: ...
{add}
    @overload
    def __call__(self, *, id: str, flavor: Declared[..., Any], **fields: Any) -> Rule: ...


{constants}
'''

OPTIONS = '''\
"""What type checkers see of `stream_processor`: the options of the processor.

{made}
"""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict

{imports}

__all__ = ["Options"]


{options}
'''


# Fields that take more than they hold.
TAKEN = {"compact": "bool | Compact | Mapping[str, str | UserFunction]"}


def is_flavor(name: str) -> bool:
    return hasattr(getattr(flavors, name), "flavor_spec")


def stem(spec: FlavorSpec) -> str:
    return spec.model.__name__.removesuffix("Rule")


def annotations(model: type[Rule], names: Iterable[str]) -> dict[str, str]:
    """Return the types of fields as they are written down; to a type checker, a bool is strict anyway."""
    written: dict[str, str] = {}
    for one in reversed(model.__mro__):
        written.update(inspect.get_annotations(one) if issubclass(one, Rule) else {})
    return {name: TAKEN.get(name, written[name].replace("StrictBool", "bool")) for name in names}


def flavor_types(spec: FlavorSpec) -> str:
    """Return the fields of a flavor's rules but for the main one, and the type of the flavor."""
    model = spec.model
    own = [name for name in model.model_fields if name not in (*Rule.model_fields, spec.main)]
    required = [name for name in own if model.model_fields[name].is_required()]
    described = f"The fields of a `{model.__name__}`" + (f", without `{spec.main}`." if spec.main is not None else ".")
    lines = [
        typed_dict(f"{stem(spec)}Fields", described, "RuleFields", annotations(model, own), required),
        "",
        "",
        f"class {stem(spec)}Flavor(Protocol):",
        f'    """A flavor with rules of the model `{model.__name__}`."""',
        "",
        f"    def __call__(self, uow: UnitOfWork, rule: {model.__name__}, /) -> Any: ...",
    ]
    if spec.main is not None:
        fields = f"id: str = ..., **fields: Unpack[{stem(spec)}Fields]"
        lines.append(f"    def _registers(self, *, {fields}) -> Any: ...")
    return "\n".join(lines)


def typed_dict(name: str, described: str, base: str, types: Mapping[str, str], required: Iterable[str] = ()) -> str:
    lines = [f"    {field}: {f'Required[{text}]' if field in required else text}" for field, text in types.items()]
    return "\n".join([f"class {name}({base}, total=False):", f'    """{described}"""', "", *lines])


def add(spec: FlavorSpec) -> str:
    main = ""
    if spec.main is not None:
        default = "" if spec.model.model_fields[spec.main].is_required() else " = ..."
        main = f"{spec.main}: {annotations(spec.model, [spec.main])[spec.main]}{default}, "
    takes = f"*, id: str, flavor: {stem(spec)}Flavor, {main}**fields: Unpack[{stem(spec)}Fields]"
    return f"    @overload\n    def __call__(self, {takes}) -> Rule: ..."


def names_in(texts: Iterable[str]) -> set[str]:
    """Return the names that types use."""
    return {node.id for text in texts for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}


def imports(used: Iterable[str], models: Iterable[type[Rule]] = ()) -> str:
    """Return the imports of names and models."""
    lines: dict[str, set[str]] = {}
    for name in used:
        if name != "Any" and not hasattr(builtins, name):
            lines.setdefault(home_of(name), set()).add(name)
    for model in models:
        lines.setdefault(model.__module__, set()).add(model.__name__)
    return "\n".join(f"from {home} import {', '.join(sorted(names))}" for home, names in sorted(lines.items()))


def home_of(name: str) -> str:
    """Return the module that defines a name of ours, or that of the standard library that it comes from."""
    homes = [module.__name__ for module in own_modules() if name in getattr(module, "__all__", ())]
    if homes:
        return max(homes, key=lambda home: (home.count("."), home))
    for other in ("collections.abc", "pydantic", "aws_lambda_powertools.utilities.batch", "typing"):
        if hasattr(import_module(other), name):
            return other
    raise LookupError(f"Where does {name} come from?")


def own_modules() -> Iterator[ModuleType]:
    for module in walk_packages(powertools_stream.__path__, "powertools_stream."):
        # None of a rule or of an option is defined there.
        if not module.name.startswith(tuple(f"powertools_stream.{part}" for part in ("cli", "local", "testing"))):
            yield import_module(module.name)


def formatted(text: str, path: Path) -> str:
    for command in (["check", "--quiet", "--fix", "--select", "I,F401"], ["format", "--quiet"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--stdin-filename", str(path), "-"]
        text = subprocess.run(ruff, input=text, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    return text


WRITTEN = {
    "powertools_stream/flavors/signatures.py": rule_signatures,
    "powertools_stream/option_types.py": option_types,
}


def main() -> None:
    for name, made in WRITTEN.items():
        path = ROOT / name
        text = formatted(made(), path)
        if "--check" not in sys.argv[1:]:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            sys.exit(f"Expected {name} to have the fields of the models, but it has others. Run `make signatures`.")


if __name__ == "__main__":
    main()
