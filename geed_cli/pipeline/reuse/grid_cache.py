"""Grid findings kept between runs, since following a network's sampling grids takes longer than a run from the cache.

What a network's code does is told by its weights only for timm and torchvision, so nothing is kept for others.
"""

from collections.abc import Callable, Mapping, Sequence

from pydantic import TypeAdapter, ValidationError

from geed_cli import __version__
from geed_cli.cache.keys import digest
from geed_cli.cache.store import RowStore
from geed_cli.engine.plan import GroupPlan, LayerPlan
from geed_cli.grids.obstacles import Group, clean_sizes, needs_of
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
_remembered_sizes: dict[bytes, Mapping[str, int | None]] = {}


def found_once(store: RowStore | None, key: bytes | None, make: Callable[[], Findings]) -> Findings:
    """What ``cached_findings`` gives, remembered by this process: a network audited twice is followed once."""
    if key is None:
        return make()
    if key not in _remembered:
        _remembered[key] = cached_findings(store, key, make)
        if len(_remembered) > MOST_REMEMBERED:
            del _remembered[next(iter(_remembered))]
    return _remembered[key]


def sizes_found_once(
    network: Network, layers: Sequence[str], groups: Sequence[Group]
) -> Mapping[str, int | None]:
    """As ``clean_sizes``, which looks at no weight: of a library's architecture it is asked once in this process."""
    if network.source not in {"timm", "torchvision"} or network.borrowed:
        return clean_sizes(network, layers, groups)
    tensors = {name: tuple(tensor.shape) for name, tensor in network.module.state_dict().items()}
    asked = {
        "module": f"{network.module}\n{tensors}",  # files of one architecture may have other arguments for it
        "layers": repr(layers),
        "groups": repr([(group.name, needs_of(group)) for group in groups]),
    }
    key = digest(_structure(network) | asked)
    if key not in _remembered_sizes:
        _remembered_sizes[key] = clean_sizes(network, layers, groups)
        if len(_remembered_sizes) > MOST_REMEMBERED:
            del _remembered_sizes[next(iter(_remembered_sizes))]
    return _remembered_sizes[key]


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
        **_structure(network),
        "weights": network.weights.state_sha256,
        **code_of(network),
        "layers": repr(
            [(name, layer.shape, sorted(layer.representations)) for name, layer in layers.items()]
        ),
        "groups": repr([(plan.name, plan.group.elements, plan.views) for plan in groups]),
    }
    return digest(fields)


def _structure(network: Network) -> dict[str, str]:
    """What tells the code of a network that a library builds, and the pictures that it takes."""
    return {
        "arch": f"{network.source} {network.arch}",
        "arguments": "" if network.spec is None else network.spec.model.model_dump_json(),
        "input": repr(network.input),
        **{library: version(library) for library in ("torch", "timm", "torchvision")},
    }
