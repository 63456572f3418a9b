"""The names that an argument or option may have, for the shell to choose from.

Every function here is the ``autocompletion`` of parameters. One that has no names for a place leaves it to the shell,
which then offers files.
"""

from collections.abc import Callable
from pathlib import Path

import typer

from geed_cli.cli.completion.safe_names import beginning
from geed_cli.cli.completion.written_names import spec_files

UNLISTED = ("hf-hub:", "transformers:", "open_clip:", "local-dir:", "torchhub:")
"""How names of models begin of which there is no list."""
Names = Callable[[typer.Context, str], list[str]]


def one_of(*words: str) -> Names:
    """Words that a parameter takes beside whatever else."""

    def named(context: typer.Context, begun: str) -> list[str]:
        del context
        return beginning(words, begun)

    return named


def models(context: typer.Context, begun: str) -> list[str]:
    """Specs, then networks of timm and torchvision; of these nothing but how they begin where nothing is typed yet.

    Of other places how their names begin.

    Bare names are timm's architectures, with their weights from the dot on.
    """
    specs = spec_names(context, begun)
    if not begun:
        return [*specs, "timm:", "torchvision:", *UNLISTED]
    from geed_cli.cli.completion.model_names import model_names  # noqa: PLC0415 - importlib.metadata, json

    known = model_names().pretrained
    tagged = [name.removeprefix("timm:") for name in known if name.startswith("timm:")]
    bare = tagged if "." in begun else [name.partition(".")[0] for name in tagged]
    return beginning([*specs, *bare, *known, *(UNLISTED if ":" not in begun else ())], begun)


def subjects(context: typer.Context, begun: str) -> list[str]:
    """Models, unless a file or folder begins so: saved results are what is mostly compared."""
    path = Path(begun)
    folder, start = (path, "") if begun.endswith(("/", "\\")) else (path.parent, path.name)
    try:
        there = any(each.name.startswith(start) for each in folder.iterdir())
    except OSError:
        there = False
    return [] if there else models(context, begun)


def listed_models(context: typer.Context, begun: str) -> list[str]:
    """Networks as ``geed ls models`` lists them."""
    del context
    from geed_cli.cli.completion.model_names import model_names  # noqa: PLC0415

    return beginning(model_names().pretrained, begun) if begun else ["timm:", "torchvision:"]


def architectures(context: typer.Context, begun: str) -> list[str]:
    """What a checkpoint may be of: timm's names, and torchvision's behind ``torchvision:``."""
    del context
    from geed_cli.cli.completion.model_names import model_names  # noqa: PLC0415

    return beginning(model_names().architectures, begun)


def spec_names(context: typer.Context, begun: str) -> list[str]:
    """Bundled specs, and those of ``--spec-dir``."""
    return beginning((path.stem for path in spec_files(context)), begun)


def groups(context: typer.Context, begun: str) -> list[str]:
    """The groups of ``geed ls groups``; of all others those that begin with what is typed."""
    del context
    from geed_cli.groups.families import FAMILIES, USUAL_GROUPS  # noqa: PLC0415 - numpy

    every = (name for family in FAMILIES.values() for name in family.names)
    return beginning([*USUAL_GROUPS, *(every if begun else ())], begun)


def sets(context: typer.Context, begun: str) -> list[str]:
    """An example of every family of sets."""
    del context
    from geed_cli.sets.set_families import SET_FAMILIES  # noqa: PLC0415

    return beginning((family.example for family in SET_FAMILIES), begun)


def set_families(context: typer.Context, begun: str) -> list[str]:
    """The names of the families of sets."""
    del context
    from geed_cli.sets.set_families import SET_FAMILIES  # noqa: PLC0415

    return beginning((family.name for family in SET_FAMILIES), begun)


def metrics(context: typer.Context, begun: str) -> list[str]:
    """Measures, and in what compares the parts of normalised ones."""
    from geed_cli.measures.catalogue import BY_NAME, PARTS  # noqa: PLC0415 - numpy

    compares = context.info_name in ("compare", "track")
    return beginning([*BY_NAME, *(PARTS if compares else ())], begun)


def topics(context: typer.Context, begun: str) -> list[str]:
    """What ``geed explain`` explains; names of several words are left out."""
    del context
    from geed_cli.report.explain.topics import everything  # noqa: PLC0415

    return beginning((topic.name for topic in everything()), begun)
