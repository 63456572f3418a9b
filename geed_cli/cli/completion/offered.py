"""The names that an argument or option may have, for the shell to choose from.

Every function here is the ``autocompletion`` of parameters. One that has no names for a place leaves it to the shell,
which then offers files. Whatever is wrong with a file is found when the command runs; here it has no names.

Shells evaluate what they are told, and names of layers come from files of strangers: a name with any sign that means
something to a shell is not offered.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import typer

SAFE = re.compile(r"[A-Za-z0-9_.:,/@+=-]+")
"""Names without blanks, quotes and whatever else a shell may take for a command, a pattern or a variable."""
LARGEST_FILE = 100_000_000
"""Bytes of a saved result that are read to learn its layers."""
FILES = ("subjects", "checkpoints", "result", "results", "baseline")
"""Parameters that name saved results."""

Names = Callable[[typer.Context, str], list[str]]


def _beginning(names: Iterable[str], begun: str) -> list[str]:
    """Those that begin so and that any shell may be told, once each."""
    return [name for name in dict.fromkeys(names) if name.startswith(begun) and SAFE.fullmatch(name)]


def one_of(*words: str) -> Names:
    """Words that a parameter takes beside whatever else."""

    def named(context: typer.Context, begun: str) -> list[str]:
        del context
        return _beginning(words, begun)

    return named


def models(context: typer.Context, begun: str) -> list[str]:
    """Specs, then networks of timm and torchvision; of these nothing but how they begin where nothing is typed yet.

    Bare names are timm's architectures, with their weights from the dot on.
    """
    specs = spec_names(context, begun)
    if not begun:
        return [*specs, "timm:", "torchvision:"]
    from geed_cli.cli.completion.model_names import model_names  # noqa: PLC0415 - importlib.metadata, json

    known = model_names().pretrained
    tagged = [name.removeprefix("timm:") for name in known if name.startswith("timm:")]
    bare = tagged if "." in begun else [name.partition(".")[0] for name in tagged]
    return _beginning([*specs, *bare, *known], begun)


def subjects(context: typer.Context, begun: str) -> list[str]:
    """Models, unless a file or folder begins so: saved results are what is mostly compared."""
    path = Path(begun)
    folder, start = (path, "") if begun.endswith("/") else (path.parent, path.name)
    try:
        there = any(each.name.startswith(start) for each in folder.iterdir())
    except OSError:
        there = False
    return [] if there else models(context, begun)


def listed_models(context: typer.Context, begun: str) -> list[str]:
    """Networks as ``geed ls models`` lists them."""
    del context
    from geed_cli.cli.completion.model_names import model_names  # noqa: PLC0415

    return _beginning(model_names().pretrained, begun) if begun else ["timm:", "torchvision:"]


def architectures(context: typer.Context, begun: str) -> list[str]:
    """What a checkpoint may be of: timm's names, and torchvision's behind ``torchvision:``."""
    del context
    from geed_cli.cli.completion.model_names import model_names  # noqa: PLC0415

    return _beginning(model_names().architectures, begun)


def spec_names(context: typer.Context, begun: str) -> list[str]:
    """Bundled specs, and those of ``--spec-dir``."""
    return _beginning((path.stem for path in _specs(context)), begun)


def groups(context: typer.Context, begun: str) -> list[str]:
    """The groups of ``geed ls groups``; of all others those that begin with what is typed."""
    del context
    from geed_cli.groups.families import FAMILIES, USUAL_GROUPS  # noqa: PLC0415 - numpy

    every = (name for family in FAMILIES.values() for name in family.names)
    return _beginning([*USUAL_GROUPS, *(every if begun else ())], begun)


def sets(context: typer.Context, begun: str) -> list[str]:
    """An example of every family of sets."""
    del context
    from geed_cli.sets.set_families import SET_FAMILIES  # noqa: PLC0415

    return _beginning((family.example for family in SET_FAMILIES), begun)


def set_families(context: typer.Context, begun: str) -> list[str]:
    """The names of the families of sets."""
    del context
    from geed_cli.sets.set_families import SET_FAMILIES  # noqa: PLC0415

    return _beginning((family.name for family in SET_FAMILIES), begun)


def metrics(context: typer.Context, begun: str) -> list[str]:
    """Measures, and in what compares the parts of normalised ones."""
    from geed_cli.measures.catalogue import BY_NAME, PARTS  # noqa: PLC0415 - numpy

    compares = context.info_name in ("compare", "track")
    return _beginning([*BY_NAME, *(PARTS if compares else ())], begun)


def topics(context: typer.Context, begun: str) -> list[str]:
    """What ``geed explain`` explains; names of several words are left out."""
    del context
    from geed_cli.report.explain.topics import everything  # noqa: PLC0415

    return _beginning((topic.name for topic in everything()), begun)


def layers(context: typer.Context, begun: str) -> list[str]:
    """Layers of the saved results and specs that stand on the line already; no network is built for them."""
    typed = [context.params.get(name) for name in FILES]
    named = [str(each) for value in typed for each in (value if isinstance(value, list | tuple) else [value])]
    results = [Path(name) for name in named if name.endswith(".json")]
    found = [layer for path in results for layer in _layers_of_result(path)]
    model = str(context.params.get("model"))
    known = {path.stem: path for path in _specs(context)}
    for name in (model, *named):
        spec = Path(name) if name.endswith((".yaml", ".yml")) else known.get(name)
        found += _layers_of_spec(spec) if spec is not None else ()
    return _beginning(found, begun)


def _specs(context: typer.Context) -> Iterator[Path]:
    """The files of specs; those in the user's folder come first."""
    package = Path(__file__).resolve().parents[2]
    named = context.params.get("spec_dir")
    for folder in filter(None, (named, package / "model_specs", package.parent / "model_specs")):
        yield from sorted(path for path in Path(folder).glob("*") if path.suffix in (".yaml", ".yml"))


def _layers_of_result(path: Path) -> list[str]:
    """The layers that any entry of a saved result, comparison or track has."""
    found: list[str] = []

    def note(part: dict[str, Any]) -> dict[str, Any]:
        layer = part.get("layer")
        found.extend([layer] if isinstance(layer, str) else [])
        return {}

    try:
        if path.stat().st_size <= LARGEST_FILE:
            json.loads(path.read_text(encoding="utf-8"), object_hook=note)
    except (OSError, ValueError, RecursionError):
        return []
    return found


def _layers_of_spec(path: Path) -> list[str]:
    from geed_cli.documents.strict_yaml import read_yaml  # noqa: PLC0415
    from geed_cli.errors import GeedError  # noqa: PLC0415

    try:
        content = read_yaml(path).data
    except (GeedError, OSError):
        return []
    listed = content.get("layers") if isinstance(content, dict) else None
    return [layer for layer in listed if isinstance(layer, str)] if isinstance(listed, list) else []
