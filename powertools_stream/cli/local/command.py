"""The command and its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["local"]


def local(
    templates: Annotated[
        list[Path] | None,
        typer.Argument(
            help="A template of SAM or CloudFormation, `cdk.out`, or a directory with one. Several run as one system, "
            "and are deployed in this order. Default: this directory.",
            metavar="[TEMPLATE]...",
            show_default=False,
        ),
    ] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option(
            "--parameter",
            "-p",
            metavar="NAME=VALUE",
            help="A parameter of the templates. May be repeated.",
        ),
    ] = None,
    send: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Send the events in this file, one per line. `-`: standard input."),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="RESOURCE",
            help="Where to: the logical id of a queue, stream, bus, topic, table or function, of several templates "
            "after the template's name: `shop.Orders`. "
            "Default: the only queue or stream that feeds a function.",
        ),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="End when all is quiet.")] = False,
    timeout: Annotated[float, typer.Option(min=0, metavar="SECONDS", help="How long `--once` waits at most.")] = 600.0,
    watch: Annotated[bool, typer.Option("--watch", help="Load the functions' code anew when it changes.")] = False,
    retry_delay: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=43_200,
            metavar="SECONDS",
            help="When a message of a queue comes again that failed. Default: after the queue's visibility timeout.",
        ),
    ] = None,
    endpoint_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="An emulator that runs already. Default: MiniStack is installed and started."),
    ] = None,
    region: Annotated[str, typer.Option(help="The region.")] = "us-east-1",
    log: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to write all that the functions log.")] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show all that the functions log, not only warnings and errors.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as one JSON document.")] = False,
) -> None:
    """Run a template on this machine, or several as one system.

    Resources are made in an emulator of AWS, event source mappings are polled as Lambda polls them, and each function
    runs under AWS's own runtime client, in a process for each concurrent invocation. Press Ctrl-C to stop.

    It exits with 1 if a record is nowhere, if something of a template cannot run, or if `--once` has waited too long.

    **Examples**

    - `powertools-stream local --watch`: the template in this directory, until Ctrl-C
    - `powertools-stream local --send events.jsonl --to Orders`: with these events
    - `powertools-stream local --send events.jsonl --once --retry-delay 0 --json`: for a script
    - `powertools-stream local event-hub control-service`: two templates, as one system
    - `powertools-stream local cdk.out -p Stage=test`: a CDK app, after `cdk synth`
    """
    from powertools_stream.cli.local.session import Options, run

    raise typer.Exit(
        run(
            Options(
                templates=templates or [Path(".")],
                parameters=parameter or [],
                send=send,
                to=to,
                once=once,
                timeout=timeout,
                watch=watch,
                retry_delay=retry_delay,
                endpoint_url=endpoint_url,
                region=region,
                log=log,
                verbose=verbose,
                as_json=as_json,
            )
        )
    )
