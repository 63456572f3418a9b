"""Token models through whole audits: the known answer of a ViT without positions, and layers of every family."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from reference.measures import compare_maps
from reference.network import normalise
from support.audits import audited
from support.networks import MEAN, STD, network_of
from support.pictures import pixels_of, smooth_pictures
from support.results import entry_of
from timm.models.vision_transformer import VisionTransformer
from torch import nn

from geed_cli.models.network import Network, Site

SIZE, PATCH = 32, 8
EXACT = 1e-8
"""float64 through three blocks."""
PICTURES = (4, SIZE)


def tiny_vit(*, positions: bool, class_token: bool = False) -> Network:
    """Three blocks on 4×4 patches, mean pooled over the patches."""
    torch.manual_seed(0)
    vit = VisionTransformer(
        img_size=SIZE,
        patch_size=PATCH,
        embed_dim=24,
        depth=3,
        num_heads=3,
        num_classes=5,
        class_token=class_token,
        reg_tokens=2 if class_token else 0,
        global_pool="avg",
        fc_norm=False,
    )
    for part in vit.modules():
        if isinstance(part, nn.Linear):  # larger than timm's, so that attention tells tokens apart
            nn.init.normal_(part.weight, std=0.3)
    nn.init.normal_(vit.pos_embed, std=0.5 if positions else 0.0)
    network = network_of(
        vit,
        features=Site("head", "input"),
        layers=("patch_embed", "blocks.0", "blocks.2"),
        size=SIZE,
    )
    return replace(network, prefix_tokens=vit.num_prefix_tokens)


@pytest.mark.parametrize(
    ("group", "class_token"),
    [("xshift4", False), ("yshift4", True), ("xshift2", True), ("shift4", True)],
)
def test_a_vit_without_positions_under_whole_patches(folder: Path, group: str, class_token: bool) -> None:
    """Features, softmax and maps: exactly invariant and equivariant, with prefix tokens or without."""
    network = tiny_vit(positions=False, class_token=class_token)
    result = audited(network, [group], folder)
    assert entry_of(result, "latent.l2", group).value == pytest.approx(0, abs=EXACT)
    assert entry_of(result, "softmax.kl", group).value == pytest.approx(0, abs=EXACT)
    for layer in network.layers:
        for metric in ("channelwise.cosine", "channelwise.correlation"):
            entry = entry_of(result, metric, group, layer)
            assert entry.value == pytest.approx(-1, abs=EXACT)
            assert not any("pixels" in note for note in entry.notes)
    assert entry_of(result, "channelwise.cosine", group, "blocks.2").controls["null"] > -0.9


@pytest.mark.parametrize("group", ["xshift8", pytest.param("yshift8", marks=pytest.mark.heavy)])
def test_half_patches_and_positions_break_it(folder: Path, group: str) -> None:
    """Half a patch is no whole token: a note says so, and neither features nor maps are kept."""
    half = audited(tiny_vit(positions=False), [group], folder)
    assert entry_of(half, "latent.l2", group).value > 0.02
    entry = entry_of(half, "channelwise.correlation", group, "blocks.2")
    assert entry.value > -0.95
    assert entry.notes[-1] == "shifts are not whole pixels of its 4×4 maps, so they are interpolated"
    whole = {name: value for i, (name, value) in enumerate(entry.per_element.items()) if i % 2 == 0}
    assert list(whole.values()) == pytest.approx([-1] * 4, abs=EXACT)
    placed = audited(tiny_vit(positions=True), [group.replace("8", "4")], folder)
    assert entry_of(placed, "latent.l2", group.replace("8", "4")).value > 0.01


def test_token_maps_against_a_loop(folder: Path) -> None:
    """A ViT with positions, class and register tokens under flip: tokens placed by hand, prefix left out."""
    network = tiny_vit(positions=True, class_token=True)
    result = audited(network, ["flip"], folder)
    module = network.module.double()
    rows = []
    for picture in pixels_of(folder):
        maps = []
        for shown in (picture, picture[..., ::-1].copy()):
            with torch.no_grad():
                tokens = [module._pos_embed(module.patch_embed(normalise(shown, MEAN, STD)))]
                for block in module.blocks:
                    tokens.append(block(tokens[-1]))
            grid = tokens[-1][0, 3:].numpy()
            maps.append(np.stack([grid[4 * row : 4 * row + 4] for row in range(4)]).transpose(2, 0, 1))
        rows.append([-1.0, compare_maps(maps[1], maps[0][..., ::-1])[0]])
    entry = entry_of(result, "channelwise.cosine", "flip", "blocks.2")
    assert list(entry.per_image.value) == pytest.approx(list(np.mean(rows, axis=1)), abs=EXACT)


FAMILIES = {
    "deit_tiny_distilled_patch16_224": (("blocks.0", "blocks.1"), 64, {"depth": 2}),
    "swin_tiny_patch4_window7_224": (("layers.0", "layers.3"), 64, {"window_size": 4, "embed_dim": 24}),
    "levit_128s": (("stages.0", "stages.2"), 64, {}),
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.heavy) if "levit" in name else name for name in FAMILIES]
)
def test_other_families_are_measured(tmp_path: Path, name: str) -> None:
    """Layers of DeiT (two prefix tokens), Swin (B×H×W×C) and LeViT (grids that shrink) have values."""
    layers, size, arguments = FAMILIES[name]
    torch.manual_seed(0)
    module = timm.create_model(name, img_size=size, num_classes=4, **arguments)
    network = network_of(module, features=Site("", "output"), layers=layers, size=size)
    network = replace(
        network,
        channels_last=name.startswith("swin"),
        prefix_tokens=getattr(module, "num_prefix_tokens", 0),
    )
    result = audited(network, ["flip"], smooth_pictures(tmp_path / "d", 2, size), batch=4)
    for layer in layers:
        entry = entry_of(result, "channelwise.cosine", "flip", layer)
        assert entry.status == "ok", entry.notes
        assert -1 < entry.value < 1
