"""``vizsla doctor``: what was found on this machine, and what to mend."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from vizsla.cli.json_output import dump
from vizsla.cli.opening import open_resources


def doctor(
    path: Annotated[
        Path | None, typer.Argument(metavar="FOLDER", help="A workspace to look at as well.", readable=False)
    ] = None,
    device: Annotated[
        str | None, typer.Option("--device", metavar="DEVICE", help="Try this device: auto, cpu, cuda or mps.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """Say what device, speed, cache, limits and models there are, and what to mend. Status 1 if anything."""
    from vizsla.services.diagnosis import diagnose
    from vizsla.services.discovery import check_root

    root = check_root(path.expanduser()) if path is not None else None
    with open_resources(root, device=device) as resources:
        findings = []
        for finding in diagnose(resources, root):
            findings.append(finding)
            if not json:
                typer.echo(f"{'ok ' if finding.is_good else 'BAD'} {finding.name:<10} {finding.detail}")
                if finding.remedy:
                    typer.echo(f"    {'':<10} {finding.remedy}")
    if json:
        print(dump([asdict(finding) for finding in findings], indent=2))
    return 0 if all(finding.is_good for finding in findings) else 1
