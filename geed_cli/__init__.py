"""geed: audits pretrained image models for invariance and equivariance (G-EED).

The public names below are imported on first use, so that importing the package costs nothing.

    import geed_cli as geed
    result = geed.audit("efficientnet_lite0", groups=["flip", "c4"])
"""

import random
from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

_HOMES = {
    "api.audit": ("audit",),
    "api.compare": ("compare",),
    "api.judge": ("check",),
    "api.make_plan": ("plan",),
    "api.saved_files": ("load",),
    "api.make_sweep": ("sweep",),
    "api.track": ("track",),
    "api.wrap": ("wrap",),
    "checkpoints.kept": ("KeptWeights",),
    "choices": ("IntervalOptions",),
    "comparison.schema": ("Comparison",),
    "errors": ("GeedError", "InputError", "RunError"),
    "forecast.planned": ("Plan",),
    "gate.outcome": ("GateReport",),
    "groups.group": ("FiniteGroup", "Group"),
    "groups.named": ("group_named",),
    "images.memory.prepared": ("images_of",),
    "models.load": ("load_model",),
    "models.network": ("Network",),
    "models.requested": ("FileOptions",),
    "pipeline.gallery.make_gallery": ("GalleryOptions", "make_gallery"),
    "pipeline.options": (
        "ActionOptions",
        "AuditOptions",
        "ControlOptions",
        "DataOptions",
        "RunOptions",
        "UntilDecided",
        "UntilOptions",
    ),
    "report.audit_page": ("print_result",),
    "result.file": ("read_result", "write_result"),
    "result.gallery": ("Gallery",),
    "result.schema": ("Entry", "Result"),
    "sweeps.manifest": ("Sweep",),
    "tracking.record": ("Track",),
    "training.monitor": ("Monitor",),
}
"""Where each public name lives."""
_ROOMS = ("functional",)
"""Modules that are used by their name."""

if TYPE_CHECKING:
    from geed_cli import functional
    from geed_cli.api.audit import audit
    from geed_cli.api.compare import compare
    from geed_cli.api.judge import check
    from geed_cli.api.make_plan import plan
    from geed_cli.api.make_sweep import sweep
    from geed_cli.api.saved_files import load
    from geed_cli.api.track import track
    from geed_cli.api.wrap import wrap
    from geed_cli.checkpoints.kept import KeptWeights
    from geed_cli.choices import IntervalOptions
    from geed_cli.comparison.schema import Comparison
    from geed_cli.errors import GeedError, InputError, RunError
    from geed_cli.forecast.planned import Plan
    from geed_cli.gate.outcome import GateReport
    from geed_cli.groups.group import FiniteGroup, Group
    from geed_cli.groups.named import group_named
    from geed_cli.images.memory.prepared import images_of
    from geed_cli.models.load import load_model
    from geed_cli.models.network import Network
    from geed_cli.models.requested import FileOptions
    from geed_cli.pipeline.gallery.make_gallery import GalleryOptions, make_gallery
    from geed_cli.pipeline.options import (
        ActionOptions,
        AuditOptions,
        ControlOptions,
        DataOptions,
        RunOptions,
        UntilDecided,
        UntilOptions,
    )
    from geed_cli.report.audit_page import print_result
    from geed_cli.result.file import read_result, write_result
    from geed_cli.result.gallery import Gallery
    from geed_cli.result.schema import Entry, Result
    from geed_cli.sweeps.manifest import Sweep
    from geed_cli.tracking.record import Track
    from geed_cli.training.monitor import Monitor

__all__ = [
    "ActionOptions",
    "AuditOptions",
    "Comparison",
    "ControlOptions",
    "DataOptions",
    "Entry",
    "FileOptions",
    "FiniteGroup",
    "Gallery",
    "GalleryOptions",
    "GateReport",
    "GeedError",
    "Group",
    "InputError",
    "IntervalOptions",
    "KeptWeights",
    "Monitor",
    "Network",
    "Plan",
    "Result",
    "RunError",
    "RunOptions",
    "Sweep",
    "Track",
    "UntilDecided",
    "UntilOptions",
    "__version__",
    "audit",
    "check",
    "compare",
    "functional",
    "group_named",
    "images_of",
    "load",
    "load_model",
    "make_gallery",
    "plan",
    "print_result",
    "read_result",
    "sweep",
    "track",
    "wrap",
    "write_result",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module attribute can be anything
    """Import a public name when it is first asked for."""
    if name in _ROOMS:
        return import_module(f"geed_cli.{name}")
    for module, names in _HOMES.items():
        if name in names:
            drawn = random.getstate()
            try:
                return getattr(import_module(f"geed_cli.{module}"), name)
            finally:  # libraries that are imported may draw, and a seeded script goes on from its own draws
                random.setstate(drawn)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """The public names, for completion."""
    return sorted(__all__)
