"""Grid phases kept between runs, since following a network's sampling grids takes longer than a run from the cache.

The memory is one small JSON file in the cache's folder (``json_memory``). Every entry carries a checksum. What a
network's code does is told by its weights only for timm and torchvision, so nothing is kept for others.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TypeGuard

from pydantic import TypeAdapter, ValidationError

from geed_cli import __version__
from geed_cli.cache.digest import digest
from geed_cli.cache.folder import GRID_PHASES
from geed_cli.engine.plan import GroupPlan, LayerPlan
from geed_cli.groups.group import FiniteGroup
from geed_cli.models.network import Network
from geed_cli.pipeline.describe import MEASURE_VERSION
from geed_cli.pipeline.json_memory import JsonMemory
from geed_cli.result.schema import GridPhase

FORMAT = "geed.grid-phases/1"
MAX_BYTES = 2**24
MOST = 500
"""Entries that are kept, the newest; a few hundred bytes for each broken layer and group."""
Phases = tuple[GridPhase, ...]
PHASES = TypeAdapter(Phases)
Kept = dict[str, str]
"""An entry: the phases as JSON, and the checksum over them and their key."""


def remembered(folder: Path | None, key: str | None, make: Callable[[], Phases]) -> Phases:
    """The grid phases that an earlier run found, else those that ``make`` finds, which are then kept.

    Args:
        folder: of the cache; None remembers nothing.
        key: from ``phase_key``; None remembers nothing.
        make: follows the grids.
    """
    if folder is None or key is None:
        return make()
    memory = JsonMemory(folder / GRID_PHASES, FORMAT, "kept", _sound, MAX_BYTES, MOST)
    found = _entry(key, memory.recall(key))
    if found is None:
        found = make()
        memory.keep(key, _kept(key, found))
    return found


def phase_key(network: Network, layers: Mapping[str, LayerPlan], groups: Sequence[GroupPlan]) -> str | None:
    """A hash over everything that grid phases depend on; None where that cannot be told.

    Args:
        network: its code is told by source, architecture, arguments and versions.
        layers: those that are measured, with the groups that act on them.
        groups: of the run.
    """
    if network.source not in {"timm", "torchvision"} or not all(
        isinstance(one.group, FiniteGroup) for one in groups
    ):
        return None
    fields = {
        "geed": f"{__version__} {MEASURE_VERSION}",
        "arch": f"{network.source} {network.arch}",
        "arguments": "" if network.spec is None else network.spec.model.model_dump_json(),
        "weights": network.weights.state_sha256,
        "input": repr(network.input),
        "layers": repr(
            [(name, layer.shape, sorted(layer.representations)) for name, layer in layers.items()]
        ),
        "groups": repr([(one.name, one.group.elements, one.views) for one in groups]),
        **{library: version(library) for library in ("torch", "timm", "torchvision")},
    }
    return digest(fields).hex()


def _kept(key: str, phases: Phases) -> Kept:
    text = PHASES.dump_json(phases).decode()
    return {"phases": text, "sum": _sum(key, text)}


def _entry(key: str, kept: Kept | None) -> Phases | None:
    """What was kept; None where it is not as it was written."""
    if kept is None or kept["sum"] != _sum(key, kept["phases"]):
        return None
    try:
        return PHASES.validate_json(kept["phases"])
    except ValidationError:
        return None


def _sum(key: str, text: str) -> str:
    return hashlib.sha256(f"{key} {text}".encode("utf-8", "backslashreplace")).hexdigest()


def _sound(entry: object) -> TypeGuard[Kept]:
    """Whether it is an entry's two texts."""
    return (
        isinstance(entry, dict)
        and entry.keys() == {"phases", "sum"}
        and all(isinstance(text, str) for text in entry.values())
    )
