"""``geed ls``: what there is to audit with: specs, groups, sets, metrics, models."""

from functools import partial
from typing import Annotated

import typer

from geed_cli.cli.audit_arguments import AuditArguments
from geed_cli.cli.command import takes_options
from geed_cli.cli.completion import offered
from geed_cli.cli.guard import guarded
from geed_cli.cli.panels import Debug

ls = typer.Typer(help="List specs, groups, sets, metrics or models.", no_args_is_help=True)

_pattern = partial(typer.Argument, help="Only names that hold this text or match this glob, such as 'c*'.")

Verbose = Annotated[
    bool,
    typer.Option(
        "--verbose", "-v", help="Show every element with its order and inverse, and the Cayley table."
    ),
]


@ls.command()
@guarded
def groups(
    pattern: Annotated[str | None, _pattern(autocompletion=offered.groups)] = None,
    verbose: Verbose = False,
    debug: Debug = False,
) -> None:
    """Groups: name, order, exact or resampled, elements; a product or a YAML file of generators, too."""
    del debug
    from geed_cli.cli.run.listing import GROUP_NOTES, group_table, show  # noqa: PLC0415 - rich only when it prints

    if verbose:
        from geed_cli.cli.run.listing import show_details  # noqa: PLC0415

        show_details(pattern)
    else:
        show(group_table(pattern), "", *GROUP_NOTES)


@ls.command()
@guarded
def sets(
    pattern: Annotated[str | None, _pattern(autocompletion=offered.set_families)] = None, debug: Debug = False
) -> None:
    """Transformation sets that are no group: how they are written, what their members do."""
    del debug
    from geed_cli.cli.run.listing import set_table, show  # noqa: PLC0415

    show(set_table(pattern))


@ls.command()
@guarded
def metrics(
    pattern: Annotated[str | None, _pattern(autocompletion=offered.metrics)] = None, debug: Debug = False
) -> None:
    """Metrics: name, unit, range, definition."""
    del debug
    from geed_cli.cli.run.listing import metric_table, show  # noqa: PLC0415

    show(metric_table(pattern))


@ls.command()
@guarded
@takes_options(only=("spec_dir",))
def specs(
    pattern: Annotated[str | None, _pattern(autocompletion=offered.spec_names)] = None,
    *,
    arguments: AuditArguments,
    debug: Debug = False,
) -> None:
    """Model specs: name, architecture, weights."""
    del debug
    from geed_cli.cli.run.listing import show, spec_table  # noqa: PLC0415

    show(spec_table(pattern, arguments.spec_dir))


@ls.command()
@guarded
def models(
    pattern: Annotated[str | None, _pattern(autocompletion=offered.listed_models)] = None,
    debug: Debug = False,
) -> None:
    """Names with pretrained weights that timm and torchvision know, one a line."""
    del debug
    from geed_cli.cli.completion.model_names import model_names  # noqa: PLC0415 - may import timm
    from geed_cli.cli.run.listing import matching  # noqa: PLC0415

    for name in matching("model", pattern, model_names().pretrained):
        typer.echo(name)
