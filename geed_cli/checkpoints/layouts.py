"""How self-supervised methods and other frameworks name what they save, and which part of it is the encoder.

One row a layout. A row is recognised by names that no plain network has; its encoder is everything behind one prefix,
but for a projection or prediction head in there. Wrappers in front, such as DataParallel's ``module.``, do not count.
What else a file of a recognised layout holds belongs to another network: momentum copies, queues, text towers.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from geed_cli.checkpoints.formats import shown
from geed_cli.checkpoints.renaming import foreign_prefixes

WRAPPERS = r"(?:(?:module|model|net|learner|_orig_mod|_forward_module)\.)*"


@dataclass(frozen=True)
class Layout:
    """One way of naming.

    Attributes:
        name: who names so, as the end of "laid out as by …".
        marks: regular expressions; behind a common wrapper, each has to fit the beginning of some name.
        encoder: the prefix of the encoder's names behind the wrapper; empty where they have none.
        other: regular expressions of names behind that prefix which are not the encoder's.
        rename: (regular expression, replacement) pairs for whole names behind that prefix.
        choice: which of several networks is taken, a sentence.
    """

    name: str
    marks: tuple[str, ...]
    encoder: str
    other: tuple[str, ...] = ()
    rename: tuple[tuple[str, str], ...] = ()
    choice: str = "its encoder is taken"


HEADS = (r"fc\.", r"head\.")
MMPRETRAIN_VIT = (
    (r"layers\.(\d+)\.ln(\d)\.", r"blocks.\1.norm\2."),
    (r"layers\.(\d+)\.ffn\.layers\.0\.0\.", r"blocks.\1.mlp.fc1."),
    (r"layers\.(\d+)\.ffn\.layers\.1\.", r"blocks.\1.mlp.fc2."),
    (r"layers\.(\d+)\.attn\.", r"blocks.\1.attn."),
    (r"ln1\.", r"norm."),
    (r"patch_embed\.projection\.", r"patch_embed.proj."),
)
CLIP_VIT = (
    (r"transformer\.resblocks\.(\d+)\.ln_(\d)\.", r"blocks.\1.norm\2."),
    (r"transformer\.resblocks\.(\d+)\.attn\.in_proj_", r"blocks.\1.attn.qkv."),
    (r"transformer\.resblocks\.(\d+)\.attn\.out_proj\.", r"blocks.\1.attn.proj."),
    (r"transformer\.resblocks\.(\d+)\.mlp\.c_fc\.", r"blocks.\1.mlp.fc1."),
    (r"transformer\.resblocks\.(\d+)\.mlp\.c_proj\.", r"blocks.\1.mlp.fc2."),
    (r"conv1\.", r"patch_embed.proj."),
    (r"class_embedding$", r"cls_token"),
    (r"positional_embedding$", r"pos_embed"),
    (r"ln_pre\.", r"norm_pre."),
    (r"ln_post\.", r"norm."),
)
DINOV2_BLOCKS = (  # in chunks, as its training saves them; and the names of SwiGLU's layers
    (r"blocks\.\d+\.(\d+)\.(?=[a-z])", r"blocks.\1."),
    (r"blocks\.(\d+)\.mlp\.w12\.", r"blocks.\1.mlp.fc1."),
    (r"blocks\.(\d+)\.mlp\.w3\.", r"blocks.\1.mlp.fc2."),
)
BESIDE_PROJECTIONS = re.compile(
    r"(?:^|\.)\w*(?:queue|predictor|prediction_(?:head|mlp)|prototype|projector|projection|proj_head|contrastive)"
)
"""What self-supervised training keeps beside an encoder, by a part of its name."""
MOMENTUM_COPY = r"(?:momentum_backbone|backbone_momentum|teacher_backbone|student_backbone)\."

LAYOUTS = (
    Layout(
        "MoCo v2",
        (r"encoder_q\.fc\.0\.",),
        "encoder_q.",
        HEADS,
        choice="the query encoder encoder_q is taken, not its momentum copy encoder_k",
    ),
    Layout(
        "MoCo v1",
        (r"encoder_q\.",),
        "encoder_q.",
        HEADS,
        choice="the query encoder encoder_q is taken, not its momentum copy encoder_k",
    ),
    Layout(
        "MoCo v3",
        (r"base_encoder\.",),
        "base_encoder.",
        HEADS,
        choice="the trained base_encoder is taken, not its momentum copy momentum_encoder",
    ),
    Layout(
        "BYOL",
        (r"online_encoder\.net\.",),
        "online_encoder.net.",
        HEADS,
        choice="the online network is taken, not the target network",
    ),
    Layout(
        "BYOL",
        (r"online_net\.0\.",),
        "online_net.0.",
        HEADS,
        choice="the online network is taken, not the target network",
    ),
    Layout("SimSiam", (r"encoder\.fc\.\d+\.", r"predictor\."), "encoder.", HEADS),
    Layout("SwAV", (r"prototypes\.", r"projection_head\."), "", (r"prototypes\.", r"projection_head\.")),
    Layout(
        "DINOv2's training",
        (r"teacher\.backbone\.",),
        "teacher.backbone.",
        (*HEADS, r"mask_token$"),
        DINOV2_BLOCKS,
        choice="the teacher is taken, not the student",
    ),
    Layout(
        "DINOv2's training",
        (r"backbone\.", r"(?:dino|ibot)_head\."),
        "backbone.",
        (*HEADS, r"mask_token$"),
        DINOV2_BLOCKS,
    ),
    Layout("DINO", (r"backbone\.", r"head\.(?:mlp|last_layer)\."), "backbone.", HEADS),
    Layout("MAE", (r"decoder_blocks\.", r"mask_token$"), "", (r"decoder_", r"mask_token$", *HEADS)),
    Layout(
        "DINOv2",
        (r"mask_token$", r"blocks\.(?:\d+\.)+ls1\."),
        "",
        (r"mask_token$", *HEADS),
        DINOV2_BLOCKS,
    ),
    Layout("OpenCLIP", (r"visual\.trunk\.",), "visual.trunk.", HEADS, choice="its vision tower is taken"),
    Layout(
        "OpenCLIP",
        (r"visual\.transformer\.resblocks\.",),
        "visual.",
        (r"proj$",),
        CLIP_VIT,
        choice="its vision tower is taken; where it was trained with QuickGELU, --arch needs quickgelu in its name",
    ),
    Layout("OpenCLIP", (r"visual\.attnpool\.",), "visual."),
    Layout(
        "a self-supervised method with a momentum copy (solo-learn, lightly)",
        (r"backbone\.", MOMENTUM_COPY),
        "backbone.",
        HEADS,
        choice="the trained backbone is taken, not its momentum copy",
    ),
    Layout("Barlow Twins", (r"backbone\.", r"projector\.", r"bn\.running_mean"), "backbone.", HEADS),
    Layout("VICReg", (r"backbone\.", r"projector\."), "backbone.", HEADS),
    Layout("SimCLR", (r"backbone\.", r"projection_head\."), "backbone.", HEADS),
    Layout("SimCLR", (r"backbone\.fc\.\d+\.",), "backbone.", HEADS),
    Layout("SimCLR", (r"encoder\.", r"(?:projector|projection|projection_head)\."), "encoder.", HEADS),
    Layout("SimCLR", (r"encoder\.(?:conv1|layer1|patch_embed)\.", r"head\.\d+\."), "encoder.", HEADS),
    Layout("SimCLR", (r"encoder\.module\.", r"head\."), "encoder.module.", HEADS),
    Layout("SimCLR", (r"encoder\.fc\.\d+\.",), "encoder.", HEADS),
    Layout(
        "mmpretrain",
        (r"backbone\.", r"(?:neck|head\.(?:fc|layers|predictor)|data_preprocessor)\."),
        "backbone.",
        HEADS,
        MMPRETRAIN_VIT,
    ),
)
"""In this order: the first row whose marks are all there is taken."""


@dataclass(frozen=True)
class Recognised:
    """A layout, and what stands in front of its names in one file."""

    layout: Layout
    wrapper: str

    @property
    def prefix(self) -> str:
        """What stands in front of the encoder's names."""
        return self.wrapper + self.layout.encoder

    def is_encoder(self, name: str) -> bool:
        """Whether a name of the file is one of the encoder's."""
        inside = name.removeprefix(self.prefix)
        return name.startswith(self.prefix) and not any(re.match(part, inside) for part in self.layout.other)

    @property
    def rename(self) -> tuple[tuple[str, str], ...]:
        """The encoder's names without the prefix and as the network has them; others stay as they are."""
        front = "^" + re.escape(self.prefix)
        pairs = tuple((front + pattern, new) for pattern, new in self.layout.rename)
        if not self.prefix:
            return pairs
        besides = f"(?!{'|'.join(self.layout.other)})" if self.layout.other else ""
        return (*pairs, (front + besides, ""))


def recognise(names: Iterable[str]) -> Recognised | None:
    """The layout of a file by the names of its tensors; None where they are like no row of the table."""
    listed = tuple(names)
    wrappers = {match.group() for name in listed if (match := re.match(WRAPPERS, name))}
    for layout in LAYOUTS:
        # the longest first: behind "module." stands what behind nothing begins with "module."
        for wrapper in sorted(wrappers, key=len, reverse=True):
            inside = [name.removeprefix(wrapper) for name in listed if name.startswith(wrapper)]
            if all(any(re.match(mark, name) for name in inside) for mark in layout.marks):
                return Recognised(layout, wrapper)
    return None


def why_projection(names: Iterable[str], others: Iterable[str]) -> str | None:
    """What tells, as a clause, that the head of a file may be a projection; None where nothing does.

    Args:
        names: of the network, as the file has them.
        others: what else the file has.
    """
    beside = tuple(others)
    if foreign_prefixes(names, beside):
        return "a second network of these names"
    trained = next(filter(BESIDE_PROJECTIONS.search, beside), None)
    return None if trained is None else f"'{shown(trained)}', as of self-supervised training"
