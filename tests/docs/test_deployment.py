"""What the pages on deployment show is valid, and loses no events, in each of its three forms."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hcl2
import pytest

from powertools_stream.cli.check.linting import Linting

FOLDER = Path("docs/examples/deployment")
SOURCES = sorted(path.name for path in FOLDER.iterdir() if (path / "template.yaml").is_file())
# Event source mappings, and pipes.
POLLED = ["dynamodb", "kafka", "kinesis", "sqs", "sqs_fifo"]

# https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/lambda_event_source_mapping
MAPPING = {
    "amazon_managed_kafka_event_source_config": {"consumer_group_id"},
    "batch_size": None,
    "bisect_batch_on_function_error": None,
    "destination_config": {"on_failure"},
    "event_source_arn": None,
    "filter_criteria": {"filter"},
    "function_name": None,
    "function_response_types": None,
    "maximum_batching_window_in_seconds": None,
    "maximum_record_age_in_seconds": None,
    "maximum_retry_attempts": None,
    "parallelization_factor": None,
    "provisioned_poller_config": {"maximum_pollers", "minimum_pollers"},
    "scaling_config": {"maximum_concurrency"},
    "starting_position": None,
    "topics": None,
}


def test_there_is_an_example_for_each_source() -> None:
    assert sorted([*POLLED, "direct", "firehose", "pipes", "step_functions"]) == SOURCES
    assert all((FOLDER / source / name).is_file() for source in SOURCES for name in ("cdk_stack.py", "main.tf"))


@pytest.mark.slow
@pytest.mark.parametrize("source", SOURCES)
def test_the_template_for_sam_is_valid_and_loses_no_events(source: str) -> None:
    matches = Linting((), with_own=True).matches_in(FOLDER / source / "template.yaml")

    assert [f"{match.rule.id} {match.message}" for match in matches] == []


@pytest.mark.parametrize("source", SOURCES)
def test_the_terraform_names_only_what_it_declares(source: str) -> None:
    texts = [(FOLDER / name).read_text(encoding="utf-8") for name in ("function.tf", f"{source}/main.tf")]
    declared = {name for text in texts for name in declarations(hcl2.loads(text))}

    used = {match for text in texts for match in re.findall(r"\b(?:data\.)?aws_\w+\.\w+|var\.\w+", text)}

    assert used <= declared


@pytest.mark.parametrize("source", POLLED)
def test_the_mapping_in_terraform_takes_these_arguments(source: str) -> None:
    (mapping,) = blocks("aws_lambda_event_source_mapping", source)

    assert mapping.keys() <= MAPPING.keys()
    for name, inner in MAPPING.items():
        if inner and name in mapping:
            assert all(block.keys() <= inner for block in cleaned(mapping[name]))


@pytest.mark.parametrize("source", POLLED)
def test_each_form_reports_failures_and_gives_up_somewhere(source: str) -> None:
    sam, cdk, terraform = (text_of(source, name) for name in ("template.yaml", "cdk_stack.py", "main.tf"))

    assert "FunctionResponseTypes: [ReportBatchItemFailures]" in sam
    assert "report_batch_item_failures=True" in cdk
    assert re.search(r'function_response_types\s+= \["ReportBatchItemFailures"\]', terraform)
    for text in (sam, cdk, terraform):
        assert re.search(r"dead_?letter_?(target_?arn|queue)|on_?failure", text, re.IGNORECASE)


@pytest.mark.parametrize("source", SOURCES)
def test_the_forms_have_the_same_numbers(source: str) -> None:
    """Batch sizes, windows and attempts; times have units of their own in the CDK."""
    numbers = [
        set(re.findall(rf"{names}\W{{1,40}}?(\d+)", text_of(source, name), re.IGNORECASE))
        for name, names in (
            ("template.yaml", r"\b(?:BatchSize|MaximumRetryAttempts|maxReceiveCount|MaximumConcurrency)"),
            (
                "cdk_stack.py",
                r"\b(?:batch_size|retry_attempts|maximum_retry_attempts|max_receive_count|max_concurrency)",
            ),
            ("main.tf", r"\b(?:batch_size|maximum_retry_attempts|maxReceiveCount|maximum_concurrency)"),
        )
    ]

    assert numbers[0] == numbers[1] == numbers[2]


@pytest.mark.parametrize("source", ["sqs", "sqs_fifo"])
def test_a_queue_waits_six_times_as_long_as_the_function(source: str) -> None:
    terraform = text_of(source, "main.tf") + (FOLDER / "function.tf").read_text(encoding="utf-8")

    (visibility,) = re.findall(r"visibility_timeout_seconds\s+= (\d+)", terraform)
    (timeout,) = re.findall(r"^  timeout\s+= (\d+)", terraform, re.MULTILINE)
    assert int(visibility) >= 6 * int(timeout)


@pytest.mark.parametrize("source", SOURCES)
def test_the_stack_of_the_cdk_compiles(source: str) -> None:
    compile(text_of(source, "cdk_stack.py"), "cdk_stack.py", "exec")


@pytest.mark.slow
def test_the_stacks_of_the_cdk_lose_no_events(tmp_path: Path) -> None:
    pytest.importorskip("aws_cdk", reason="It takes 460 MB, and Node.js.")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "listener.py").touch()
    shutil.copy("docs/examples/sources/backfill.asl.json", tmp_path)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(["", *sys.path, str(Path.cwd())])}

    # The CDK finds assets from where its process was started.
    for command in (["-c", APP.format(sources=SOURCES)], ["-m", "powertools_stream", "check", "cdk.out"]):
        done = subprocess.run(
            [sys.executable, *command], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=150
        )
        assert done.returncode == 0, done.stdout + done.stderr


APP = """
from importlib import import_module
import aws_cdk
cluster = "arn:aws:kafka:eu-central-1:123456789012:cluster/shop/5c1a"
app = aws_cdk.App(outdir="cdk.out", context={{"cluster_arn": cluster}})
for source in {sources}:
    module = import_module(f"docs.examples.deployment.{{source}}.cdk_stack")
    module.Orders(app, source.replace("_", "-"))
app.synth()
"""


def text_of(source: str, name: str) -> str:
    return (FOLDER / source / name).read_text(encoding="utf-8")


def blocks(kind: str, source: str) -> list[dict[str, Any]]:
    resources = cleaned(hcl2.loads(text_of(source, "main.tf"))["resource"])
    return [body for resource in resources for body in cleaned(list(resource.get(kind, {}).values()))]


def declarations(parsed: dict[str, Any]) -> Iterator[str]:
    for prefix, kind in (("", "resource"), ("data.", "data")):
        for resource in cleaned(parsed.get(kind, [])):
            yield from (f"{prefix}{type_}.{name}" for type_, named in resource.items() for name in cleaned([named])[0])
    yield from (f"var.{name}" for variable in cleaned(parsed.get("variable", [])) for name in variable)


def cleaned(parsed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return blocks without what python-hcl2 adds, whose versions differ in the quotes around names."""
    return [{name.strip('"'): value for name, value in block.items() if not name.startswith("__")} for block in parsed]
