"""Tokens read as maps: where each token lands, and the known answer of a ViT without positions."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from support.networks import network_of
from timm.models.levit import Levit
from timm.models.swin_transformer import SwinTransformer
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn
from torchvision.models import VisionTransformer as TorchvisionViT

from geed_cli.engine.hooks import hooked
from geed_cli.engine.map_layout import Layout, NoMap
from geed_cli.engine.shapes import trace
from geed_cli.measures.maps.compared import channelwise_deviation
from geed_cli.models.network import Network, Site
from geed_cli.pipeline.chosen_layers import read_layers

PATCH = 8


def maps_of(network: Network, layers: Sequence[str], *images: Tensor) -> list[list[Tensor]]:
    """For each of the images the outputs of the layers, read through their layouts."""
    sites = [Site(layer, "output") for layer in layers]
    seen = trace(network, sites, layers)
    layouts = read_layers(network, layers, seen)
    found: dict[str, Tensor] = {}

    def read(site: Site, activation: Tensor) -> None:
        layout = layouts[site.module]
        assert isinstance(layout, Layout)
        found[site.module] = layout.maps(activation).clone()
        assert tuple(found[site.module].shape[1:]) == layout.shape(seen.shapes[site])

    made = []
    with hooked(network.module, sites, read):
        for each in images:
            network.module(each)
            made.append([found.pop(layer) for layer in layers])
    return made


def positions(height: int, width: int, patch: tuple[int, int]) -> Tensor:
    """An image whose first channel is its patch's row and whose second is its patch's column."""
    rows = (torch.arange(height) // patch[0]).float()[:, None].expand(height, width)
    columns = (torch.arange(width) // patch[1]).float()[None, :].expand(height, width)
    return torch.stack([rows, columns, torch.zeros(height, width)])[None]


def pass_positions(embedding: nn.Conv2d, blocks: nn.Module) -> None:
    """Make the patch embedding put out its patch's mean colour, and the blocks add nothing to it."""
    with torch.no_grad():
        embedding.weight.zero_()
        embedding.bias.zero_()
        for channel in range(3):
            embedding.weight[channel, channel] = 1 / embedding.weight[0, 0].numel()
        for name, parameter in blocks.named_parameters():
            if any(part in name for part in ("attn.proj", "out_proj", "mlp.fc2", "mlp.3")):
                parameter.zero_()


def assert_in_place(maps: Tensor, height: int, width: int) -> None:
    """Channel 0 holds each pixel's row and channel 1 its column."""
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    # a mean of equal float32 numbers below 64 is off by a few of their roundings
    torch.testing.assert_close(maps[0, 0], rows.float(), rtol=0, atol=1e-4)
    torch.testing.assert_close(maps[0, 1], columns.float(), rtol=0, atol=1e-4)


