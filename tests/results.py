"""A small saved result made by a real audit, once for each test session."""

import tempfile
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from networks import small_conv_net
from pictures import smooth_pictures

from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import AuditOptions, DataOptions, RunOptions
from geed_cli.result.schema import Result


@lru_cache(maxsize=4)
def small_result(seed: int = 0, count: int = 24) -> Result:
    """``SmallConvNet`` under flip and c4 on smooth pictures, in float64 on the CPU."""
    with tempfile.TemporaryDirectory() as folder:
        pictures = smooth_pictures(Path(folder), count, 15)
        options = AuditOptions(data=DataOptions(pictures), run=RunOptions("cpu", 8, "fp64"))
        network = small_conv_net(seed, size=15)
        weights = replace(network.weights, state_sha256=f"{seed:064}")
        return audit(replace(network, weights=weights), ["flip", "c4"], options)
