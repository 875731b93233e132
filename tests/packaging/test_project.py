"""What an index shows of the project is complete, and true."""

from __future__ import annotations

import re
import zipfile
from importlib.metadata import Distribution, distributions
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from packaging.requirements import Requirement
from trove_classifiers import classifiers

WORKFLOWS = Path(".github/workflows")
PYTHONS = ["3.10", "3.11", "3.12", "3.13", "3.14"]


@pytest.fixture(scope="module")
def project(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Distribution:
    folder = tmp_path_factory.mktemp("installed")
    zipfile.ZipFile(wheel).extractall(folder)
    (found,) = distributions(path=[str(folder)])
    return found


def all_of(project: Distribution, name: str) -> list[str]:
    return project.metadata.get_all(name) or []


def test_its_addresses_are_those_of_one_repository(project: Distribution) -> None:
    addresses = dict(line.split(", ") for line in all_of(project, "Project-URL"))

    assert addresses.keys() == {"Documentation", "Source", "Changelog", "Issues"}
    assert all(address.startswith(addresses["Source"]) for address in addresses.values())


def test_its_classifiers_exist_and_name_the_tested_pythons(project: Distribution) -> None:
    named = all_of(project, "Classifier")

    assert set(named) <= classifiers
    assert re.findall(r"Python :: (3\.\d+)$", "\n".join(named), re.MULTILINE) == PYTHONS
    assert project.metadata["Requires-Python"] == f">={PYTHONS[0]}"
    assert "## A handler" in (project.metadata.get_payload() or "")  # type: ignore[attr-defined]  # a Message


def test_the_page_of_versions_tells_what_a_function_needs(project: Distribution) -> None:
    page = Path("docs/versions.md").read_text(encoding="utf-8")
    required = [Requirement(line) for line in project.requires or () if "extra ==" not in line]

    told = re.findall(r"^\| `([\w-]+)` \| `(>=[\d.]+)` \|", page, re.MULTILINE)
    assert told == [(one.name, str(one.specifier)) for one in required]
    assert f"Python {PYTHONS[0]} to {PYTHONS[-1]} are supported" in page


def test_the_page_of_installation_tells_all_extras_for_users(project: Distribution) -> None:
    page = Path("docs/installation.md").read_text(encoding="utf-8")
    table = page.partition("| extra |")[2].partition("\n\n")[0]
    extras = {*all_of(project, "Provides-Extra")} - {"demo", "dev", "bench", "release"}

    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == extras


def test_the_lowest_versions_are_those_of_all_extras_for_users(project: Distribution) -> None:
    script = Path(".ci/lowest.py").read_text(encoding="utf-8")

    extras = {*all_of(project, "Provides-Extra")} - {"demo", "dev", "bench", "release"}
    assert set(re.findall(r'"(\w+)"', script.partition("EXTRAS = [")[2].partition("]")[0])) == extras


def test_the_source_distribution_holds_every_file_of_the_repository(
    sdist: Path, release: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not Path(".git").exists():
        pytest.skip("What the repository holds is known in a clone only.")
    release.check_complete(sdist)

    monkeypatch.setattr(release, "tracked", lambda: ["README.md", "tests/left_out.py"])
    with pytest.raises(SystemExit, match=r"missing: \['tests/left_out.py'\]"):
        release.check_complete(sdist)


def test_the_matrix_of_ci_has_the_pythons_that_are_named() -> None:
    jobs = yaml.safe_load((WORKFLOWS / "ci.yml").read_text())["jobs"]

    assert jobs["test"]["strategy"]["matrix"]["python"] == PYTHONS
    assert {"run": ".ci/run"} in jobs["test"]["steps"]


@pytest.mark.parametrize("workflow", ["ci.yml", "release.yml"])
def test_each_job_of_a_workflow_says_what_it_may_do_and_runs_only_what_exists(workflow: str) -> None:
    text = (WORKFLOWS / workflow).read_text()
    targets = set(re.findall(r"make ([\w-]+)", text))

    assert yaml.safe_load(text)["permissions"] == {}
    assert all("permissions" in job for job in yaml.safe_load(text)["jobs"].values())
    assert all(re.search(r"@v\d", action) for action in re.findall(r"uses: (\S+)", text))
    assert targets <= set(re.findall(r"^([\w-]+):", Path("Makefile").read_text(), re.MULTILINE))
    assert "secrets." not in text


def test_only_the_job_that_publishes_is_trusted_by_the_index() -> None:
    jobs = yaml.safe_load((WORKFLOWS / "release.yml").read_text())["jobs"]

    assert [name for name, job in jobs.items() if job.get("environment")] == ["publish"]
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert (jobs["attest"]["needs"], jobs["publish"]["needs"]) == ("build", "attest")
