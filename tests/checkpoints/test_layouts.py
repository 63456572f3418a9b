"""Each layout of the table, as its authors' code names what it saves, ends in its encoder and in nothing else."""

import re
from collections.abc import Callable

import pytest
import timm
import torch
from timm.models.vision_transformer import VisionTransformer, checkpoint_filter_fn
from torch import Tensor, nn

from geed_cli.checkpoints.fitting import Candidate, Fit, fit_file
from geed_cli.checkpoints.layouts import LAYOUTS, recognise
from geed_cli.checkpoints.match import match_state
from geed_cli.checkpoints.prefixes import common_prefixes, counted_prefixes
from geed_cli.checkpoints.rules import KeyRules

State = dict[str, Tensor]


def resnet() -> nn.Module:
    """A residual network whose classifier is called fc."""
    return timm.create_model("test_resnet")


def vit(**arguments: object) -> nn.Module:
    """A transformer whose classifier is called head."""
    sizes = {"img_size": 16, "patch_size": 8, "embed_dim": 8, "depth": 3, "num_heads": 2}
    return VisionTransformer(**sizes, **arguments)


def clip_vit() -> nn.Module:
    """A vision tower as timm has it."""
    return vit(pre_norm=True, norm_layer=nn.LayerNorm)


def dino_vit() -> nn.Module:
    """With the scales of DINOv2's layers."""
    return vit(init_values=1.0)


def encoder_of(net: nn.Module, classifier: str) -> State:
    """Numbers that no initialisation gives, under the network's own names, without the classifier."""
    generator = torch.Generator().manual_seed(1)
    return {
        name: torch.rand(value.shape, generator=generator) + 0.5 if value.is_floating_point() else value
        for name, value in net.state_dict().items()
        if not name.startswith(f"{classifier}.")
    }


def under(prefix: str, state: State) -> State:
    return {prefix + name: value for name, value in state.items()}


def away(state: State) -> State:
    """The same names with other numbers: a momentum copy."""
    return {name: value + 7 if value.is_floating_point() else value for name, value in state.items()}


def mlp(prefix: str, width: int = 96) -> State:
    """A projection head of two layers."""
    return {f"{prefix}.0.weight": torch.ones(8, width), f"{prefix}.2.weight": torch.ones(4, 8)}


def linear(prefix: str, width: int = 96) -> State:
    """A projection head of one layer, under the names of a classifier."""
    return {f"{prefix}.weight": torch.ones(128, width), f"{prefix}.bias": torch.ones(128)}


def moco_v1(encoder: State) -> State:
    both = under("encoder_q.", {**encoder, **linear("fc")}) | under(
        "encoder_k.", {**away(encoder), **linear("fc")}
    )
    return under("module.", both | {"queue": torch.ones(128, 6), "queue_ptr": torch.zeros(1)})


def moco_v2(encoder: State) -> State:
    both = under("encoder_q.", encoder | mlp("fc")) | under("encoder_k.", away(encoder) | mlp("fc"))
    return under("module.", both | {"queue": torch.ones(128, 6), "queue_ptr": torch.zeros(1)})


def moco_v3(head: str) -> Callable[[State], State]:
    return lambda encoder: under(
        "module.",
        under("base_encoder.", encoder | mlp(head))
        | under("momentum_encoder.", away(encoder) | mlp(head))
        | mlp("predictor"),
    )


def mm_vit(encoder: State) -> State:
    """The names of a transformer in mmpretrain, from timm's, by hand."""
    names = {}
    for name, value in encoder.items():
        new = name.replace("patch_embed.proj.", "patch_embed.projection.").replace("blocks.", "layers.")
        new = new.replace(".norm1.", ".ln1.").replace(".norm2.", ".ln2.")
        new = new.replace(".mlp.fc1.", ".ffn.layers.0.0.").replace(".mlp.fc2.", ".ffn.layers.1.")
        names[re.sub(r"^norm\.", "ln1.", new)] = value
    return under("backbone.", names) | {"head.layers.head.weight": torch.ones(1000, 8)}


