"""Grid phases kept between runs, since following a network's sampling grids takes longer than a run from the cache.

The memory is one small JSON file in the cache's folder, which is never needed: what is missing, damaged or another
program's is made again. Every entry carries a checksum. What a network's code does is told by its weights only for
timm and torchvision, so nothing is kept for others.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from geed_cli import __version__
from geed_cli.algebra.group import FiniteGroup
from geed_cli.cache.digest import digest
from geed_cli.cache.folder import GRID_PHASES
from geed_cli.engine.plan import GroupPlan, LayerPlan
from geed_cli.errors import RunError
from geed_cli.models.network import Network
from geed_cli.pipeline.describe import MEASURE_VERSION
from geed_cli.result.file import write_atomically
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
    path = folder / GRID_PHASES
    known = _read(path)
    found = _entry(key, known.get(key))
    if found is None:
        found = make()
        _write(path, {name: value for name, value in known.items() if name != key} | {key: _kept(key, found)})
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


def _read(path: Path) -> dict[str, Kept]:
    """All entries that look like one; none where the file is missing, damaged or another program's."""
    try:
        if not path.is_file() or path.stat().st_size > MAX_BYTES:
            return {}
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    kept = found.get("kept") if isinstance(found, dict) and found.get("format") == FORMAT else None
    return {key: entry for key, entry in kept.items() if _sound(entry)} if isinstance(kept, dict) else {}


def _sound(entry: object) -> bool:
    """Whether it is two texts: what else somebody put there, however deep, is never written back."""
    return (
        isinstance(entry, dict)
        and entry.keys() == {"phases", "sum"}
        and all(isinstance(text, str) for text in entry.values())
    )


def _write(path: Path, entries: Mapping[str, Kept]) -> None:
    content = json.dumps({"format": FORMAT, "kept": dict(list(entries.items())[-MOST:])}, indent=1) + "\n"
    with suppress(OSError, RunError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(content, path)
