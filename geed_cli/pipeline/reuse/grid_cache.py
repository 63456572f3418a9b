"""Grid findings kept between runs, since following a network's sampling grids takes longer than a run from the cache.

What a network's code does is told by its weights only for timm and torchvision, so nothing is kept for others.
"""

from collections.abc import Callable, Mapping, Sequence

from pydantic import TypeAdapter, ValidationError

from geed_cli import __version__
from geed_cli.cache.location import digest
from geed_cli.cache.store import RowStore
from geed_cli.engine.plan import GroupPlan, LayerPlan
from geed_cli.groups.group import FiniteGroup
from geed_cli.models.network import Network
from geed_cli.pipeline.describe import MEASURE_VERSION
from geed_cli.pipeline.reuse.row_cache import code_of, told_apart
from geed_cli.result.schema import GridPhase
from geed_cli.runtime.versions import version

Findings = tuple[GridPhase, ...]
FINDINGS = TypeAdapter(Findings)
MOST_REMEMBERED = 256
"""Findings that a process remembers, a few kilobytes each; the oldest go first."""
_remembered: dict[bytes, Findings] = {}


def found_once(store: RowStore | None, key: bytes | None, make: Callable[[], Findings]) -> Findings:
    """What ``cached_findings`` gives, remembered by this process: a network audited twice is followed once."""
    if key is None:
        return make()
    if key not in _remembered:
        _remembered[key] = cached_findings(store, key, make)
        if len(_remembered) > MOST_REMEMBERED:
            del _remembered[next(iter(_remembered))]
    return _remembered[key]


def cached_findings(store: RowStore | None, key: bytes | None, make: Callable[[], Findings]) -> Findings:
    """What an earlier run found, else what ``make`` finds, which is then kept; nothing is, without store or key."""
    if store is None or key is None:
        return make()
    cached = store.fact(key)
    if cached is not None:
        try:
            return FINDINGS.validate_json(cached)
        except ValidationError:
            pass  # written by somebody else: made again
    fresh = make()
    store.keep_fact(key, FINDINGS.dump_json(fresh).decode())
    return fresh


def findings_key(
    network: Network, layers: Mapping[str, LayerPlan], groups: Sequence[GroupPlan]
) -> bytes | None:
    """A hash over everything that grid findings depend on; None where that cannot be told."""
    if not told_apart([network]) or not all(isinstance(plan.group, FiniteGroup) for plan in groups):
        return None
    fields = {
        "fact": "grid phases",
        "geed": f"{__version__} {MEASURE_VERSION}",
        "arch": f"{network.source} {network.arch}",
        "arguments": "" if network.spec is None else network.spec.model.model_dump_json(),
        "weights": network.weights.state_sha256,
        **code_of(network),
        "input": repr(network.input),
        "layers": repr(
            [(name, layer.shape, sorted(layer.representations)) for name, layer in layers.items()]
        ),
        "groups": repr([(plan.name, plan.group.elements, plan.views) for plan in groups]),
        **{library: version(library) for library in ("torch", "timm", "torchvision")},
    }
    return digest(fields)
