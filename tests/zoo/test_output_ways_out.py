"""Every way out that is printed about an output or a classifier, used as it is printed."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.command import Geed
from support.output_networks import (
    VECTORS,
    Auxiliary,
    Averaged,
    Ended,
    HeadTwice,
    Pixelwise,
    Predicted,
    Projected,
    SometimesScaled,
    Trunk,
    as_it_is,
    declared,
    softmax,
)
from support.pictures import smooth_pictures
from support.zoo import PICTURES, SIZE, Reading, Right, Specimen, audit_specimen

LABELS = Right(Predicted(lambda z: z.sigmoid(), "labels"))
PRINTED_SPLIT = re.compile(r"split: \{[^{}]*\}")

CLASSES, BARE = Right(Predicted(softmax)), Right(Predicted(softmax, features=None))
PIXELS, PUT_OUT = (
    Right(Predicted(lambda z: z.softmax(1), "pixels", None)),
    Right(Predicted(lambda p: p, "labels")),
)
NO_HEAD = Right(Reading(None, softmax=False))


def ended(end: str, outcome: Right, outputs: int = 6, **split: str) -> Specimen:
    return Specimen(end, Ended, outcome, {"end": end, "outputs": outputs}, declared(**split) if split else {})


WAYS = (
    (ended("flatten", LABELS, 1), "{output: sigmoid}"),
    (ended("sigmoid", PUT_OUT), "{output: sigmoid}"),
    (ended("temperature", BARE), "{output: logits}"),
    (Specimen("averaged", Averaged, BARE, options=VECTORS), "{output: logits}"),
    (Specimen("pixels", Pixelwise, PIXELS), "{output: dense}"),
    (Specimen("twice", HeadTwice, CLASSES), "{classifier: fc#2}"),
    (Specimen("auxiliary", Auxiliary, CLASSES, spec=declared(classifier="auxiliary")), "{classifier: fc}"),
    (Specimen("projected", Projected, NO_HEAD, spec=declared(classifier="fc")), "{classifier: null}"),
    (ended("softmax", Right(Predicted(as_it_is)), output="logits"), "{output: probabilities}"),
    (ended("sigmoid", PUT_OUT, output="logits"), "{output: sigmoid}"),
    (Specimen("logits", Trunk, CLASSES, spec=declared(output="probabilities")), "{output: logits}"),
    (Specimen("rows", Trunk, CLASSES, spec=declared(output="dense")), "{output: logits}"),
    (Specimen("maps", Pixelwise, PIXELS, spec=declared(output="logits")), "{output: dense}"),
    (ended("flatten", LABELS, 1, output="logits"), "{output: sigmoid}"),
    (ended("tokens", NO_HEAD, output="logits"), "{output: none}"),
    (ended("sigmoid by hand", NO_HEAD, output="sigmoid"), "{output: none}"),
    (
        Specimen("sometimes", SometimesScaled, NO_HEAD, spec=declared(output="probabilities")),
        "{output: none}",
    ),
    (Specimen("sometimes, inferred", SometimesScaled, NO_HEAD), "{output: none}"),
)


@pytest.mark.parametrize(("specimen", "way"), WAYS, ids=lambda each: getattr(each, "name", None))
def test_what_is_printed_works(specimen: Specimen, way: str, geed: Geed, tmp_path: Path) -> None:
    """The section that the first run prints, put into the spec, makes the audit right."""
    written = printed_split(specimen, geed, tmp_path)
    assert written == f"split: {way}"
    split: dict[str, Any] = yaml.safe_load(written)
    audit_specimen(replace(specimen, spec={**specimen.spec, **split}), geed, tmp_path / "again")


def printed_split(specimen: Specimen, geed: Geed, folder: Path) -> str:
    """What a first audit says to declare, in its message or in its header."""
    pictures = smooth_pictures(folder / "pictures", PICTURES, SIZE)
    options = ("--allow-code", "-d", pictures, "-g", specimen.group, *specimen.options)
    seen = geed("audit", specimen.write_spec(folder), *options)
    assert seen.exit_code in {0, 2}
    return str(PRINTED_SPLIT.findall(" ".join((seen.stdout + seen.stderr).split()))[0])
