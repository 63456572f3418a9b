"""``geed check``: judge saved results by a policy, for continuous integration."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from geed_cli.cli.guard import guarded
from geed_cli.cli.options import OUTPUT, Debug

Results = Annotated[
    list[Path],
    typer.Argument(metavar="RESULT", help="Results saved by 'geed audit --json'.", show_default=False),
]
PolicyPath = Annotated[Path, typer.Option(metavar="FILE", help="The policy (YAML); see docs/gate.md.")]
Baseline = Annotated[
    Path | None,
    typer.Option(metavar="RESULT", help="Saved result that limits on changes are measured from."),
]
Undecided = Annotated[
    Literal["fail", "pass"],
    typer.Option(help="Whether a rule that the images cannot decide fails the gate."),
]
Outputs = Annotated[
    list[Path] | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Also write the report: .junit.xml, .md, .json, or .yaml for model card metadata; repeatable.",
        rich_help_panel=OUTPUT,
    ),
]
OutputFormat = Annotated[
    Literal["text", "github"],
    typer.Option(help="'github' adds annotations to the table.", rich_help_panel=OUTPUT),
]


@guarded
def check(
    results: Results,
    *,
    policy: PolicyPath,
    baseline: Baseline = None,
    on_undecided: Undecided = "fail",
    output: Outputs = None,
    output_format: OutputFormat = "text",
    debug: Debug = False,
) -> None:
    """Judge saved results by a policy: pass, fail, or undecided, with error rates that hold for all of it.

    Exit codes: 0 every rule passed; 1 a rule at level error failed or is undecided; 2 bad input, or a rule that could
    not be tested; 3 could not run.

    Example: geed check result.json --policy geed-policy.yaml --baseline last-release.json -o report.junit.xml
    """
    del debug  # read by the guard
    from geed_cli.cli.run_check import CheckRequest, run_check  # noqa: PLC0415 - --help stays light

    request = CheckRequest(tuple(results), policy, baseline, on_undecided, tuple(output or ()), output_format)
    raise typer.Exit(run_check(request))
