"""Names in sentences: a few of many, and measures with the layers that a sentence is about."""

from collections.abc import Sequence

from geed_cli.result.schema import Entry


def some(names: Sequence[str]) -> str:
    """The first few names, and how many more."""
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def named(entries: Sequence[Entry]) -> str:
    """The measures, each layerwise one with its layers."""
    layers: dict[str, list[str]] = {}
    for entry in entries:
        layers.setdefault(entry.metric, []).extend([entry.layer] if entry.layer is not None else [])
    return "; ".join(f"{metric} at {some(at)}" if at else metric for metric, at in layers.items())
