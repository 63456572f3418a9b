"""The grids that token models state, for real architectures and for specs."""

from pathlib import Path

import pytest
from timm.models.convit import ConVit
from timm.models.hiera import Hiera
from timm.models.levit import Levit
from timm.models.vision_transformer import VisionTransformer
from torch import nn

from geed_cli.errors import InputError
from geed_cli.input_settings import InputSettings
from geed_cli.models.load import load_model
from geed_cli.models.network import Network, Site, WeightsOrigin
from geed_cli.models.output import NO_LOGITS
from geed_cli.models.tokens import NoGrid, TokenGrid, stated_grids, token_grid

SPEC = """\
model: {{source: timm, name: {name}, arguments: {{depth: 1}}}}
weights: {{origin: random}}
{more}
"""


def network(module: nn.Module, size: int, prefix: int = 0) -> Network:
    """A module as a network with prefix tokens."""
    half = (0.5, 0.5, 0.5)
    return Network(
        id="tokens",
        source="python",
        arch="tokens",
        module=module.eval(),
        features=Site("", "output"),
        output=NO_LOGITS,
        classifier=None,
        layers=(),
        input=InputSettings(size, size, "bilinear", half, half),
        weights=WeightsOrigin("random", "seed 0", None, "0" * 64, ()),
        parameters=0,
        prefix_tokens=prefix,
    )


def from_spec(folder: Path, name: str, more: str = "", size: int | None = None) -> Network:
    file = folder / "model.yaml"
    file.write_text(SPEC.format(name=name, more=more))
    return load_model(str(file), img_size=size)


@pytest.mark.parametrize(
    ("name", "size", "tokens", "expected"),
    [
        ("vit_tiny_patch16_224", None, 197, TokenGrid(14, 14, 1)),
        ("vit_tiny_patch16_224", 96, 37, TokenGrid(6, 6, 1)),
        ("deit_tiny_distilled_patch16_224", None, 198, TokenGrid(14, 14, 2)),
        ("vit_small_patch14_reg4_dinov2", 70, 30, TokenGrid(5, 5, 5)),
    ],
)
def test_grids_of_timm(tmp_path: Path, name: str, size: int | None, tokens: int, expected: TokenGrid) -> None:
    """Side over patch size, and the class, distillation and register tokens of the published architecture."""
    assert token_grid(from_spec(tmp_path, name, size=size), "blocks.0", tokens) == expected


def test_the_patch_embedding_has_no_prefix_tokens() -> None:
    """Class and register tokens are added after it, so that one network has both kinds of list."""
    vit = VisionTransformer(img_size=32, patch_size=8, embed_dim=16, depth=1, num_heads=2, reg_tokens=2)
    found = network(vit, 32, prefix=3)
    assert token_grid(found, "patch_embed", 16) == TokenGrid(4, 4, 0)
    assert token_grid(found, "blocks.0", 19) == TokenGrid(4, 4, 3)
    assert isinstance(
        token_grid(found, "blocks.0", 17), NoGrid
    )  # no list of this network has one prefix token


def test_a_rectangular_grid_is_stated_not_guessed() -> None:
    """Patches of 16×4 on 32 pixels: 2×8 tokens, whose number is also that of a 4×4 grid."""
    vit = VisionTransformer(img_size=32, patch_size=(16, 4), embed_dim=16, depth=1, num_heads=2)
    assert token_grid(network(vit, 32, prefix=1), "blocks.0", 17) == TokenGrid(2, 8, 1)


def test_a_dynamic_embedding_goes_by_the_input() -> None:
    """Built for 64 pixels, run at 32: the grid is the run's, even where the other would have as many tokens."""
    vit = VisionTransformer(
        img_size=64, patch_size=8, embed_dim=16, depth=1, num_heads=2, dynamic_img_size=True
    )
    assert stated_grids(vit, 32) == {(4, 4)}
    assert stated_grids(vit, 64) == {(8, 8)}


