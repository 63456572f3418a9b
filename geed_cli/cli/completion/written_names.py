"""The layers and groups of saved results, report pages and specs that stand on the line already.

Whatever is wrong with a file is found when the command runs; here it has no names.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from geed_cli.choices import PAGE_SUFFIXES
from geed_cli.cli.completion.safe_names import beginning

LARGEST_FILE = 100_000_000
"""Bytes of a saved result that are read to learn its names."""
FILES = ("subjects", "checkpoints", "result", "results", "baseline")
"""Parameters that name saved results."""


def layers(context: typer.Context, begun: str) -> list[str]:
    """Layers of the results and specs on the line; no network is built for them."""
    found = [name for path in _saved(context) for name in _values(path, "layer")]
    model = str(context.params.get("model"))
    known = {path.stem: path for path in spec_files(context)}
    for name in (model, *_typed(context)):
        spec = Path(name) if name.endswith((".yaml", ".yml")) else known.get(name)
        found += _layers_of_spec(spec) if spec is not None else ()
    return beginning(found, begun)


def groups_of_results(context: typer.Context, begun: str) -> list[str]:
    """Groups of the results on the line."""
    return beginning((name for path in _saved(context) for name in _values(path, "group")), begun)


def spec_files(context: typer.Context) -> Iterator[Path]:
    """The files of specs; those in the user's folder come first."""
    package = Path(__file__).resolve().parents[2]
    named = context.params.get("spec_dir")
    for folder in filter(None, (named, package / "model_specs", package.parent / "model_specs")):
        yield from sorted(path for path in Path(folder).glob("*") if path.suffix in (".yaml", ".yml"))


def _typed(context: typer.Context) -> Iterator[str]:
    """The words of the parameters that name results."""
    for value in map(context.params.get, FILES):
        yield from map(str, value if isinstance(value, list | tuple) else [value])


def _saved(context: typer.Context) -> Iterator[Path]:
    """The results and pages on the line, ``LABEL=FILE`` among them."""
    for word in _typed(context):
        name = word if Path(word).exists() else word.rpartition("=")[2]
        if name.endswith((".json", *PAGE_SUFFIXES)):
            yield Path(name)


def _values(path: Path, key: str) -> list[str]:
    """The text that any entry of a saved result, comparison or track has there."""
    found: list[str] = []

    def note(part: dict[str, Any]) -> dict[str, Any]:
        value = part.get(key)
        found.extend([value] if isinstance(value, str) else [])
        return {}

    try:
        for text in _texts(path) if path.stat().st_size <= LARGEST_FILE else ():
            json.loads(text, object_hook=note)
    except (OSError, ValueError, RecursionError):
        return []
    return found


def _texts(path: Path) -> list[str]:
    """The JSON of a file, or of all the results in a page."""
    if not path.name.endswith(PAGE_SUFFIXES):
        return [path.read_text(encoding="utf-8")]
    from geed_cli.errors import GeedError  # noqa: PLC0415
    from geed_cli.result.embedded import page_texts  # noqa: PLC0415 - pydantic

    try:
        return list(page_texts(path).values())
    except GeedError:
        return []


def _layers_of_spec(path: Path) -> list[str]:
    from geed_cli.documents.strict_yaml import read_yaml  # noqa: PLC0415
    from geed_cli.errors import GeedError  # noqa: PLC0415

    try:
        content = read_yaml(path).data
    except (GeedError, OSError):
        return []
    listed = content.get("layers") if isinstance(content, dict) else None
    return [layer for layer in listed if isinstance(layer, str)] if isinstance(listed, list) else []
