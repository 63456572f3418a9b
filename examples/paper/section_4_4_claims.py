"""What section 4.4 found, judged; the last two ask which of loss and augmentation does it."""

from pathlib import Path

import numpy as np

from examples.paper.claims import (
    NOT_SUPPORTED,
    SUPPORTED,
    UNDECIDED,
    WORDS,
    Claim,
    above,
    difference_of,
    every,
    line,
    over_settings,
    read,
    shown,
    verdict,
)
from examples.paper.section_4_4 import LATENT
from examples.paper.step import Place

VERSIONS = LATENT[:2]  # of figure 5: by Euclidean distance and by the cosine over M
RAW = LATENT[2]
LOSSES = ("supervised", "contrastive", "distilled")


def claims(place: Place) -> list[Claim]:
    """All of them, in the order of the section."""
    if place.scale == "paper":
        return published(place)
    return [
        judged(
            place,
            "4.4a",
            "contrastive more invariant than supervised, in both versions",
            ["contrast_mirrored"],
        ),
        judged(
            place,
            "4.4b",
            "self-supervised without contrast less invariant than contrastive, in both versions",
            ["distillation_against_contrast"],
            "further",
        ),
        depends(place, ["distillation_mirrored"]),
        judged(
            place,
            "4.4d",
            "self-supervision without mirrored views no more invariant than labels without them",
            ["contrast", "distillation"],
            "further",
        ),
        judged(
            place,
            "4.4e",
            "ours: mirrored views make each loss more invariant",
            [f"mirroring_{loss}" for loss in LOSSES],
        ),
        interaction(place),
    ]


def published(place: Place) -> list[Claim]:
    """The four networks of figure 5."""
    supervised = ("resnet50", "bit")
    return [
        judged(
            place,
            "4.4a",
            "SimCLR more invariant than both supervised networks, in both versions",
            [f"simclr_against_{name}" for name in supervised],
        ),
        judged(
            place,
            "4.4b",
            "DINO less invariant than SimCLR, in both versions",
            ["dino_against_simclr"],
            "further",
        ),
        depends(place, [f"dino_against_{name}" for name in supervised]),
    ]


def file(place: Place, pair: str) -> Path:
    """The comparison of a pair."""
    return place.out / "4.4" / f"{pair}.json"


def judged(place: Place, number: str, finding: str, pairs: list[str], side: str = "nearer") -> Claim:
    """The second of each pair on one side of the first, in both versions; the raw cosine beside them."""
    found = {}
    for name, metrics in (("both", VERSIONS), ("raw cosine", (RAW,))):
        lines = {f"{pair} {metric}": line(file(place, pair), metric) for pair in pairs for metric in metrics}
        numbers = "; ".join(f"{what} {shown(each)}" for what, each in lines.items())
        found[name] = numbers, every(verdict(each, side) for each in lines.values())
    return over_settings(number, finding, found)


def depends(place: Place, pairs: list[str]) -> Claim:
    """Decided both ways: nearer in one version and further in the other."""
    lines = {f"{pair} {metric}": line(file(place, pair), metric) for pair in pairs for metric in VERSIONS}
    sides = {each["deltas"][0]["verdict"] for each in lines.values()}
    opposed = set(WORDS.values()) <= sides
    decided = sides <= set(WORDS.values())
    return Claim(
        "4.4c",
        "self-supervised without contrast against supervised depends on the version",
        "; ".join(f"{what} {shown(each)}" for what, each in lines.items()),
        SUPPORTED if opposed else NOT_SUPPORTED if decided else UNDECIDED,
    )


def interaction(place: Place) -> Claim:
    """Mirrored views divide latent.l2 by more where the loss compares views than where labels do."""
    metric = VERSIONS[0]
    log_ratio = {
        loss: np.log(values(place, f"{loss}_mirrored", metric)) - np.log(values(place, loss, metric))
        for loss in LOSSES
    }
    means = ", ".join(f"{loss} {np.exp(each.mean()):.3g}" for loss, each in log_ratio.items())
    found = difference_of(log_ratio["contrastive"], log_ratio["supervised"])
    return Claim(
        "4.4f",
        "ours: mirrored views do more under contrast than under labels",
        f"{metric} with mirrored views over that without: {means}; log ratio, labels − contrast: {found}",
        above(0, found),
    )


def values(place: Place, family: str, metric: str) -> np.ndarray:
    """The value of each copy of a family, in the order of seeds."""
    cells = sorted((place.out / "4.4" / "sweep" / "digits" / family).glob("*.json"))
    rows = [row for cell in cells for row in read(cell)["results"] if row["metric"] == metric]
    return np.array([row["value"] for row in rows], dtype=float)
