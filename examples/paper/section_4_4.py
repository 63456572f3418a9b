"""Section 4.4: what makes the latent space invariant to mirroring: the loss, the augmentation, or self-supervision?

At scale ``paper`` the four published networks, whose files and pictures lie in ``--data``. At the others one
architecture under three losses, each with and without mirrored views, beside the same architecture untrained.
"""

from pathlib import Path

from examples.paper.self_supervised import FAMILIES
from examples.paper.step import Place, Step, geed, metrics, specs

LATENT = ("latent.l2", "latent.cosine", "latent.cosine.raw")
SHOWN = metrics(*LATENT)
PAIRS = {
    "contrast_mirrored": ("supervised_mirrored", "contrastive_mirrored"),
    "distillation_mirrored": ("supervised_mirrored", "distilled_mirrored"),
    "distillation_against_contrast": ("contrastive_mirrored", "distilled_mirrored"),
    "contrast": ("supervised", "contrastive"),
    "distillation": ("supervised", "distilled"),
    "mirroring_supervised": ("supervised", "supervised_mirrored"),
    "mirroring_contrastive": ("contrastive", "contrastive_mirrored"),
    "mirroring_distilled": ("distilled", "distilled_mirrored"),
}
PUBLISHED = {
    "resnet50": "resnet50",
    "bit": "bit_r101",
    "dino": "{data}/dino_resnet50_pretrain.pth:dino_resnet50",
    "simclr": "{data}/checkpoint_100.tar:simclr_resnet50",
}
PUBLISHED_PAIRS = {
    "simclr_against_resnet50": ("resnet50", "simclr"),
    "simclr_against_bit": ("bit", "simclr"),
    "dino_against_simclr": ("simclr", "dino"),
    "dino_against_resnet50": ("resnet50", "dino"),
    "dino_against_bit": ("bit", "dino"),
}


def steps(place: Place) -> list[Step]:
    """Every command of the section, in order."""
    return published(place) if place.scale == "paper" else trained(place)


def published(place: Place) -> list[Step]:
    """ResNet50, BiT, DINO and SimCLR over pictures of ImageNet."""
    models = [f"{label}={model.format(data=place.data)}" for label, model in PUBLISHED.items()]
    out = place.out / "4.4"
    made = [sweep(place, models, f"imagenet={place.data}/imagenet")]
    for name, pair in PUBLISHED_PAIRS.items():
        sides = [f"{label}={out}/sweep/imagenet/{label}.json" for label in pair]
        # each network has the resizing that it was published with: the crops differ by a few pixels
        made.append(compared(place, name, *sides, "--allow-mismatch"))
    return made


def trained(place: Place) -> list[Step]:
    """Training, one sweep of all families, and pairs of them."""
    digits = place.out / "data" / "upright"
    made = [specs(place), pictures(place, digits), *(training(place, family) for family in FAMILIES)]
    spec = spec_file(place)
    models = [f"{family}={runs(place, family)}/*/net.pt:{spec}" for family in FAMILIES]
    made.append(sweep(place, models, f"digits={digits}", "--allow-code"))
    for name, pair in PAIRS.items():
        sides = [f"{family}={place.out}/4.4/sweep/digits/{family}/*.json" for family in pair]
        made.append(compared(place, name, *sides))
    return made


def spec_file(place: Place) -> Path:
    """The spec of the architecture, at this scale's widths."""
    return place.out / "specs" / "narrow_resnet.yaml"


def pictures(place: Place, out: Path) -> Step:
    """The digits that are mirrored, and those that give M."""
    words = ("--data", str(place.data), "--out", str(out), "--scale", place.scale)
    last = place.settings.self_supervised.pictures + place.settings.norm_samples - 1
    return Step(("examples.paper.upright", *words), out / f"{last:04d}.png")


def runs(place: Place, family: str) -> Path:
    """The folder of a family's copies."""
    return place.out / "runs" / "4.4" / family


def training(place: Place, family: str) -> Step:
    """Every copy of a family."""
    out = runs(place, family)
    words = ("--scale", place.scale, "--data", str(place.data), "--out", str(out))
    last = out / str(place.settings.self_supervised.seeds) / "accuracy.json"
    return Step(("examples.paper.self_supervised", family, *words), last)


def sweep(place: Place, models: list[str], source: str, *more: str) -> Step:
    """All models over pictures that are mirrored; figure 5 and its numbers."""
    out = place.out / "4.4"
    figure, table = out / "figure_5.svg", out / "figure_5.csv"
    number = (place.settings.self_supervised.pictures, place.settings.norm_samples)
    data = (source, "-g", "flip", "--samples", number[0], "--norm-samples", number[1])
    files = ("--out", out / "sweep", "--csv", table, "--figure", figure)
    return geed("sweep", *models, "-d", *data, *SHOWN, *more, *files, makes=out / "sweep" / "sweep.json")


def compared(place: Place, name: str, *words: str) -> Step:
    """Two families or networks."""
    file = place.out / "4.4" / f"{name}.json"
    return geed("compare", *words, *SHOWN, "--json", file, makes=file)