def open_clip(encoder: State) -> State:
    """OpenCLIP's names of a vision tower, from timm's, by hand; and a text tower with names like them."""
    pairs = [
        ("patch_embed.proj.", "conv1."), ("blocks.", "transformer.resblocks."), (".norm1.", ".ln_1."),
        (".norm2.", ".ln_2."), (".attn.qkv.", ".attn.in_proj_"), (".attn.proj.", ".attn.out_proj."),
        (".mlp.fc1.", ".mlp.c_fc."), (".mlp.fc2.", ".mlp.c_proj."), ("norm_pre.", "ln_pre."),
    ]  # fmt: skip
    visual = {}
    for name, value in encoder.items():
        new = name
        for old, their in pairs:
            new = new.replace(old, their)
        visual[re.sub(r"^norm\.", "ln_post.", new)] = value
    visual["class_embedding"] = visual.pop("cls_token")[0, 0]
    visual["positional_embedding"] = visual.pop("pos_embed")[0]
    text = {
        "transformer.resblocks.0.ln_1.weight": torch.ones(8), "positional_embedding": torch.ones(5, 8),
        "token_embedding.weight": torch.ones(9, 8), "text_projection": torch.ones(8, 4), "logit_scale": torch.ones(()),
    }  # fmt: skip
    return under("visual.", visual | {"proj": torch.ones(8, 4)}) | text


def chunked(encoder: State) -> State:
    """Blocks in chunks of two, as DINOv2's training saves them."""
    return {
        re.sub(r"^blocks\.(\d+)", lambda n: f"blocks.{int(n[1]) // 2}.{n[1]}", k): v
        for k, v in encoder.items()
    }


MASK = {"mask_token": torch.zeros(1, 8)}
DINO_HEAD = {"head.mlp.0.weight": torch.ones(8, 96), "head.last_layer.weight_g": torch.ones(9, 1)}
DECODER = {"decoder_pos_embed": torch.ones(1, 5, 4), "decoder_blocks.0.norm1.weight": torch.ones(4), **MASK}
CASES: list[tuple[str, Callable[[], nn.Module], Callable[[State], State]]] = [
    ("MoCo v1", resnet, moco_v1),
    ("MoCo v2", resnet, moco_v2),
    ("MoCo v3", resnet, moco_v3("fc")),
    ("MoCo v3", vit, moco_v3("head")),
    ("SimSiam", resnet, lambda e: under("module.", under("encoder.", e | mlp("fc")) | mlp("predictor"))),
    (
        "BYOL",
        resnet,
        lambda e: under("online_encoder.net.", e | linear("fc"))
        | mlp("online_encoder.projector")
        | under("target_encoder.net.", away(e))
        | mlp("online_predictor"),
    ),
    ("BYOL", resnet, lambda e: under("online_net.0.", e) | mlp("online_net.1") | under("target_net.0.", away(e))),
    (
        "Barlow Twins",
        resnet,
        lambda e: under("module.", under("backbone.", e) | mlp("projector") | {"bn.running_mean": torch.ones(4)}),
    ),
    ("VICReg", resnet, lambda e: under("module.", under("backbone.", e) | mlp("projector"))),
    ("SwAV", resnet, lambda e: under("module.", e | mlp("projection_head") | {"prototypes.weight": torch.ones(9, 4)})),
    ("DINO", resnet, lambda e: under("module.", under("backbone.", e) | DINO_HEAD)),
    ("DINO", vit, lambda e: under("backbone.", e) | DINO_HEAD),
    ("DINOv2", dino_vit, lambda e: e | MASK),
    ("DINOv2", dino_vit, lambda e: chunked(e) | MASK),
    (
        "DINOv2's training",
        dino_vit,
        lambda e: under("backbone.", chunked(e) | MASK) | mlp("dino_head.mlp") | mlp("ibot_head.mlp"),
    ),
    (
        "DINOv2's training",
        dino_vit,
        lambda e: under("student.backbone.", away(e) | MASK)
        | under("teacher.backbone.", e | MASK)
        | mlp("teacher.dino_head.mlp"),
    ),
    ("MAE", vit, lambda e: e | DECODER),
    ("SimCLR", resnet, lambda e: under("backbone.", e | mlp("fc"))),
    ("SimCLR", resnet, lambda e: under("encoder.", e) | mlp("projector")),
    ("SimCLR", resnet, lambda e: under("encoder.module.", e) | mlp("head")),
    ("SimCLR", vit, lambda e: under("encoder.", e) | mlp("head")),
    ("SimCLR", resnet, lambda e: under("encoder.", e | mlp("fc"))),
    ("SimCLR", resnet, lambda e: under("backbone.", e) | mlp("projection_head.layers")),
    (
        "a self-supervised method with a momentum copy (solo-learn, lightly)",
        resnet,
        lambda e: under("backbone.", e) | under("momentum_backbone.", away(e)) | mlp("projector"),
    ),
    ("mmpretrain", resnet, lambda e: under("backbone.", e) | linear("head.fc")),
    ("mmpretrain", vit, mm_vit),
    ("OpenCLIP", clip_vit, open_clip),
    ("OpenCLIP", vit, lambda e: under("visual.trunk.", e) | {"visual.head.proj.weight": torch.ones(4, 8)}),
]  # fmt: skip


