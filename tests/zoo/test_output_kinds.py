"""Kinds of output and of heads: read as what they are, not applicable, or refused."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from support.command import Geed
from support.output_networks import (
    CLASSES,
    FLIPS,
    VECTORS,
    Auxiliary,
    Averaged,
    Directions,
    Ended,
    Headless,
    HeadTwice,
    Keyword,
    Pixelwise,
    Predicted,
    Projected,
    SometimesScaled,
    Trunk,
    WithLabels,
    as_it_is,
    declared,
    softmax,
)
from support.zoo import Expected, Reading, Refused, Right, Specimen, audit_specimen
from torch import Tensor, nn


def by_pixel(layout: str) -> dict[str, dict[str, str | None]]:
    """The sections of a spec that say how scores per pixel lie in memory."""
    return declared(output="dense") | {"layouts": {"logits": layout}}


def last_softmax(z: Tensor) -> Tensor:
    return z.softmax(-1).movedim(-1, 1)


CLASSIFIER, NONE = Right(Predicted(softmax)), Right(Reading(None, softmax=False))
HEAD_ALONE = Right(Reading("fc", softmax=False))


class Flipped(Predicted):
    """The part of pixels whose class moves, and no divergence."""

    def __init__(self) -> None:
        super().__init__(lambda p: p, "pixels", None)

    def __call__(self, module: nn.Module, orbits: Sequence[Tensor]) -> Expected:
        with np.errstate(all="ignore"):
            everything = super().__call__(module, orbits)
        return {key: everything[key] for key in (("latent.l2", None), FLIPS)}


def ended(
    end: str, outcome: Right | Refused, name: str = "", outputs: int = CLASSES, **split: str | None
) -> Specimen:
    spec = declared(**split) if split else {}
    return Specimen(f"{end} {name}".strip(), Ended, outcome, {"end": end, "outputs": outputs}, spec)


SPECIMENS = (
    Specimen("plain", Trunk, Right(Predicted(softmax), says=("output: 6 logits (inferred)",))),
    Specimen("plain, fc declared", Trunk, CLASSIFIER, spec=declared(classifier="fc", output="logits")),
    Specimen("plain, null", Trunk, NONE, spec=declared(classifier=None)),
    Specimen("plain, none", Trunk, HEAD_ALONE, spec=declared(output="none")),
    Specimen("plain, said to be probabilities", Trunk, Refused("a row is negative somewhere or does not sum to 1"),
             spec=declared(output="probabilities")),
    ended("softmax", Right(Predicted(as_it_is), says=("output: 6 probabilities (inferred)",))),
    ended("softmax", Right(Predicted(as_it_is)), "declared", output="probabilities"),
    ended("softmax", Refused("all its rows are non-negative and sum to 1"), "said to be logits", output="logits"),
    ended("softmax", Refused("all its rows are non-negative and sum to 1"), "said to be labels", output="sigmoid"),
    ended("softmax by hand", Right(Predicted(as_it_is, features=None))),
    ended("softmax in bfloat16", Right(Predicted(as_it_is), relative=1e-3), "inferred"),
    ended("the rest to 1", Right(Predicted(lambda p: as_it_is(p.clamp(min=0)), features=None))),
    ended("log-softmax", CLASSIFIER),
    ended("flatten", CLASSIFIER),
    ended("squeeze", CLASSIFIER),
    ended("maps of one pixel", CLASSIFIER),
    ended("temperature", NONE),
    ended("temperature", CLASSIFIER, "classifier declared", classifier="fc"),
    ended("temperature", Right(Predicted(softmax, features=None)), "logits declared", output="logits"),
    ended("temperature in place", NONE),
    ended("flatten", Right(Reading("fc", softmax=False), says=("the output is one number",)), "one logit", 1),
    ended("flatten", Right(Predicted(torch.sigmoid, "labels"), says=("logits of 1 independent label (declared)",)),
          "one logit declared", 1, output="sigmoid"),
    ended("flatten", Refused("it is one number for each image"), "one logit, said to be logits", 1, output="logits"),
    ended("scalars", HEAD_ALONE, "one logit", 1),
    ended("scalars", Right(Predicted(lambda z: z[:, None].sigmoid(), "labels")), "declared", 1, output="sigmoid"),
    ended("flatten", Right(Predicted(torch.sigmoid, "labels")), "labels", output="sigmoid"),
    ended("sigmoid", HEAD_ALONE),
    ended("sigmoid", Right(Predicted(lambda p: p, "labels")), "declared", output="sigmoid"),
    ended("sigmoid", Refused("it ends in a sigmoid"), "said to be logits", output="logits"),
    ended("sigmoid in place", NONE),
    ended("sigmoid in place", Right(Predicted(lambda p: p, "labels", None)), "declared", output="sigmoid"),
    ended("sigmoid by hand", NONE),
    ended("sigmoid by hand", Refused("every value seen lies in [0, 1]"), "said to be labels", output="sigmoid"),
    ended("sigmoid by hand", Refused("every value seen lies in [0, 1]"), "said to be logits", output="logits"),
    ended("half", NONE),
    ended("softmax over the batch", HEAD_ALONE),
    ended("tokens", NONE),
    ended("tokens", Refused("it is 3×6 for each image"), "said to be logits", output="logits"),
    ended("classes", Refused("the network's output is of type int64")),
    ended("tuple", Refused("returns tuple, not one tensor")),
    ended("dict", Refused("returns dict, not one tensor")),
    ended("sparse", Refused("returns a tensor of layout sparse_coo")),
    Specimen("probabilities of some pictures", SometimesScaled, Refused("a row is negative somewhere"),
             spec=declared(output="probabilities")),
    Specimen("no number for a black picture", Directions, Right(Predicted(as_it_is))),
    Specimen("headless, one block", Headless, NONE, {"way": "none", "count": 1}),
    Specimen("keyword", Keyword, CLASSIFIER),
    Specimen("labels that are None", WithLabels, CLASSIFIER),
    Specimen("head twice", HeadTwice,
             Refused("one of its calls: fc#1 or fc#2 (its output is the network's)")),
    Specimen("head twice, unnamed", HeadTwice, Refused("runs 2 times"), spec=declared(classifier="fc")),
    Specimen("head twice, no such call", HeadTwice, Refused("one of its calls: fc#1 or fc#2"),
             spec=declared(classifier="fc#3")),
    Specimen("averaged", Averaged, NONE, options=VECTORS),
    Specimen("auxiliary", Auxiliary, CLASSIFIER),
    Specimen("auxiliary declared", Auxiliary, Refused("split: {classifier: fc} in the spec"),
             spec=declared(classifier="auxiliary")),
    Specimen("projected in training", Projected, NONE),
    Specimen("projected, declared", Projected, Refused("split: {classifier: null} in the spec"),
             spec=declared(classifier="fc")),
    *(Specimen(f"headless, {way}", Headless, NONE, {"way": way}) for way in ("beside", "in place")),
    # images differ in the fourth digit of what comes out, so that float32 rounding reaches the third of the value's
    Specimen("headless, none", Headless, Right(NONE.loop, relative=1e-3), {"way": "none"}),
    Specimen("pixels", Pixelwise, NONE),
    Specimen("pixels declared", Pixelwise, Right(Predicted(lambda z: z.softmax(1), "pixels", None)),
             spec=declared(output="dense")),
    Specimen("pixels under c4", Pixelwise, Right(Predicted(lambda z: z.softmax(1), "pixels", None)),
             {"stride": 2}, declared(output="dense"), group="c4"),
    Specimen("pixels, probabilities", Pixelwise, Right(Predicted(as_it_is, "pixels", None)),
             {"end": "probabilities"}, declared(output="dense")),
    Specimen("pixels, classes last", Pixelwise, Refused("is 12×12×3 for each image: the classes seem to come last"),
             {"end": "classes last"}, declared(output="dense")),
    Specimen("pixels, classes last, inferred", Pixelwise, NONE, {"end": "classes last"}),
    Specimen("pixels, classes last, declared", Pixelwise,
             Right(Predicted(last_softmax, "pixels", None), says=("logits of 3 classes for each of 12×12 pixels",)),
             {"end": "classes last"}, by_pixel("nhwc")),
    Specimen("pixels, classes last, under c4", Pixelwise, Right(Predicted(last_softmax, "pixels", None)),
             {"end": "classes last", "stride": 2}, by_pixel("nhwc"), group="c4"),
    Specimen("pixels, probabilities last", Pixelwise,
             Right(Predicted(lambda p: as_it_is(p.movedim(-1, 1)), "pixels", None)),
             {"end": "probabilities last"}, by_pixel("nhwc")),
    Specimen("pixels, as many classes as rows", Pixelwise, Refused("which axis is the classes does not show"),
             {"classes": 12}, declared(output="dense")),
    Specimen("pixels, as many classes, first", Pixelwise, Right(Predicted(lambda z: z.softmax(1), "pixels", None)),
             {"classes": 12}, by_pixel("nchw")),
    Specimen("pixels, as many classes, last", Pixelwise, Right(Predicted(last_softmax, "pixels", None)),
             {"classes": 12, "end": "classes last"}, by_pixel("nhwc")),
    Specimen("pixels, said to be last", Pixelwise, Refused("the spec declares nhwc for logits"), spec=by_pixel("nhwc")),
    Specimen("pixels, said to be first", Pixelwise, Refused("the spec declares nchw for logits"),
             {"end": "classes last"}, by_pixel("nchw")),
    Specimen("pixels, said to be tokens", Pixelwise, Refused("layouts.logits is tokens expected: nchw or nhwc"),
             spec=by_pixel("tokens")),
    Specimen("a layout of no pixels", Pixelwise, Refused("expected: split.output: dense beside it"),
             spec={"layouts": {"logits": "nhwc"}}),
    Specimen("pixels, transposed", Pixelwise, Refused("has the picture's height along its width"),
             {"end": "transposed"}, declared(output="dense")),
    Specimen("pixels without a doubt", Pixelwise, Refused("softmax.kl under flip is infinite"),
             {"end": "certain"}, declared(output="dense")),
    Specimen("pixels without a doubt and a divergence", Pixelwise, Right(Flipped()),
             {"end": "certain"}, declared(output="dense"),
             ("--metric", "latent.*", "--metric", "prediction.*", "--metric", "channelwise.*")),
    Specimen("pixels, said to be logits", Pixelwise, Refused("it is 3×12×12 for each image"),
             spec=declared(output="logits")),
    Specimen("rows, said to be pixels", Trunk, Refused("it is 6 for each image, not classes × height × width"),
             spec=declared(output="dense")),
)  # fmt: skip


@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda specimen: specimen.name)
def test_outputs_are_read_as_what_they_are(specimen: Specimen, geed: Geed, tmp_path: Path) -> None:
    audit_specimen(specimen, geed, tmp_path)
