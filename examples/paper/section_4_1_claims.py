"""What section 4.1 found, judged: ten claims, the last two of which the paper only conjectures."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from examples.paper.claims import (
    NOT_SUPPORTED,
    SUPPORTED,
    Claim,
    above,
    difference_of,
    every,
    line,
    mean_of,
    none_is,
    over_settings,
    shown,
    values,
    verdict,
)
from examples.paper.section_4_1 import BLOCKS, KINDS, starts, track_file
from examples.paper.settings import BOUNDARIES, SPLITS
from examples.paper.step import Place

Setting = tuple[str, str]
EXACT = 1e-3  # of 1 + cosine: e2cnn samples its filters, and its blur, to about this
SETTINGS: tuple[Setting, ...] = tuple((split, boundary) for split in SPLITS for boundary in BOUNDARIES)


def claims(place: Place) -> list[Claim]:
    """All of them, in the order of the section."""
    ends = "c8_against_cnn"
    return [
        blocks(place),
        decay(place),
        unlearned(place),
        learned(place),
        latent(place, "4.1e", "C8-CNN more invariant in latent.l2", ends, "latent.l2", "nearer"),
        softmax(place),
        milder(place),
        latent(
            place,
            "4.1h",
            "C8-CNN less invariant in latent.cosine (normalised)",
            ends,
            "latent.cosine",
            "further",
        ),
        latent(
            place, "4.1i", "C8-CNN more invariant in raw cosine", "raw_and_m", "latent.cosine.raw", "nearer"
        ),
        interpolation(place),
        spreading(place),
    ]


def result(place: Place, setting: Setting, name: str) -> Path:
    """A comparison of a track."""
    return Path(f"{track_file(place, *setting).with_suffix('')}_{name}.json")


def over(
    number: str,
    finding: str,
    judge: Callable[[Setting], tuple[str, str]],
    splits: tuple[str, ...] = SPLITS,
) -> Claim:
    """The claim in every setting of the splits: numbers and verdict of each."""
    chosen = [setting for setting in SETTINGS if setting[0] in splits]
    return over_settings(number, finding, {", ".join(setting): judge(setting) for setting in chosen})


def blocks(place: Place) -> Claim:
    """C8 nearer to channelwise equivariance at every block."""

    def at(setting: Setting) -> tuple[str, str]:
        file = result(place, setting, "c8_against_cnn")
        lines = [line(file, "channelwise.cosine", block) for block in BLOCKS]
        numbers = f"block1 {shown(lines[0])}, block6 {shown(lines[-1])}"
        return numbers, every(verdict(each, "nearer") for each in lines)

    return over("4.1a", "C8-CNN more channelwise equivariant in every block", at, SPLITS[:1])


def decay(place: Place) -> Claim:
    """Channelwise deviation grows from the first to the last block, for both."""

    def at(setting: Setting) -> tuple[str, str]:
        track, last = track_file(place, *setting), place.settings.digits.steps
        found = {}
        for kind in KINDS:
            first, end = (
                values(track, kind, last, "channelwise.cosine", block) for block in (BLOCKS[0], BLOCKS[-1])
            )
            found[kind] = mean_of(end - first)
        numbers = ", ".join(f"{kind} block6 − block1 {found[kind]}" for kind in KINDS)
        return numbers, every(above(0, each) for each in found.values())

    return over("4.1b", "equivariance decays with depth, in both", at, SPLITS[:1])


def unlearned(place: Place) -> Claim:
    """No block of either comes nearer after the first jump of training."""

    def at(setting: Setting) -> tuple[str, str]:
        last = place.settings.digits.steps
        files = [result(place, setting, f"{kind}_{starts(last)[-1]}_to_{last}") for kind in KINDS]
        lines = [line(file, "channelwise.cosine", block) for file in files for block in BLOCKS]
        sides = [each["deltas"][0]["verdict"] for each in lines]
        counts = ", ".join(f"{sides.count(side)} {side}" for side in dict.fromkeys(sides))
        numbers = (
            f"from step {starts(last)[-1]} to {last}, of 12 blocks: {counts}; c8 block6 {shown(lines[-1])}"
        )
        return numbers, none_is(lines, "nearer")

    return over("4.1c", "no block becomes more equivariant, but for a jump at the start", at, SPLITS[:1])


def learned(place: Place) -> Claim:
    """latent.l2 and softmax.kl fall along training, for both; judged from the step after the first jump."""

    def at(setting: Setting) -> tuple[str, str]:
        last = place.settings.digits.steps
        measures = ("latent.l2", "softmax.kl")[: 2 if setting[0] == SPLITS[0] else 1]
        told, verdicts = [], []
        for kind in KINDS:
            for metric in measures:
                files = {first: result(place, setting, f"{kind}_{first}_to_{last}") for first in starts(last)}
                along = {first: line(file, metric) for first, file in files.items()}
                steps = ", ".join(f"from step {first} {shown(each)}" for first, each in along.items())
                told.append(f"{kind} {metric} {steps}")
                verdicts.append(verdict(along[starts(last)[-1]], "nearer"))
        return "; ".join(told), every(verdicts)

    return over("4.1d", "latent.l2 and softmax.kl fall with training, in both", at)


def latent(place: Place, number: str, finding: str, name: str, metric: str, side: str) -> Claim:
    """C8 against CNN at the last step, in one reading of the latent space."""

    def at(setting: Setting) -> tuple[str, str]:
        found = line(result(place, setting, name), metric)
        return shown(found), verdict(found, side)

    return over(number, finding, at)


def softmax(place: Place) -> Claim:
    """C8 nearer in softmax.kl at the last step."""

    def at(setting: Setting) -> tuple[str, str]:
        found = line(result(place, setting, "c8_against_cnn"), "softmax.kl")
        return f"{shown(found)} nats", verdict(found, "nearer")

    return over("4.1f", "C8-CNN more invariant in softmax.kl", at, SPLITS[:1])


def milder(place: Place) -> Claim:
    """The ratio of the two families is smaller in latent.l2 than in 1 + channelwise.cosine of the last block."""

    def at(setting: Setting) -> tuple[str, str]:
        last = place.settings.digits.steps
        hidden = track_file(place, SPLITS[0], setting[1])  # layers do not depend on the split
        logs = {}
        for kind in KINDS:
            in_latent = np.log(values(track_file(place, *setting), kind, last, "latent.l2"))
            logs[kind] = np.log(1 + values(hidden, kind, last, "channelwise.cosine", BLOCKS[-1])) - in_latent
        ratio = difference_of(logs["c8"], logs["cnn"])
        return f"log ratio of block6 over that of latent.l2 {ratio}", above(0, ratio)

    return over("4.1g", "the difference is less dramatic in latent.l2 than in layers", at)


def interpolation(place: Place) -> Claim:
    """Where quarter turns move pixels exactly on centred grids, the C8-CNN does not decay; it does otherwise."""
    out = place.out / "4.1"

    def at(name: str, kind: int, block: str) -> float:
        return float(line(out / f"{name}.json", "channelwise.cosine", block)["sides"][kind]["value"])

    def ends(name: str, kind: int) -> str:
        return f"{at(name, kind, BLOCKS[0]):.4f} to {at(name, kind, BLOCKS[-1]):.4f}"

    named = {"c4": "c4_centred", "c4 beside the centre": "c4_off_centre", "c8 at 57 pixels": "c8_large"}
    numbers = "; ".join(f"{what} c8 {ends(name, 1)}, cnn {ends(name, 0)}" for what, name in named.items())
    exact = max(1 + at("c4_centred", 1, block) for block in BLOCKS)
    finding = "conjecture: the C8-CNN's decay is interpolation"
    return Claim("4.1j", finding, numbers, SUPPORTED if exact < EXACT else NOT_SUPPORTED)


def spreading(place: Place) -> Claim:
    """The CNN's M of the cosine is smaller: it spreads other points further apart."""
    found: dict[str, Any] = {}
    for split in SPLITS:
        each = line(place.out / "4.1" / f"spread_{split}.json", "latent.cosine.M")
        found[f"{split}, zero"] = (f"M {shown(each)}", verdict(each, "larger"))
    return over_settings("4.1k", "conjecture: the CNN spreads other points further away (smaller M)", found)
