"""A plain vision transformer of timm without position embedding: it sees a bag of patches.

Cyclic shifts by whole patches only reorder the patches, which mean-pooled features cannot tell; shifts by half a
patch make other patches.
"""

from collections.abc import Iterator

import torch
from torch import nn

from geed_cli.models.network import Site
from geed_cli.report.selftest_report import Finding
from geed_cli.runtime.libraries import timm
from geed_cli.selftest.bench import WHY_ROUNDING, Bench, value_of, wrap
from geed_cli.selftest.expectation import above, near

PATCHES, PATCH = 4, 4
"""4×4 patches of 4×4 pixels: ``shift4`` moves by whole patches, ``xshift8`` by halves too."""


def bag_of_patches(bench: Bench) -> Iterator[Finding]:
    """Whole-patch shifts leave the features alone, half-patch shifts do not."""
    transformer = wrap(_transformer, PATCHES * PATCH, Site("head", "input"))
    whole = bench.audit(transformer, "shift4", ("latent.l2",))
    yield near(
        "latent.l2 under shift4, whole patches",
        0.0,
        value_of(whole, "latent.l2"),
        tolerance=bench.rounding,
        reason=f"attention and means do not depend on the patches' order; {WHY_ROUNDING}",
    )
    half = bench.audit(transformer, "xshift8", ("latent.l2",))
    yield above(
        "latent.l2 under xshift8, half patches",
        0.1,
        value_of(half, "latent.l2"),
        reason="of noise, half of the shifted pictures have entirely other patches: a value of order 1",
    )


def _transformer() -> nn.Module:
    """Two blocks, mean pooling, a position embedding of zeros."""
    module: nn.Module = timm.models.vision_transformer.VisionTransformer(
        img_size=PATCHES * PATCH,
        patch_size=PATCH,
        embed_dim=16,
        depth=2,
        num_heads=2,
        num_classes=5,
        class_token=False,
        global_pool="avg",
    )
    with torch.no_grad():
        module.get_parameter("pos_embed").zero_()
    return module
