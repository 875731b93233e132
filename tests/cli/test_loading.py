from __future__ import annotations

import sys
from pathlib import Path

from powertools_stream.cli import init
from powertools_stream.cli.loading import load_functions
from powertools_stream.cli.needs.code import read_functions

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: python3.13}}
Resources:
  First: {Type: AWS::Serverless::Function, Properties: {CodeUri: a, Handler: handlers.first}}
  Second: {Type: AWS::Serverless::Function, Properties: {CodeUri: a, Handler: handlers.second}}
  Plain: {Type: AWS::Serverless::Function, Properties: {CodeUri: a, Handler: handlers.plain}}
  Other: {Type: AWS::Serverless::Function, Properties: {CodeUri: b, Handler: handlers.handler}}
"""

MODULE = """\
from powertools_stream import RuleRegistry, stream_processor
from powertools_stream.flavors import task

def made(name):
    rules = RuleRegistry()
    rules.add(id=name, flavor=task, event_type="a", emit=emit)
    return stream_processor(rules=rules)(lambda event, context: None)

def emit(uow, template):
    from kinds import KIND
    return {**template, "type": KIND}

"""


def test_functions_are_loaded_by_their_handlers_and_read_in_their_own_place(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    for folder, handlers in (("a", ("first", "second")), ("b", ("handler",))):
        (tmp_path / folder).mkdir()
        made = "".join(f"{name} = made({name!r})\n" for name in handlers)
        (tmp_path / folder / "handlers.py").write_text(MODULE + made + "def plain(event, context): ...\n")
        (tmp_path / folder / "kinds.py").write_text(f"KIND = 'of-{folder}'\n")

    functions = load_functions(str(tmp_path))

    assert {each.name: [rule.id for part in each.parts for rule in part.registry] for each in functions} == {
        "First": ["first"],
        "Second": ["second"],
        # What it calls by itself is not known, so that it may be any of its module.
        "Plain": ["first", "second"],
        "Other": ["handler"],
    }
    assert "handlers" not in sys.modules
    for function in functions:
        with function.in_place():
            rules = [rule for part in function.parts for rule in part.registry]
            types = [name.text for rule in rules for name in read_functions(rule["emit"], rule=rule).types]
        assert set(types) == {"of-b" if function.name == "Other" else "of-a"}
    assert not {"handlers", "kinds"} & set(sys.modules)


def test_the_projects_of_init_have_each_their_own_modules() -> None:
    projects = Path(init.__file__).parent / "projects"

    control, rest = (_rules(projects / name) for name in ("control-service", "rest-bff-service"))

    assert {"collect_paid", "correlate_orders"} <= control
    assert {"fulfil", "order_paid"} <= rest
    assert not control & rest


def _rules(template: Path) -> set[str]:
    return {rule.id for loaded in load_functions(str(template)) for part in loaded.parts for rule in part.registry}
