"""The controls by name: numbers beside a value that say how to read it. docs/controls.md explains each.

A new one is a line of ``CONTROLS``. How it is made of what a run has seen stands in a file of its own, or here where
that is a line or two.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geed_cli.explanation import PAPER, Explanation
from geed_cli.measures.measure import Measure, RetrievalMeasure

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Evidence:
    """What a run knows of one line of its result, from which controls are made.

    Attributes:
        measure: of the line.
        deviations: m(f(gx), g·f̂(x)), shape (images, n).
        seen: by name, what else was seen of some of the images, shape (m, n): the part of channels that are dead, and
            the same deviation against another image (null), of a round trip (floor), or about the layer's own centre
            (phase_corrected); without those that were not measured.
        sensitivity: the measure's own comparison of different plain images; None where it has none.
        unit: M where the value is a ratio, else 1; NaN where M is 0 or not there.
        rounding: the deviation that floating point alone makes, raw; None where it is not known.
        repeat: the deviation between two showings of the same view, raw; None for a steady network.
    """

    measure: Measure
    deviations: Array
    seen: Mapping[str, Array]
    sensitivity: Callable[[], float | None]
    unit: float
    rounding: float | None
    repeat: float | None = None

    def mean(self, name: str) -> float | None:
        """The mean of what was seen, over g and images like the value and in its unit; None where it is infinite."""
        if name not in self.seen or np.isinf(self.seen[name]).any():
            return None
        values = self.measure.per_image(self.seen[name])
        finite = values[np.isfinite(values)]
        return float(finite.mean()) / self.unit if len(finite) else None


@dataclass(frozen=True, kw_only=True)
class Control:
    """One control.

    Attributes:
        of: makes it of the evidence; None where a second run brings it.
        heading: of its column in tables; empty where it has none.
        keep: of the columns of a table of layers the lowest is left out first where there is no room; None is never.
        part: whether it is a fraction, shown in percent and left out at 0, and not in the value's unit.
        of_layers: whether maps alone have it, so that only tables of layers have its column.
        reading: the line below a table that says how to read it.
        explained: what ``geed explain`` says of it.
        told: of one number, from {value}; what a walk through a result says.
        from_best: whether that tells its distance from the value of a perfect network.
    """

    name: str
    explained: Explanation
    told: str
    of: Callable[[Evidence], float | None] | None = None
    heading: str = ""
    keep: int | None = 3
    part: bool = False
    of_layers: bool = False
    from_best: bool = False
    reading: str = ""


def _dead_fraction(evidence: Evidence) -> float | None:
    dead = evidence.seen.get("dead")
    return None if dead is None else float(np.mean(dead.mean(axis=1)))


def _rounding(evidence: Evidence) -> float | None:
    return None if evidence.rounding is None else evidence.rounding / evidence.unit


def _chance(evidence: Evidence) -> float | None:
    measure = evidence.measure
    return measure.chance(len(evidence.deviations)) if isinstance(measure, RetrievalMeasure) else None


def _repeat(evidence: Evidence) -> float | None:
    return None if evidence.repeat is None else evidence.repeat / evidence.unit


CONTROLS: dict[str, Control] = {
    control.name: control
    for control in (
        Control(
            name="sensitivity",
            of=lambda evidence: evidence.sensitivity(),
            told="The predictions of different images lie {value} nats from their mean (sensitivity): what a value "
            "has to be small beside.",
            explained=Explanation(
                what="how much the prediction depends on the image at all.",
                formula="mean over x of KL(p(x) ‖ mean of p over all images)",
                range="0, one answer for all images, to ln(images), nats",
                reading="Set softmax.kl against it. Below 2% of ln(images) the network hardly reacts to any image, "
                "and a small softmax.kl or flip rate is then no invariance.",
                example="Two images with the predictions (0.9, 0.1) and (0.1, 0.9) have the sensitivity 0.368 nats, "
                "of at most ln 2 = 0.693. Of 40 images 2% of the most possible is 0.074 nats.",
                source=f"geed, after {PAPER}, section 4.2, which warns of insensitive networks",
                see=("softmax.kl", "twin_sensitivity"),
            ),
        ),
        Control(
            name="repeat",
            of=_repeat,
            heading="repeat",
            keep=None,
            reading="repeat: how far the same picture moves when it is shown again; values below it mean nothing.",
            told="The same picture, shown again, moves by {value} (repeat); what is below that means nothing.",
            explained=Explanation(
                what="how far the same picture moves when it is shown to the network again.",
                formula="mean of m(f(gx), f'(gx)) over views shown twice, over M where the value is",
                range="as its value; measured only with --on-unsteady report",
                reading="A network has it that drops activations at random, normalises by its batch, or remembers. "
                "Values that are no larger mean nothing, and no gate passes.",
                example="latent.l2 0.02 beside a repeat of 0.05: chance alone moves the features more than the group.",
                see=("rounding",),
            ),
        ),
        Control(
            name="dead_fraction",
            of=_dead_fraction,
            heading="dead",
            keep=1,
            part=True,
            of_layers=True,
            told="{value} of the channels are zero in both maps (dead) and are left out.",
            explained=Explanation(
                what="the part of a layer's channels that are zero in both maps; they are left out of the mean.",
                formula="channels with both norms ≤ 10⁻⁶ of the comparison's largest, over all channels",
                range="0% to 100%",
                reading="Where it is large the value is about the few channels that remain.",
                example="Of 8 channels 2 are zero in both maps: dead is 25%, and the value is a mean over the other "
                "6.",
                see=("channelwise.cosine",),
            ),
        ),
        Control(
            name="null",
            of=lambda evidence: evidence.mean("null"),
            heading="null",
            keep=4,
            of_layers=True,
            reading="null: the same against another image's maps; set it against the elements beside e (furthest).",
            told="Against another image's maps the same mean is {value} (null).",
            explained=Explanation(
                what="the same deviation against another image's maps: what a layer has that ignores how the group "
                "moves the picture.",
                formula="mean of m(f_l(gx), ρ(g)f̂_l(x')), x' the control image before x",
                range="as its measure, −1 to 1 for channelwise.cosine",
                reading="A layer is 100% off where its elements other than e reach the null. The control images are "
                "few (--floor, 16 unless asked for), so the null is not exact.",
                example="The elements other than e have −0.40, and the null is −0.17: the layer is "
                "(1 − 0.40) / (1 − 0.17) = 72% off equivariance.",
                see=("scale", "layers", "channelwise.correlation"),
            ),
        ),
        Control(
            name="floor",
            of=lambda evidence: evidence.mean("floor"),
            heading="floor",
            reading="floor: what resampling alone does, of pictures turned there and back.",
            told="Resampling there and back alone makes {value} (floor).",
            explained=Explanation(
                what="what resampling alone does: the picture is turned there and back, so that only interpolation is "
                "left.",
                formula="mean of m(f(g⁻¹(gx)), f(x)), over M where the value is",
                range="as its value; mirrors, quarter turns and sets have none",
                reading="A scale, not a bound: do not subtract it. As a percentage it is of the elements other than "
                "e, and its 100% is 1 and not U(n), since it is a distance from f(x). A value below twice the floor "
                "cannot be told from resampling.",
                example="latent.l2 0.20 beside a floor of 0.12: below 2 × 0.12 = 0.24, so resampling alone may "
                "explain it.",
                see=("scale", "rounding"),
            ),
        ),
        Control(
            name="twin",
            heading="twin",
            keep=7,
            reading="twin: the same architecture with random weights.",
            told="The same architecture with random weights has {value} (twin).",
            explained=Explanation(
                what="the value of the same architecture with random weights, on the same pixels (--twin).",
                range="as its value; one draw of weights, without an interval",
                reading="A value below its twin's is what training brought; one above it is no merit of training. A "
                "twin that ignores its input says nothing beside softmax.kl and the top class: it is insensitive, not "
                "invariant.",
                example="latent.l2 0.10 beside a twin of 0.29: training took away 66% of the deviation.",
                source=f"geed; {PAPER} compares with random weights in section 4.3",
                see=("twin_sensitivity",),
            ),
        ),
        Control(
            name="phase_corrected",
            of=lambda evidence: evidence.mean("phase_corrected"),
            heading="corrected",
            keep=6,
            of_layers=True,
            reading="corrected: about the centre of each layer's own sampling grid.",
            told="About the centre of the layer's own sampling grid it is {value} (corrected).",
            explained=Explanation(
                what="the value of a layer about the centre of its own sampling grid (--phase-correct).",
                formula="the same mean, with g about the point where the picture's middle lies on the map; a step "
                "moves that by δ = (n_out − 1)s/2 − p + d(k − 1)/2 − (n_in − 1)/2",
                range="as its value",
                reading="Strides on even sizes put a grid off the middle. A layer corrected to a better value was "
                "displaced; one corrected to a worse value had learnt to live with its grid, and its plain value "
                "counts.",
                example="Kernel 3, stride 2, padding 1 has δ = −0.5 pixels on 224 pixels, and 0 on 225.",
                see=("grid", "channelwise.cosine"),
            ),
        ),
        Control(
            name="rounding",
            of=_rounding,
            told="Floating point alone moves a perfect value by {value} (rounding).",
            from_best=True,
            explained=Explanation(
                what="what floating point alone does: the deviation of a run from the same network in float64.",
                formula="m(f(x), f₆₄(x)) on one image, over M where the value is",
                range="as its value; about 10⁻⁶ for latent.l2 in fp32",
                reading="Values within ten roundings of perfect are perfect as far as this run can tell.",
                example="latent.l2 4e-06 beside a rounding of 1e-06 is within 10 × 1e-06 = 1e-05: invariant up to "
                "rounding.",
                see=("precision_shift", "floor"),
            ),
        ),
        Control(
            name="chance",
            of=_chance,
            heading="chance",
            keep=4,
            reading="chance: what features that have nothing to do with the pictures would have.",
            told="Features that have nothing to do with the images would have {value} (chance).",
            explained=Explanation(
                what="the value of features that have nothing to do with the images, among as many images.",
                formula="retrieval.rank: (1 + 1/2 + … + 1/m)/m of m images; retrieval.mutual_knn: 10/(m − 1)",
                range="0 to 1; smaller among more images",
                reading="A value near it says that copies are found, or neighbours kept, no more often than blindly.",
                example="Among 40 images a blind guess has the retrieval.rank 0.107 and the retrieval.mutual_knn "
                "10/39 = 0.256.",
                see=("retrieval.rank", "retrieval.mutual_knn"),
            ),
        ),
        Control(
            name="twin_sensitivity",
            told="The predictions of different images by random weights lie {value} nats from their mean "
            "(twin_sensitivity).",
            explained=Explanation(
                what="the sensitivity of the twin: how much random weights react to the image at all.",
                formula="mean over x of KL(p(x) ‖ mean of p over all images), p of the twin",
                range="0 to ln(images), nats",
                reading="Below 2% of ln(images) the twin hardly reacts, and its softmax.kl and flip rate are no "
                "measure for the network's.",
                example="A twin_sensitivity of 0.011 nats over 40 images is below 2% of ln 40, which is 0.074.",
                see=("sensitivity", "twin"),
            ),
        ),
        Control(
            name="precision_shift",
            told="The reduced precision moved it by at most {value} (precision_shift).",
            explained=Explanation(
                what="how far bf16 or fp16 moved the value from float32, an upper estimate.",
                formula="mean over a few images of |v(x) − v₃₂(x)|, v an image's own mean, over M where the value is",
                range="≥ 0, in the value's unit",
                reading="Small beside the value and its interval: the precision did no harm.",
                example="Two images with 0.10 and 0.12 in bf16, both 0.11 in fp32: the shift is 0.01, though the mean "
                "did not move.",
                see=("rounding",),
            ),
        ),
    )
}
