"""Runs cfn-lint's engine on templates: with our rules, and with its own if they are asked for."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cfnlint.config import ConfigMixIn
from cfnlint.match import Match
from cfnlint.rules import Rules
from cfnlint.rules.errors import RuleError
from cfnlint.runner.cli import get_formatter
from cfnlint.runner.template import run_template_by_data, run_template_by_file_path

from powertools_stream.cli.status import CannotRunError
from powertools_stream.templates import Template, TemplateError, read_template, transformed

__all__ = ["Linting", "rule_ids"]

PACK = "powertools_stream.cli.check.rules"

# A path of this machine, as of a nested stack. `sam deploy` uploads it, so in a template of SAM it is no finding of
# cfn-lint's; but what SAM makes of the template is not one of SAM.
_PACKAGED = "W3002"


def rule_ids() -> list[str]:
    """Return the ids of our rules."""
    return sorted(rule_id for rule_id in Rules.create_from_module(PACK))


@dataclass(frozen=True)
class Linting:
    """What is run on templates.

    Parameters
    ----------
    ignored
        Ids of rules, or how they begin, whose findings are left out. Those of ``.cfnlintrc`` and of ``Metadata`` are
        left out as well.
    with_own
        Whether cfn-lint's own rules run too.
    """

    ignored: tuple[str, ...] = ()
    with_own: bool = False

    def matches_in(self, path: Path) -> list[Match]:
        """Return what is found in one template, by position.

        Raises
        ------
        CannotRunError, TemplateError
            The template cannot be read, or a configuration file of cfn-lint is wrong.
        """
        template = read_template(path)
        try:
            found = [match for match in self._found(template) if not match.rule.id.startswith(self.ignored)]
        except (CannotRunError, TemplateError):
            raise
        except Exception as error:  # cfn-lint's, of a template or a configuration file that it did not expect
            raise CannotRunError(f"cfn-lint cannot run on {path}: {type(error).__name__}: {error}.") from error
        return sorted(found, key=lambda match: (match.linenumber, match.columnnumber, match.rule.id))

    def formatted(self, matches: list[Match], paths: list[Path], layout: str) -> str:
        """Return findings in one of cfn-lint's formats.

        Raises
        ------
        CannotRunError
            The format needs an extra of cfn-lint that is not installed.
        """
        config = _config(*paths, format=layout)
        try:
            return str(get_formatter(config).print_matches(matches, self._rules(), config=config) or "")
        except ImportError as error:
            raise CannotRunError(f"The format {layout} needs an extra: pip install 'cfn-lint[{layout}]'.") from error

    def _found(self, template: Template) -> Iterator[Match]:
        config = _config(template.path)
        rules = self._rules()
        # With it, an error in a rule is found like anything else; cfn-lint would leave it out.
        rules.data.setdefault(RuleError.id, RuleError())
        written = list(run_template_by_file_path(str(template.path), config, rules, ignore_bad_template=False))
        _raise_if_failed(written)
        yield from written
        if self.with_own and template.is_sam:
            yield from _found_after_transform(template, config, written)

    def _rules(self) -> Rules:
        rules = Rules.create_from_module(PACK)
        if self.with_own:
            rules.update(_own_rules())
        return rules


def _own_rules() -> Rules:
    from cfnlint.config import _DEFAULT_RULESDIR

    return Rules.create_from_directory(_DEFAULT_RULESDIR)


def _config(*paths: Path, **settings: Any) -> ConfigMixIn:
    logging.getLogger("cfnlint").setLevel(logging.CRITICAL)
    return ConfigMixIn([argument for path in paths for argument in ("--template", str(path))], **settings)


def _raise_if_failed(matches: Iterable[Match]) -> None:
    failed = next((match for match in matches if match.rule.id == RuleError.id), None)
    if failed is not None:
        raise CannotRunError(f"A rule failed on {failed.filename}, which is a mistake in the rule: {failed.message}.")


def _found_after_transform(template: Template, config: ConfigMixIn, written: list[Match]) -> Iterator[Match]:
    """Yield what cfn-lint finds in what SAM makes of a template, and did not find in the template itself."""
    known = {(match.rule.id, match.message) for match in written}
    for match in run_template_by_data(dict(transformed(template).document), config, _own_rules()):
        if match.rule.id != _PACKAGED and (match.rule.id, match.message) not in known:
            yield _placed(match, template)


def _placed(match: Match, template: Template) -> Match:
    """Return a match with the place of the resource that SAM made the resource in question of."""
    path = list(getattr(match, "path", ()))
    made = str(path[1]) if path[:1] == ["Resources"] and len(path) > 1 else ""
    origin = max((name for name in template.resources if made.startswith(name)), key=len, default=None)
    mark = getattr(origin, "start_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    message = f"{match.message} (in {made}, which SAM makes)" if made and made != origin else match.message
    return Match.create(
        message, str(template.path), match.rule, linenumber=line, columnnumber=column, rulematch_obj=None
    )
