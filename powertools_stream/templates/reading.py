"""Reads a template: YAML with its short forms, JSON, or the assembly that ``cdk synth`` writes."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Template", "TemplateError", "read_template", "template_paths"]

NAMES = ("template.yaml", "template.yml", "template.json", "cdk.out")
"""What is looked for in a directory, in this order."""

_TRANSFORM = "AWS::Serverless-2016-10-31"
_EXTENSIONS = "AWS::LanguageExtensions"


class TemplateError(ValueError):
    """A template cannot be read or transformed. The message is one line."""


@dataclass(frozen=True)
class Template:
    """A template as it is written, its short forms such as ``!Ref`` in their long form.

    Parameters
    ----------
    path
        The file that it was read from.
    document
        The template. Its sections and resources are objects.
    """

    path: Path
    document: Mapping[str, Any]

    @property
    def resources(self) -> Mapping[str, Mapping[str, Any]]:
        """The resources, by logical id."""
        resources: Mapping[str, Mapping[str, Any]] = self.document["Resources"]
        return resources

    @property
    def is_sam(self) -> bool:
        """Whether AWS SAM's transform applies to it."""
        return _TRANSFORM in _transforms(self.document)


def read_template(path: Path) -> Template:
    """Read one template.

    Parameters
    ----------
    path
        A template of SAM or CloudFormation, YAML or JSON; or a directory that has exactly one, as of `template_paths`.

    Raises
    ------
    TemplateError
        There is none, it is malformed, or it has no resources.
    """
    paths = template_paths(path)
    if len(paths) > 1:
        raise TemplateError(
            f"Expected one template in {path}, found {', '.join(each.name for each in paths)}: name one."
        )
    return _checked(paths[0], _expanded(paths[0], _decoded(paths[0])))


def template_paths(path: Path) -> list[Path]:
    """Return the templates that a path stands for.

    Parameters
    ----------
    path
        A template; a directory with a ``template.yaml``; or what ``cdk synth`` writes, ``cdk.out``, which may hold
        several.

    Raises
    ------
    TemplateError
        There is none.
    """
    if (path / "manifest.json").is_file():
        return _stacks(path)
    if path.is_dir():
        return _in_directory(path)
    if not path.is_file():
        raise TemplateError(f"Expected a template, found no file {path}.")
    return [path]


def _in_directory(path: Path) -> list[Path]:
    for name in NAMES:
        if (path / name).exists() and path.name != name:
            return template_paths(path / name)
    raise TemplateError(f"Expected a template, found none of {', '.join(NAMES)} in {_named(path)}.")


def _named(directory: Path) -> str:
    return "this directory" if directory == Path() else str(directory)


def _stacks(assembly: Path) -> list[Path]:
    stacks = list(_templates_of(assembly))
    if not stacks:
        raise TemplateError(f"Expected stacks in {assembly / 'manifest.json'}, found none: run `cdk synth` again.")
    return stacks


def _templates_of(assembly: Path) -> Iterator[Path]:
    """Yield the templates of an assembly, and of the stages within it, which are assemblies of their own."""
    # https://docs.aws.amazon.com/cdk/v2/guide/deploy.html#deploy-how-synth-assemblies
    for artifact in _artifacts(assembly / "manifest.json"):
        properties = artifact.get("properties") or {}
        if artifact.get("type") == "aws:cloudformation:stack":
            yield assembly / properties["templateFile"]
        elif artifact.get("type") == "cdk:cloud-assembly":
            yield from _templates_of(assembly / properties["directoryName"])


def _artifacts(manifest: Path) -> list[Mapping[str, Any]]:
    try:
        return list(json.loads(manifest.read_text(encoding="utf-8")).get("artifacts", {}).values())
    except (OSError, ValueError, AttributeError) as error:
        raise TemplateError(f"Cannot read {manifest}: {error}. Run `cdk synth` again.") from error


def _decoded(path: Path) -> Any:
    from cfnlint.decode import decode

    _check_text(path)
    logging.getLogger("cfnlint").setLevel(logging.CRITICAL)  # it says each problem itself, before we do
    document, problems = decode(str(path))
    if problems:
        first = problems[0]
        raise TemplateError(f"{path}:{first.linenumber}:{first.columnnumber}: {first.message.rstrip('.')}.")
    return document


def _expanded(path: Path, document: Any) -> Any:
    """Return a template in which loops, ``Fn::ForEach``, are written out. They come before SAM's transform."""
    if not isinstance(document, dict) or _EXTENSIONS not in _transforms(document):
        return document
    from cfnlint.template import Template as Extended

    extended = Extended(str(path), {**document, "Transform": _EXTENSIONS})
    problems = extended.transform()
    if problems:
        raise TemplateError(f"{path}: {problems[0].message}")
    return {**extended.template, "Transform": [name for name in _transforms(document) if name != _EXTENSIONS]}


def _transforms(document: Mapping[str, Any]) -> list[Any]:
    transform = document.get("Transform") or []
    return list(transform) if isinstance(transform, list) else [transform]


def _check_text(path: Path) -> None:
    try:
        path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise TemplateError(f"Expected a template in UTF-8, found other bytes in {path}: {error.reason}.") from error
    except OSError as error:
        raise TemplateError(f"Cannot read {path}: {error.strerror}.") from error


def _checked(path: Path, document: Any) -> Template:
    resources = document.get("Resources") if isinstance(document, dict) else None
    if not isinstance(resources, dict) or not resources:
        raise TemplateError(f"Expected a template with Resources, found none in {path}.")
    for logical_id, resource in resources.items():
        if not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
            raise TemplateError(f"Expected a resource with a Type, found none in {path}: Resources/{logical_id}.")
    return Template(path, document)
