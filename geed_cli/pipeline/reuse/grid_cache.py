"""Grid phases kept between runs, since following a network's sampling grids takes longer than a run from the cache.

What a network's code does is told by its weights only for timm and torchvision, so nothing is kept for others.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version

from pydantic import TypeAdapter, ValidationError

from geed_cli import __version__
from geed_cli.cache.location import digest
from geed_cli.cache.store import RowStore
from geed_cli.engine.plan import GroupPlan, LayerPlan
from geed_cli.groups.group import FiniteGroup
from geed_cli.models.network import Network
from geed_cli.pipeline.describe import MEASURE_VERSION
from geed_cli.result.schema import GridPhase

Phases = tuple[GridPhase, ...]
PHASES = TypeAdapter(Phases)


def cached_phases(store: RowStore | None, key: bytes | None, make: Callable[[], Phases]) -> Phases:
    """The grid phases that an earlier run found, else those that ``make`` finds, which are then kept.

    Args:
        store: where they are kept; None keeps nothing.
        key: from ``phase_key``; None keeps nothing.
        make: follows the grids.
    """
    if store is None or key is None:
        return make()
    kept = store.fact(key)
    if kept is not None:
        try:
            return PHASES.validate_json(kept)
        except ValidationError:
            pass  # written by somebody else: made again
    found = make()
    store.keep_fact(key, PHASES.dump_json(found).decode())
    return found


def phase_key(network: Network, layers: Mapping[str, LayerPlan], groups: Sequence[GroupPlan]) -> bytes | None:
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
        "fact": "grid phases",
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
    return digest(fields)