def fit_of(net: nn.Module, classifier: str, file: State) -> tuple[Fit, State]:
    """What the file needs, and what it then fills."""
    expected = {
        name: value for name, value in net.state_dict().items() if not name.startswith(f"{classifier}.")
    }
    fit = fit_file(Candidate(net.state_dict(), classifier, file, KeyRules()))
    rules = fit.beside(KeyRules())
    candidate = Candidate(expected, None, file, KeyRules())
    return fit, match_state(expected, candidate.names(fit), rules, ordered=False).pairs


@pytest.mark.parametrize(
    ("name", "network", "saved"), CASES, ids=[f"{i}-{case[0]}" for i, case in enumerate(CASES)]
)
def test_a_layout_gives_its_encoder(
    name: str, network: Callable[[], nn.Module], saved: Callable[[State], State]
) -> None:
    """Every tensor of the encoder, none of the momentum copy, none of a head: and the header says which."""
    net = network()
    classifier = "fc" if network is resnet else "head"
    encoder = encoder_of(net, classifier)
    fit, pairs = fit_of(net, classifier, saved(encoder))
    assert fit.layout is not None
    assert fit.layout.layout.name == name
    assert fit.headless
    assert fit.classes is None
    assert fit.notes[0].startswith(f"names are laid out as by {name}: ")
    assert pairs.keys() == encoder.keys()
    assert all(torch.equal(pairs[key], value) for key, value in encoder.items())


def test_every_row_of_the_table_is_tried() -> None:
    """Above, but for CLIP's ResNets, which have no network of timm's under their names."""
    nets = {network: network() for network in {case[1] for case in CASES}}
    tried = [
        recognise(saved(encoder_of(nets[network], "fc" if network is resnet else "head"))).layout
        for _, network, saved in CASES
    ]
    clip_resnet = [layout for layout in LAYOUTS if layout.marks == (r"visual\.attnpool\.",)]
    assert set(tried) == set(LAYOUTS) - set(clip_resnet)
    assert recognise(["visual.attnpool.q_proj.weight", "visual.conv1.weight"]).layout.name == "OpenCLIP"


def test_a_vision_tower_is_read_as_timm_reads_it() -> None:
    """The conversion that timm has of OpenCLIP's names gives the same tensors."""
    net = clip_vit()
    file = open_clip(encoder_of(net, "head"))
    _, pairs = fit_of(net, "head", file)
    theirs = checkpoint_filter_fn(dict(file), net)
    assert all(torch.equal(pairs[name], theirs[name]) for name in pairs)


def test_plain_files_are_like_no_layout() -> None:
    """Published classifiers of timm and torchvision, also where they are wrapped once."""
    for name in (
        "test_resnet",
        "test_vit",
        "test_convnext",
        "test_efficientnet",
        "test_maxvit",
        "test_byobnet",
    ):
        names = list(timm.create_model(name).state_dict())
        assert recognise(names) is None
        assert recognise([f"module.{each}" for each in names]) is None


def test_a_file_that_fits_is_left_alone() -> None:
    """Names that would be marks of a layout count for nothing where they are the network's own."""
    net = nn.ModuleDict(
        {
            "backbone": nn.Conv2d(3, 4, 3),
            "projector": nn.Linear(4, 4),
            "fc": nn.Linear(4, 2),
        }
    )
    state = net.state_dict()
    assert fit_file(Candidate(state, "fc", state, KeyRules())) == Fit()


def test_common_prefixes_cover_nothing_else() -> None:
    """The shortest that no other name has; a name alone stands for itself, and its glob signs for themselves."""
    names = ["m.k.a.w", "m.k.b.w", "m.queue", "m.q.fc.w", "m.q.fc.b", "odd[1].w", "x"]
    found = common_prefixes(names, ["m.q.conv.w", "y"])
    assert found == {"m.k.*": 2, "m.queue": 1, "m.q.fc.*": 2, "odd[[]1].w": 1, "x": 1}
    assert counted_prefixes(found) == "m.k.* (2), m.q.fc.* (2), m.queue, odd[[]1].w, x"
