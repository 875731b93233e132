"""Each project as a person gets it: it passes its own tests, and every check of ours."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import powertools_stream
from powertools_stream.cli.init.templates import described_templates, template_named
from tests.cli.conftest import ROOT, Command

pytestmark = pytest.mark.skipif(
    sys.version_info < (3, 11), reason="The projects are written for the Python of their functions, 3.13."
)

PROJECTS = [template_named(name) for name in described_templates()]
each_project = pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project.name)


@pytest.mark.slow
@each_project
def test_a_copy_passes_its_own_tests(command: Command, project: Path, tmp_path: Path) -> None:
    command("init", project.name, "copy")

    if (tmp_path / "copy" / "tests").exists():
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
            cwd=tmp_path / "copy",
            env=environment(),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout


@pytest.mark.slow
@each_project
def test_check_and_cfn_lint_find_nothing(command: Command, project: Path) -> None:
    done = command("check", "--all", str(project))

    assert (done.status, done.errors) == (0, ""), done.output


@pytest.mark.slow
@each_project
def test_its_functions_may_do_what_they_need_and_no_more(command: Command, project: Path) -> None:
    for module in stream_processors(project):
        done = command("policy", module.name, "--check", "../template.yaml", cwd=module.parent)

        assert done.output.endswith(" is granted what its rules need, and no more.\n"), done.output
        assert (done.status, done.errors) == (0, "")


@each_project
def test_it_is_complete(project: Path) -> None:
    assert 0 < len(described_templates()[project.name]) < 60, "It is one line of `init --list`, in 80 columns."
    for name in ("README.md", "samconfig.toml", ".gitignore"):
        assert (project / name).is_file(), name
    assert "\n$ powertools-stream local" in (project / "README.md").read_text()
    assert f'stack_name = "{project.name}"\n' in (project / "samconfig.toml").read_text()
    assert {path.read_text() for path in project.glob("alarms.yaml")} <= {ALARMS.read_text()}


@each_project
def test_a_first_deployment_that_fails_leaves_nothing_behind(project: Path) -> None:
    assert "DeletionPolicy: Retain\n" not in (project / "template.yaml").read_text()


@each_project
def test_metrics_and_alarms_of_two_stages_are_not_mixed(project: Path) -> None:
    text = (project / "template.yaml").read_text()
    namespaces = re.findall(r"^ +(?:Namespace|POWERTOOLS_METRICS_NAMESPACE): (?!AWS/)(.*)$", text, re.MULTILINE)

    assert set(namespaces) <= {"!Ref AWS::StackName"}


# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html
def test_what_a_dashboard_searches_has_its_namespace_in_quotes() -> None:
    texts = [(project / "template.yaml").read_text() for project in PROJECTS]

    assert [one for text in texts for one in re.findall(r"SEARCH\('\{([^,]*),", text)] == [r"\"${AWS::StackName}\""]


@each_project
def test_it_wants_a_version_of_the_library_that_this_one_is(project: Path) -> None:
    for path in project.glob("src/requirements.txt"):
        (line,) = (line for line in path.read_text().splitlines() if line.startswith("powertools-stream"))

        assert Requirement(line).specifier.contains(powertools_stream.__version__, prereleases=True)


ALARMS = ROOT / "docs" / "operations" / "alarms.yaml"


def stream_processors(project: Path) -> list[Path]:
    handlers = re.findall(r"Handler: (\w+)\.handler", (project / "template.yaml").read_text())
    modules = [project / "src" / f"{module}.py" for module in handlers]
    return [module for module in modules if "@stream_processor" in module.read_text()]


def environment() -> dict[str, str]:
    """Return that of a person who has the library: nothing of these tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "POWERTOOLS_", "PYTEST"))}
    return {**kept, "PYTHONPATH": str(ROOT)}