def test_levit_halves_its_grid_between_stages() -> None:
    """112 pixels, a stem of stride 16, then 7×7, 4×4 and 2×2: odd grids round up."""
    levit = Levit(img_size=112, embed_dim=(16, 24, 32), key_dim=8, depth=(1, 1, 1), num_heads=(2, 3, 4))
    assert stated_grids(levit, 112) == {(7, 7), (4, 4), (2, 2)}
    assert token_grid(network(levit, 112), "stages.1", 16) == TokenGrid(4, 4)


def test_a_class_token_that_comes_late() -> None:
    """ConViT's last blocks have one and its first have none."""
    convit = ConVit(img_size=32, patch_size=8, embed_dim=16, depth=2, num_heads=4, local_up_to_layer=1)
    found = network(convit, 32, prefix=1)
    assert token_grid(found, "blocks.0", 16) == TokenGrid(4, 4, 0)
    assert token_grid(found, "blocks.1", 17) == TokenGrid(4, 4, 1)


def test_tokens_in_another_order_are_not_read() -> None:
    """Hiera keeps each mask unit's tokens together: row by row they would be a scrambled picture."""
    hiera = Hiera(img_size=(64, 64), embed_dim=16, num_heads=1, stages=(1, 1, 1, 1))
    found = token_grid(network(hiera, 64), "blocks.0", 256)
    assert isinstance(found, NoGrid)
    assert "another order" in found.reason


class Flattened(nn.Module):
    """Tokens without a word about their grid."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.Sequential(nn.Identity(), nn.Identity())


def test_an_unstated_grid_is_not_the_square_root() -> None:
    """16 tokens might be 4×4 or 2×8; the reason says what to declare."""
    found = token_grid(network(Flattened(), 32), "blocks.0", 16)
    assert isinstance(found, NoGrid)
    assert "none" in found.reason
    assert found.declare == "tokens: {blocks.0: {grid: [HEIGHT, WIDTH], prefix: 0}}"


def test_two_stated_grids_with_as_many_tokens() -> None:
    """4×4 and 2×8 in one network: which of them is not told."""
    module = Flattened()
    module.blocks[0].grid_size = (4, 4)
    module.blocks[1].grid_size = (2, 8)
    assert isinstance(token_grid(network(module, 32), "blocks.0", 16), NoGrid)


def test_a_spec_declares_the_grid(tmp_path: Path) -> None:
    """It goes before what the network states, and has to fit the layer's tokens."""
    name = "vit_tiny_patch16_224"
    declared = from_spec(tmp_path, name, "tokens: {'blocks.*': {grid: [7, 28], prefix: 1}}")
    assert token_grid(declared, "blocks.0", 197) == TokenGrid(7, 28, 1)
    assert token_grid(declared, "patch_embed", 196) == TokenGrid(14, 14)
    with pytest.raises(InputError, match=r"declares 1 \+ 7×28 tokens for blocks\.0, which has 196"):
        token_grid(declared, "blocks.0", 196)
    with pytest.raises(InputError, match=r"layer 'block\.0' is not in"):
        token_grid(from_spec(tmp_path, name, "tokens: {block.0: {grid: [14, 14]}}"), "blocks.0", 197)
    with pytest.raises(InputError, match="grid"):
        from_spec(tmp_path, name, "tokens: {blocks.0: {grid: [14]}}")


def test_long_runs_of_equal_blocks_are_spread() -> None:
    """Every second of twelve blocks, with the last; stages of different shapes are all taken."""
    assert load_model("timm:vit_tiny_patch16_224", weights="random").layers == tuple(
        f"blocks.{i}" for i in (1, 3, 5, 7, 9, 11)
    )
    assert load_model("timm:levit_128s", weights="random").layers == ("stages.0", "stages.1", "stages.2")


@pytest.mark.heavy
def test_stages_of_different_shapes_are_taken_of_torchvisions_too() -> None:
    """Its Swin-T, the smallest."""
    swin = load_model("torchvision:swin_t", weights="random").layers
    assert swin == tuple(f"features.{i}" for i in (1, 3, 5, 7))


@pytest.mark.slow  # the smallest that torchvision has
def test_a_transformer_of_torchvision_is_spread() -> None:
    """As timm's is."""
    vit = load_model("torchvision:vit_b_32", weights="random").layers
    assert vit == tuple(f"encoder.layers.encoder_layer_{i}" for i in (1, 3, 5, 7, 9, 11))
