"""What tells the rows of one network in one run from all others, and the cache that they are kept in."""

import platform
from collections.abc import Sequence
from importlib.metadata import version

import torch

from geed_cli import __version__
from geed_cli.cache.location import digest
from geed_cli.cache.store import RowStore
from geed_cli.engine.batches import Placement
from geed_cli.engine.plan import Plan
from geed_cli.engine.shared_action import Families
from geed_cli.measures.measure import VectorSite
from geed_cli.models.network import Network
from geed_cli.pipeline.describe import MEASURE_VERSION
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.reuse.addresses import Schedule
from geed_cli.pipeline.reuse.row_cache import RowCache

ROWS_VERSION = 5
"""Counts changes of how numbers of a row are computed that alter their last digits alone, and of how keys are made."""
LIBRARIES = ("torch", "timm", "torchvision", "numpy", "pillow")


def told_apart(networks: Sequence[Network]) -> bool:
    """Whether the weights of all of them tell what they do: a spec's own code may change under the same weights."""
    return all(network.source in {"timm", "torchvision"} for network in networks)


def open_rows(
    store: RowStore,
    network: Network,
    plan: Plan,
    families: Families,
    options: AuditOptions,
    placement: Placement,
) -> RowCache:
    """The rows of a network, which the store lists from now on as used.

    Args:
        store: open.
        network: one that ``told_apart`` allows.
        plan: what is measured.
        families: of the plan.
        options: of the run.
        placement: of the run.
    """
    key = digest(_fields(network, options, placement))
    store.register(
        key,
        network.id,
        {"arch": network.arch, "weights": network.weights.state_sha256, "precision": options.run.precision},
    )
    sites: dict[VectorSite, str] = {}
    if plan.wants("features"):
        sites["features"] = f"{network.features.side} of {network.features.module}"
    if network.logits and plan.wants("logits"):
        sites["logits"] = "output"
    return RowCache(store, key, Schedule(plan, families, sites))


def _fields(network: Network, options: AuditOptions, placement: Placement) -> dict[str, str]:
    """Everything but image, element and layer that can change a digit of a row."""
    device = placement.device
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor()
    return {
        "measure": str(MEASURE_VERSION),
        "rows": str(ROWS_VERSION),
        "geed": __version__,
        "source": network.source,
        "arch": network.arch,
        "arguments": "" if network.spec is None else network.spec.model.model_dump_json(),
        "weights": network.weights.state_sha256,
        "input": repr(network.input),
        "decode": options.data.decode,
        "precision": options.run.precision,
        "compiled": str(options.run.compile),
        "device": f"{device.type} {name} {platform.machine()}",
        "batch": str(placement.batch_size),
        "threads": str(torch.get_num_threads()),
        **{library: version(library) for library in LIBRARIES},
    }
