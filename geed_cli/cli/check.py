"""``geed check``: judge saved results by a policy, for continuous integration."""

from pathlib import Path
from typing import Annotated

import typer

from geed_cli.choices import GateFormat, OnUndecided
from geed_cli.cli.completion import offered
from geed_cli.cli.guard import guarded
from geed_cli.cli.panels import OUTPUT, Debug, Linear, Quiet, Verbose, parted, view_of

Results = Annotated[
    list[Path],
    typer.Argument(
        metavar="RESULT", help="Results saved by 'geed audit --json', or TRACK.json@last: a step of a track."
    ),
]
PolicyPath = Annotated[Path, typer.Option(metavar="FILE", help="The policy (YAML); see geed explain policy.")]
Baseline = Annotated[
    Path | None,
    typer.Option(metavar="RESULT", help="Saved result from which changes are measured."),
]
Cluster = Annotated[
    str | None,
    typer.Option(
        metavar="folder|REGEX|FILE.csv",
        autocompletion=offered.one_of("folder"),
        help="Images that belong together, as for 'geed audit'. Default: the clusters that the results have.",
    ),
]
Undecided = Annotated[
    OnUndecided,
    typer.Option(help="Whether the gate fails if the images cannot decide a rule."),
]
Outputs = Annotated[
    list[Path] | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Also write the report: .junit.xml, .md, .json, .yaml for model card metadata, or .html for a page with "
        "figures; repeatable.",
        rich_help_panel=OUTPUT,
    ),
]
OutputFormat = Annotated[
    GateFormat,
    typer.Option(help="'github' adds annotations to the table.", rich_help_panel=OUTPUT),
]


@guarded
def check(  # noqa: PLR0913 - every parameter but one is an option of the command
    results: Results,
    *,
    policy: PolicyPath,
    baseline: Baseline = None,
    cluster: Cluster = None,
    on_undecided: Undecided = "fail",
    output: Outputs = None,
    output_format: OutputFormat = "text",
    verbose: Verbose = False,
    quiet: Quiet = False,
    linear: Linear = False,
    debug: Debug = False,
) -> None:
    """Judge saved results by a policy: pass, fail, or undecided, with error rates that hold for all of it.

    Exit codes: 0 every rule passed; 1 a rule at level error failed or is undecided; 2 bad input, or a rule that could
    not be tested; 3 could not run.

    Example: geed check result.json --policy geed-policy.yaml --baseline last-release.json -o report.junit.xml
    """
    del debug  # read by the guard
    from geed_cli.cli.run.checking import CheckRequest, run_check  # noqa: PLC0415 - --help stays light

    view = view_of(verbose=verbose, quiet=quiet, linear=linear)
    outputs, pages = parted(output)
    request = CheckRequest(
        tuple(results), policy, baseline, on_undecided, outputs, output_format, view, cluster, pages
    )
    raise typer.Exit(run_check(request))
