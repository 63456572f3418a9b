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
    HeadByImage,
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
PRINTED = re.compile(r"(split|layouts): (\{[^{}]*\})")

CLASSES, BARE = Right(Predicted(softmax)), Right(Predicted(softmax, features=None))
PIXELS, PUT_OUT = (
    Right(Predicted(lambda z: z.softmax(1), "pixels", None)),
    Right(Predicted(lambda p: p, "labels")),
)
LAST = Right(Predicted(lambda z: z.softmax(-1).movedim(-1, 1), "pixels", None))
NO_HEAD = Right(Reading(None, softmax=False))


def ended(end: str, outcome: Right, outputs: int = 6, **split: str) -> Specimen:
    return Specimen(end, Ended, outcome, {"end": end, "outputs": outputs}, declared(**split) if split else {})


WAYS = (
    (ended("flatten", LABELS, 1), "{output: sigmoid}"),
    (ended("sigmoid", PUT_OUT), "{output: sigmoid}"),
    (ended("temperature", BARE), "{output: logits}"),
    (Specimen("averaged", Averaged, BARE, options=VECTORS), "{output: logits}"),
    (Specimen("pixels", Pixelwise, PIXELS), "{output: dense}"),
    (Specimen("pixels, last", Pixelwise, LAST, {"end": "classes last"}), "{output: dense} {logits: nhwc}"),
    (Specimen("as many", Pixelwise, PIXELS, {"classes": 12}), "{output: dense} {logits: nchw}"),
    (
        Specimen("as many, declared", Pixelwise, PIXELS, {"classes": 12}, declared(output="dense")),
        "{logits: nchw}",
    ),
    (
        Specimen("declared, last", Pixelwise, LAST, {"end": "classes last"}, declared(output="dense")),
        "{logits: nhwc}",
    ),
    (
        Specimen("labels, last", Pixelwise, LAST, {"end": "classes last"}, declared(output="sigmoid")),
        "{output: dense} {logits: nhwc}",
    ),
    (
        Specimen(
            "not last", Pixelwise, PIXELS, spec=declared(output="dense") | {"layouts": {"logits": "nhwc"}}
        ),
        "{logits: nchw}",
    ),
    (
        Specimen("transposed", Pixelwise, NO_HEAD, {"end": "transposed"}, declared(output="dense")),
        "{output: none}",
    ),
    (Specimen("twice", HeadTwice, CLASSES), "{classifier: fc#2}"),
    (Specimen("by image", HeadByImage, BARE, spec=declared(classifier="fc")), "{output: logits}"),
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
    """The sections that the first run prints, put into the spec, make the audit right."""
    sections = printed_sections(specimen, geed, tmp_path)
    assert " ".join(written for _, written in sections) == way
    said: dict[str, Any] = {name: yaml.safe_load(written) for name, written in sections}
    audit_specimen(replace(specimen, spec={**specimen.spec, **said}), geed, tmp_path / "again")


def printed_sections(specimen: Specimen, geed: Geed, folder: Path) -> list[tuple[str, str]]:
    """What a first audit says to declare, in its message or in its header: sections of a spec, as they are written."""
    pictures = smooth_pictures(folder / "pictures", PICTURES, SIZE)
    options = ("--allow-code", "-v", "-d", pictures, "-g", specimen.group, *specimen.options)
    seen = geed("audit", specimen.write_spec(folder), *options)
    assert seen.exit_code in {0, 2}
    return list(dict.fromkeys(PRINTED.findall(" ".join((seen.stdout + seen.stderr).split()))))