@pytest.mark.parametrize("patch", [(8, 8), (8, 4), (4, 16)])
@pytest.mark.parametrize(("class_token", "registers"), [(True, 3), (True, 0), (False, 0)])
def test_tokens_of_a_vit_land_where_their_patches_are(
    patch: tuple[int, int], class_token: bool, registers: int
) -> None:
    """Square and rectangular grids, with class and register tokens (of value −99) left out."""
    vit = VisionTransformer(
        img_size=32,
        patch_size=patch,
        embed_dim=24,
        depth=1,
        num_heads=2,
        class_token=class_token,
        reg_tokens=registers,
        global_pool="avg",
    )
    pass_positions(vit.patch_embed.proj, vit.blocks)
    for prefix in (vit.cls_token, vit.reg_token):
        if prefix is not None:
            nn.init.constant_(prefix, -99)
    nn.init.zeros_(vit.pos_embed)
    network = replace(
        network_of(vit, features=Site("head", "input"), size=32), prefix_tokens=vit.num_prefix_tokens
    )
    (found,) = maps_of(network, ("patch_embed", "blocks.0"), positions(32, 32, patch))
    for maps in found:
        assert_in_place(maps, 32 // patch[0], 32 // patch[1])


def test_tokens_of_torchvisions_vit_land_where_their_patches_are() -> None:
    """Its grid is stated by the whole network alone."""
    vit = TorchvisionViT(image_size=32, patch_size=8, num_layers=1, num_heads=2, hidden_dim=16, mlp_dim=16)
    pass_positions(vit.conv_proj, vit.encoder)
    nn.init.zeros_(vit.encoder.pos_embedding)
    nn.init.constant_(vit.class_token, -99)
    network = replace(network_of(vit, features=Site("heads", "input"), size=32), prefix_tokens=1)
    ((maps,),) = maps_of(network, ["encoder.layers.encoder_layer_0"], positions(32, 32, (8, 8)))
    assert_in_place(maps, 4, 4)


@pytest.mark.parametrize("patch", [(4, 4), (2, 4)])
def test_swins_maps_have_their_channels_last(patch: tuple[int, int]) -> None:
    """B×H×W×C, square and not."""
    swin = SwinTransformer(
        img_size=32, patch_size=patch, embed_dim=12, depths=(2,), num_heads=(2,), window_size=4
    )
    pass_positions(swin.patch_embed.proj, swin.layers)
    swin.patch_embed.norm = nn.Identity()
    network = replace(network_of(swin, features=Site("head", "input"), size=32), channels_last=True)
    ((maps,),) = maps_of(network, ["layers.0"], positions(32, 32, patch))
    assert_in_place(maps, 32 // patch[0], 32 // patch[1])


def test_levits_tokens_agree_with_its_convolutional_twin() -> None:
    """The same weights in 1×1 convolutions put out B×C×H×W themselves, at every stage's own size."""
    size = {"img_size": 112, "embed_dim": (16, 24, 32), "key_dim": 8, "depth": (1, 1, 1)}
    torch.manual_seed(0)
    tokens = Levit(**size, num_heads=(2, 3, 4))
    twin = Levit(**size, num_heads=(2, 3, 4), use_conv=True)
    shapes = {name: value.shape for name, value in twin.state_dict().items()}
    for norm in (module for module in tokens.modules() if isinstance(module, nn.BatchNorm1d)):
        nn.init.normal_(norm.weight)  # some start at 0, and would hide the block
    twin.load_state_dict({name: v.reshape(shapes[name]) for name, v in tokens.state_dict().items()})
    images = torch.randn(2, 3, 112, 112)
    layers = ("stages.0", "stages.1", "stages.1.downsample", "stages.2.blocks.0.mlp")
    (found,), (wanted,) = (
        maps_of(network_of(net, features=Site("head", "input"), size=112), layers, images)
        for net in (tokens, twin)
    )
    for read, expected in zip(found, wanted, strict=True):
        # the same sums in another order, in float32
        torch.testing.assert_close(read, expected, rtol=1e-3, atol=1e-4)


def plain_vit() -> Network:
    """A tiny ViT that knows no positions, with mean pooling, in float64."""
    torch.manual_seed(0)
    vit = VisionTransformer(
        img_size=32, patch_size=PATCH, embed_dim=24, depth=3, num_heads=2, global_pool="avg", num_classes=4
    )
    nn.init.zeros_(vit.pos_embed)
    nn.init.normal_(vit.cls_token)
    for block in vit.blocks:
        nn.init.normal_(block.attn.qkv.weight)  # timm's 0.02 would make attention almost uniform
    network = network_of(vit.double(), features=Site("head", "input"), size=32)
    return replace(network, prefix_tokens=vit.num_prefix_tokens)


@pytest.mark.parametrize("tokens", [(1, 0), (0, 1), (3, 2)])
def test_whole_patch_shifts_permute_the_tokens_of_a_vit_without_positions(tokens: tuple[int, int]) -> None:
    """f_l(gx) = g·f_l(x) at every block: channelwise −1, and mean-pooled features do not change at all."""
    network, images = plain_vit(), torch.randn(4, 3, 32, 32, dtype=torch.float64)
    shift = tokens[0] * PATCH, tokens[1] * PATCH
    shifted = images.roll(shift, (-2, -1))
    for moved, still in zip(*maps_of(network, ("blocks.0", "blocks.2"), shifted, images), strict=True):
        value = channelwise_deviation(moved, still.roll(tokens, (-2, -1))).value
        # float64 through three blocks
        assert value.tolist() == pytest.approx([-1.0] * 4, rel=0, abs=1e-9)
        assert (channelwise_deviation(moved, still).value > -0.9).all()  # they did move
    torch.testing.assert_close(pooled(network, shifted), pooled(network, images), rtol=0, atol=1e-9)


def test_half_patch_shifts_do_not() -> None:
    """They cut the picture into other patches: features change by a good part of their size."""
    network, images = plain_vit(), torch.randn(4, 3, 32, 32, dtype=torch.float64)
    shifted = images.roll((0, PATCH // 2), (-2, -1))
    change = (pooled(network, shifted) - pooled(network, images)).norm(dim=1)
    assert (change > 0.05 * pooled(network, images).norm(dim=1)).all()
    (moved,), (still,) = maps_of(network, ["blocks.2"], shifted, images)
    for columns in (0, 1):
        assert (channelwise_deviation(moved, still.roll(columns, -1)).value > -0.9).all()


def pooled(network: Network, images: Tensor) -> Tensor:
    """f1(x): the mean over patch tokens."""
    found: list[Tensor] = []
    with hooked(network.module, [network.features], lambda _, features: found.append(features.clone())):
        network.module(images)
    return found[0]


def test_what_is_no_map_says_why() -> None:
    """The shape, the grids that the network states, and what to declare; a vector has no grid to declare."""
    network = plain_vit()
    network.module.blocks[0].register_forward_hook(lambda _module, _inputs, y: torch.cat([y, y], dim=1))
    layers = ["blocks.0", "head"]
    tokens, vector = read_layers(network, layers, trace(network, [], layers)).values()
    assert isinstance(tokens, NoMap)
    assert "shape 34×24" in tokens.why
    assert "(4×4)" in tokens.why
    assert "tokens: {blocks.0:" in str(tokens)
    assert isinstance(vector, NoMap)
    assert str(vector).endswith("map")
