"""Situations that a result can be in, and the whole of what it then says; read them as a list of the rules."""

from collections.abc import Sequence
from dataclasses import dataclass

from support.constructed import entry, features, flips, group, layers, result, softmax

from geed_cli.result.schema import Entry, GridPhase, Result


@dataclass(frozen=True)
class Situation:
    """A result of one group, and what is said of that group.

    Attributes:
        name: what the situation is.
        found: the result.
        text: verdict and reasons; each warning behind a ``!``.
    """

    name: str
    found: Result
    text: str


MIRROR = "Mirroring moves an image's features"
TURNED = "An image's turned copies lie"
TENTH = flips(0.1, 0.06, 0.15)
SELDOM = "The top class changes for 10% of 200 images (6 to 15%)."
PARTLY = f"Features partly invariant. {MIRROR} 40% as far as another image is away (37 to 44%). {SELDOM}"
FORTY = features(0.4, 0.37, 0.44)


def _dead(found: list[Entry]) -> list[Entry]:
    none = {
        "value": None,
        "ci": None,
        "status": "undefined",
        "to_another": None,
        "controls": {"dead_fraction": 1.0},
    }
    return [each.model_copy(update=none) for each in found]


def _twins(parts: Sequence[float], on_scale: Sequence[float]) -> list[Entry]:
    """Layers whose twins all have the better value, at these places on the scale."""
    found = []
    for each, place in zip(layers(parts, 0.1, twin=-0.99), on_scale, strict=True):
        assert each.to_another is not None
        found.append(
            each.model_copy(update={"to_another": each.to_another.model_copy(update={"twin": place})})
        )
    return found


def _phases(of: str, names: list[str], size: int | None, kind: str = "off centre") -> list[GridPhase]:
    return [
        GridPhase.model_validate(
            {"group": of, "layer": name, "kind": kind, "reason": "r", "offset": None, "clean_size": size}
        )
        for name in names
    ]


SITUATIONS = [
    Situation(
        "rounding only",
        result(features(1e-6, 9e-7, 2e-6), softmax(), flips(0, 0, 0.018), *layers((0, 0, 0), 0)),
        "Features invariant up to rounding. The features differ by floating-point error only. The top class "
        "changed for no image (0 to 2%). No layer is 1% of the way to another image's maps.",
    ),
    Situation(
        "the same features for every copy",
        result(features(0.0, 0.0, 0.0), flips(0, 0, 0.018)),
        "Features exactly invariant. Every copy of an image has the same features. The top class changed for "
        "no image (0 to 2%).",
    ),
    Situation(
        "invariant but for 3%",
        result(features(0.03, 0.02, 0.04), softmax(), flips(0.01, 0.002, 0.04)),
        f"Features nearly invariant. {MIRROR} 3% as far as another image is away (2 to 4%). The top class "
        "changes for 1% of 200 images (<1 to 4%).",
    ),
    Situation(
        "nearly, no class changed",
        result(features(0.05, 0.04, 0.06), softmax(), flips(0, 0, 0.018)),
        f"Features nearly invariant. {MIRROR} 5% as far as another image is away (4 to 6%). The top class "
        "changed for no image (0 to 2%).",
    ),
    Situation(
        "mostly",
        result(
            features(0.19, 0.18, 0.21), softmax(), flips(0.25, 0.138, 0.409), *layers((0.72, 0.6, 0.4, 0.2, 0.09)),
            count=40,
        ),
        f"Features mostly invariant, but top classes change. {MIRROR} 19% as far as another image is away (18 to "
        "21%). The top class changes for 25% of 40 images (14 to 41%). Layers get closer to equivariance with depth: "
        "72% of the way to another image's maps at stage1, 9% at stage5.",
    ),
    Situation(
        "nearly, and answers change for a tenth at least",
        result(features(0.05, 0.04, 0.06), flips(0.2, 0.1, 0.3)),
        f"Features nearly invariant, but top classes change. {MIRROR} 5% as far as another image is away (4 to 6%). "
        "The top class changes for 20% of 200 images (10 to 30%).",
    ),
    Situation(
        "nearly, and answers change for less by the lower limit",
        result(features(0.05, 0.04, 0.06), flips(0.2, 0.0999, 0.3)),
        f"Features nearly invariant. {MIRROR} 5% as far as another image is away (4 to 6%). The top class changes for "
        "20% of 200 images (10 to 30%).",
    ),
    Situation(
        "mostly or partly, and labels change",
        result(features(0.3, 0.28, 0.36), flips(0.5, 0.43, 0.57), kind="sigmoid"),
        f"Features mostly or partly invariant, but labels change. {MIRROR} 30% as far as another image is away (28 to "
        "36%). At least one label changes for 50% of 200 images (43 to 57%).",
    ),
    Situation(
        "mostly, and pixels change class",
        result(features(0.2, 0.18, 0.22), flips(0.5, 0.43, 0.57), kind="dense"),
        f"Features mostly invariant, but classes of pixels change. {MIRROR} 20% as far as another image is away (18 to "
        "22%). The top class changes for 50% of the pixels (43 to 57%).",
    ),
    Situation(
        "mostly, insensitive, so that flips mean nothing",
        result(features(0.2, 0.18, 0.22), softmax(0.0018, 0.0105), flips(0.5, 0.43, 0.57), count=40),
        f"Features mostly invariant. {MIRROR} 20% as far as another image is away (18 to 22%). The output hardly "
        "reacts to any image (0.011 nats between images): insensitive there, not invariant.",
    ),
    Situation(
        "nearly or mostly",
        result(features(0.1, 0.08, 0.13), softmax(), TENTH),
        f"Features nearly or mostly invariant. {MIRROR} 10% as far as another image is away (8 to 13%). {SELDOM}",
    ),
    Situation(
        "partly",
        result(
            features(0.52, 0.45, 0.57, of="c4"), softmax(of="c4"), flips(0.56, 0.43, 0.68, of="c4"),
            groups=[group("c4")],
        ),
        f"Features partly invariant. {TURNED} 52% as far apart as different images (45 to 57%). The top class "
        "changes for 56% of copies (43 to 68%). The softmax moves little all the same: 0.050 nats, against 1.9 between "
        "images.",
    ),
    Situation(
        "partly, of an earlier result: about",
        result(
            features(0.52, 0.45, 0.57, of="c4", paired=False), flips(0.56, 0.43, 0.68, of="c4"), groups=[group("c4")],
        ),
        f"Features partly invariant. {TURNED} about 52% as far apart as different images (45 to 57%). The top "
        "class changes for 56% of copies (43 to 68%).",
    ),
    Situation(
        "partly or barely",
        result(features(0.65, 0.6, 0.71, of="c4"), flips(0.7, 0.6, 0.8, of="c4"), groups=[group("c4")]),
        f"Features partly or barely invariant. {TURNED} 65% as far apart as different images (60 to 71%). The "
        "top class changes for 70% of copies (60 to 80%).",
    ),
    Situation(
        "barely",
        result(features(0.8, 0.75, 0.86), softmax(), flips(0.7, 0.6, 0.8)),
        f"Features barely invariant. {MIRROR} 80% as far as another image is away (75 to 86%). The top class "
        "changes for 70% of 200 images (60 to 80%).",
    ),
    Situation(
        "barely or not",
        result(features(0.9, 0.82, 0.97), softmax(), flips(0.7, 0.6, 0.8)),
        f"Features barely or not invariant. {MIRROR} 90% as far as another image is away (82 to 97%). The top "
        "class changes for 70% of 200 images (60 to 80%).",
    ),
    Situation(
        "like another image",
        result(features(1.02, 0.95, 1.1), softmax(), flips(0.9, 0.85, 0.94)),
        f"Features not invariant. {MIRROR} 102% as far as another image is away (95 to 110%). The top class "
        "changes for 90% of 200 images (85 to 94%).",
    ),
    Situation(
        "sample only",
        result(features(0.19, 0.18, 0.21), softmax(), flips(0.25, 0.138, 0.409), count=40, sample=True),
        f"Features mostly invariant on the sample, but top classes change. {MIRROR} 19% as far as another image is "
        "away (18 to 21%). The top class changes for 25% of 40 images (14 to 41%).",
    ),
    Situation(
        "noisy, three classes or more",
        result(features(0.35, 0.05, 0.7), softmax(), flips(0.25, 0.1, 0.47), count=24),
        f"Features undecided, nearly to barely invariant. {MIRROR} 35% as far as another image is away (5 to "
        "70%). 24 images leave that open. The top class changes for 25% of 24 images (10 to 47%).",
    ),
    Situation(
        "3 images",
        result(features(0.25), softmax(), flips(0), *layers((0.4, 0.2)), count=3),
        "No verdict. 3 images are too few for an interval, which needs 20. In these, mirroring moves an "
        "image's features 25% as far as another image is away. The top class changed for no image of 3.",
    ),
    Situation(
        "3 images, one changed",
        result(features(0.25), softmax(), flips(1 / 3), count=3),
        "No verdict. 3 images are too few for an interval, which needs 20. In these, mirroring moves an "
        "image's features 25% as far as another image is away. The top class changed for 1 of 3 images.",
    ),
    Situation(
        "one image",
        result(entry("latent.l2", None, normaliser=None), softmax(sensitivity=0), flips(0), count=1),
        "Undefined. One image gives no distance to another image to measure against. The top class changed "
        "for no image of 1.",
    ),
    Situation(
        "few images for M",
        result(
            features(0.25), softmax(), flips(0, 0, 0.018),
            data={"normaliser_images": [{"path": "a", "sha256": "0"}] * 9},
        ),
        "No verdict. 9 normaliser images are too few for an interval, which needs 20. In these, mirroring "
        "moves an image's features 25% as far as another image is away. The top class changed for no image "
        "(0 to 2%).",
    ),
    Situation(
        "same features for all",
        result(
            entry("latent.l2", None, normaliser=0.0), softmax(0, 0), flips(0, 0, 0.018), *_dead(layers((0, 0))),
        ),
        "Undefined. Every image has the same features, so there is no distance to measure against. The "
        "output is the same for every image, which is no invariance. No layer has a live channel.",
    ),
    Situation(
        "too large for floating point",
        result(entry("latent.l2", None, notes=("undefined: the value is too large for floating point",))),
        "Undefined. The value is too large for floating point.",
    ),
    Situation(
        "an interval that is withheld",
        result(features(0.25, notes=("interval withheld: the rows are too large for floating point",))),
        f"No verdict. {MIRROR} 25% as far as another image is away, but there is no interval: the rows are "
        "too large for floating point, so that is not an estimate.",
    ),
    Situation(
        "constant output",
        result(features(0.03, 0.02, 0.04), softmax(0, 0), flips(0, 0, 0.018)),
        f"Features nearly invariant. {MIRROR} 3% as far as another image is away (2 to 4%). The output is the "
        "same for every image, which is no invariance.",
    ),
    Situation(
        "random, insensitive",
        result(features(0.59, 0.53, 0.64), softmax(0.0018, 0.0105), flips(0, 0, 0.088), count=40),
        f"Features partly invariant. {MIRROR} 59% as far as another image is away (53 to 64%). The output "
        "hardly reacts to any image (0.011 nats between images): insensitive there, not invariant.",
    ),
    Situation(
        "insensitive, and nothing else is said of its predictions",
        result(
            features(0.51, 0.46, 0.54, of="c8", floor=0.1),
            softmax(0.0018, 0.0105, of="c8", floor=0.0017, notes=("1 of 40 images carry half of the mean",)),
            flips(0.02, 0, 0.088, of="c8", floor=0.02), groups=[group("c8")], count=40,
        ),
        f"Features partly invariant. {TURNED} 51% as far apart as different images (46 to 54%). The output "
        "hardly reacts to any image (0.011 nats between images): insensitive there, not invariant.",
    ),
    Situation(
        "insensitive, group less still",
        result(features(0.04, 0.03, 0.05), softmax(0.0005, 0.0105), flips(0, 0, 0.088), count=40),
        f"Features nearly invariant. {MIRROR} 4% as far as another image is away (3 to 5%). The output hardly "
        "reacts to any image (0.011 nats between images), and to the group less still.",
    ),
    Situation(
        "insensitive, not to the group",
        result(features(0.7, 0.68, 0.73), softmax(0.02, 0.0105), flips(0, 0, 0.088), count=40),
        f"Features barely invariant. {MIRROR} 70% as far as another image is away (68 to 73%). The output "
        "hardly reacts to any image (0.011 nats between images), and no less to the group.",
    ),
    Situation(
        "c8 near its floor",
        result(
            features(0.3, 0.27, 0.33, of="c8", floor=0.2), softmax(of="c8"), flips(0.3, 0.2, 0.4, of="c8"),
            groups=[group("c8")],
        ),
        f"Features not told apart from resampling. {TURNED} 30% as far apart as different images (27 to 33%). "
        "Resampling there and back alone makes 23%; less than 60% is not told apart from that. The top class "
        "changes for 30% of copies (20 to 40%). The softmax moves little all the same: 0.050 nats, against 1.9 between "
        "images.",
    ),
    Situation(
        "c8 clear of its floor",
        result(
            features(0.51, 0.46, 0.54, of="c8", floor=0.12), softmax(of="c8"), flips(0.59, 0.47, 0.7, of="c8"),
            groups=[group("c8")],
        ),
        f"Features partly invariant. {TURNED} 51% as far apart as different images (46 to 54%). The top class "
        "changes for 59% of copies (47 to 70%). The softmax moves little all the same: 0.050 nats, against 1.9 between "
        "images.",
    ),
    Situation(
        "c8 above twice its floor, its interval not",
        result(
            features(0.51, 0.34, 0.54, of="c8", floor=0.12), flips(0.59, 0.47, 0.7, of="c8"), groups=[group("c8")],
        ),
        f"Features not told apart from resampling. {TURNED} 51% as far apart as different images (34 to 54%). "
        "Resampling there and back alone makes 14%; less than 36% is not told apart from that. The top class "
        "changes for 59% of copies (47 to 70%).",
    ),
    Situation(
        "twin better",
        result(features(0.4, 0.37, 0.44, twin=0.15), softmax(), TENTH),
        f"{PARTLY} ! one draw of random weights has less, 30%, so nothing shows that training brought it",
    ),
    Situation(
        "twin alike",
        result(features(0.4, 0.37, 0.44, twin=0.21), softmax(), TENTH),
        f"{PARTLY} ! one draw of random weights lies inside the interval: 42%",
    ),
    Situation(
        "twin further",
        result(features(0.4, 0.37, 0.44, twin=0.295), softmax(), TENTH),
        f"Features partly invariant. {MIRROR} 40% as far as another image is away (37 to 44%; random weights 59%). "
        f"{SELDOM}",
    ),
    Situation(
        "layers reversed",
        result(FORTY, softmax(), TENTH, *layers((0.1, 0.2, 0.5, 0.7))),
        f"{PARTLY} Layers get further from equivariance with depth: 10% of the way to another image's maps at "
        "stage1, 70% at stage4.",
    ),
    Situation(
        "layers without a trend",
        result(FORTY, softmax(), TENTH, *layers((0.4, 0.7, 0.3, 0.5))),
        f"{PARTLY} Layers show no trend: 30% of the way to another image's maps at stage3, 70% at stage2.",
    ),
    Situation(
        "layers fall, but their ends' intervals meet",
        result(FORTY, softmax(), TENTH, *layers((0.5, 0.45, 0.42, 0.38), half=0.07)),
        f"{PARTLY} Layers show no trend: 38% of the way to another image's maps at stage4, 50% at stage1.",
    ),
    Situation(
        "layers alike",
        result(FORTY, softmax(), TENTH, *layers((0.42, 0.4, 0.45))),
        f"{PARTLY} Layers are all 40 to 45% of the way to another image's maps.",
    ),
    Situation(
        "late layers like the null",
        result(features(0.59, 0.53, 0.64), softmax(), TENTH, *layers((0.2, 0.4, 0.6, 0.95, 1.02))),
        f"Features partly invariant. {MIRROR} 59% as far as another image is away (53 to 64%). {SELDOM} "
        "Layers get further from equivariance with depth: 20% of the way to another image's maps at stage1, "
        "102% at stage5. ! another image's maps would do about as well at stage4 and stage5",
    ),
    Situation(
        "layers whose twin is nearer to perfect, but not to its own null",
        result(FORTY, TENTH, *_twins((0.55, 0.45, 0.4), (0.2, 0.46, 0.39))),
        f"{PARTLY} Layers show no trend: 40% of the way to another image's maps at stage3, 55% at stage1. ! "
        "one draw of random weights is no further from equivariance at stage1, stage3",
    ),
    Situation(
        "all layers like the null",
        result(features(0.95, 0.92, 0.99), softmax(), TENTH, *layers((0.95, 1.0, 1.02))),
        f"Features not invariant. {MIRROR} 95% as far as another image is away (92 to 99%). {SELDOM} Every "
        "layer follows the group about as well as another image's maps would.",
    ),
    Situation(
        "one layer",
        result(FORTY, TENTH, *layers((0.42,))),
        f"{PARTLY} Layer stage1 is 42% of the way to another image's maps (40 to 44%).",
    ),
    Situation(
        "layers of an earlier result have no interval on the scale",
        result(
            FORTY, TENTH,
            *[
                each.model_copy(update={"to_another": None, "per_element": {"e": -1.0, "m": -1 + 0.8 * part}})
                for each, part in zip(layers((0.5, 0.2)), (0.5, 0.2), strict=True)
            ],
        ),
        f"{PARTLY} Layers are about 50% of the way to another image's maps at stage1 and about 20% at stage2, "
        "without an interval.",
    ),
    Situation(
        "one of three layers has no null",
        result(
            FORTY, TENTH, *layers((0.5, 0.2)), entry("channelwise.cosine", -0.5, -0.52, -0.48, layer="mean"),
        ),
        f"{PARTLY} The 2 layers that have a place on the scale get closer to equivariance with depth: 50% of the "
        "way to another image's maps at stage1, 20% at stage2.",
    ),
    Situation(
        "no null, so nothing on layers",
        result(FORTY, TENTH, entry("channelwise.cosine", -0.5, -0.52, -0.48, layer="stage1")),
        PARTLY,
    ),
    Situation(
        "rounding that is not small",
        result(features(0.01, 0.005, 0.02, rounding=0.01), TENTH),
        f"Features not told apart from rounding. {MIRROR} 1% as far as another image is away (<1 to 2%). That is "
        f"within ten roundings, which are not small here; --precision fp64 rounds less. {SELDOM}",
    ),
    Situation(
        "a class that whole percents would hide",
        result(features(0.0911, 0.08, 0.0996), TENTH),
        f"Features nearly invariant. {MIRROR} 9.11% as far as another image is away (8.00 to 9.96%). {SELDOM}",
    ),
    Situation(
        "no function of one image",
        result(
            features(0.4, 0.37, 0.44, repeat=0.25), flips(0.1, 0.06, 0.15, repeat=0.2),
            *layers((0.5, 0.2), repeat=-0.95),
            unsteady={"site": "drop", "movement": 0.1, "sentence": "the same picture, shown again, moved drop by 10%"},
        ),
        "No verdict. The network is no function of one image, so that values are about chance or neighbours, "
        "too. A picture shown again moves its features 25% as far as another image is away. ! latent.l2, "
        "prediction.flip_rate are no larger than their repeats, which means nothing",
    ),
    Situation(
        "the identity alone",
        result(entry("latent.l2", 0.0, 0.0, 0.0, of="c1"), groups=[group("c1", elements=("e",))]),
        "No verdict. The identity is the only element, and it moves nothing.",
    ),
    Situation(
        "another measure alone",
        result(softmax(), TENTH),
        f"No verdict. softmax.kl is 0.050 (0.045 to 0.055); 0 is perfect. {SELDOM}",
    ),
    Situation(
        "top class alone",
        result(TENTH),
        f"No verdict. {SELDOM}",
    ),
    Situation(
        "a measure that is better the larger it is alone",
        result(entry("prediction.consistency", 0.875, 0.84, 0.91), entry("latent.relative", 0.2, 0.1, 0.3)),
        "No verdict. prediction.consistency is 88% (84 to 91%); 100% is perfect.",
    ),
    Situation(
        "a measure without a value alone",
        result(entry("lie.output", None)),
        "No verdict. lie.output is undefined.",
    ),
    Situation(
        "layers alone",
        result(*layers((0.72, 0.4, 0.09))),
        "No verdict. Layers get closer to equivariance with depth: 72% of "
        "the way to another image's maps at stage1, 9% at stage3.",
    ),
    Situation(
        "independent labels",
        result(FORTY, softmax(), TENTH, kind="sigmoid"),
        "Features partly invariant. Mirroring moves an image's features 40% as far as another image is away "
        "(37 to 44%). At least one label changes for 10% of 200 images (6 to 15%).",
    ),
    Situation(
        "independent labels, none changed",
        result(FORTY, softmax(), flips(0, 0, 0.018), kind="sigmoid"),
        "Features partly invariant. Mirroring moves an image's features 40% as far as another image is away "
        "(37 to 44%). No label changed for any image (0 to 2%).",
    ),
    Situation(
        "a class for each pixel",
        result(FORTY, entry("softmax.kl", 0.05, 0.04, 0.06), TENTH, kind="dense"),
        "Features partly invariant. Mirroring moves an image's features 40% as far as another image is away "
        "(37 to 44%). The top class changes for 10% of the pixels (6 to 15%).",
    ),
    Situation(
        "no predictions",
        result(
            FORTY, entry("prediction.flip_rate", None, status="not_applicable", notes=("it has no classifier",)),
            kind="none",
        ),
        f"Features partly invariant. {MIRROR} 40% as far as another image is away (37 to 44%).",
    ),
    Situation(
        "a spec says how the group acts on features and classes",
        result(FORTY, TENTH, actions={"features": {"regular": "flip"}, "logits": {"regular": "flip"}}),
        "Features partly equivariant. An image's mirrored copies, moved back by the declared action, lie 40% "
        "as far apart as different images (37 to 44%). The top class, moved back by the declared action, "
        "changes for 10% of 200 images (6 to 15%).",
    ),
    Situation(
        "a set",
        result(
            features(0.4, 0.37, 0.44, of="blur:1,2"), flips(0.1, 0.06, 0.15, of="blur:1,2"),
            entry("channelwise.cosine", -0.9, -0.91, -0.89, of="blur:1,2", layer="stage1"),
            groups=[group("blur:1,2", elements=("e", "blur1", "blur2"), kind="set", exact=False)],
        ),
        "Features partly invariant. An image's blurred copies lie 40% as far apart as different images (37 "
        "to 44%). The top class changes for 10% of copies (6 to 15%)."
    ),
    Situation(
        "a group of a file",
        result(
            features(0.4, 0.37, 0.44, of="pinwheel"),
            groups=[group("pinwheel", elements=("e", "r180*bgr"))],
        ),
        "Features partly invariant. Turning and exchanging colour channels moves an image's features 40% as "
        "far as another image is away (37 to 44%).",
    ),
    Situation(
        "a short type that moves as much as the interval is wide",
        result(
            features(0.4, 0.37, 0.44, precision_shift=0.03), TENTH, *layers((0.42, 0.4), precision_shift=0.01),
            settings={"precision": "bf16"},
        ),
        f"{PARTLY} Layers are all 40 to 42% of the way to another image's maps. ! bf16 may move latent.l2, "
        "stage1 and stage2 by more than half the width of the interval; --precision fp32 does not",
    ),
    Situation(
        "grid off centre",
        result(FORTY, TENTH, *layers((0.42, 0.4)), grid=_phases("flip", ["stage1", "stage2"], 225)),
        f"{PARTLY} Layers are all 40 to 42% of the way to another image's maps. ! at 224 px the grid of every "
        "layer is off the picture's centre, which may explain part of what the layers show; --img-size 225 "
        "avoids it",
    ),
    Situation(
        "outputs not above twice their floor, a lopsided mean",
        result(
            features(0.51, 0.46, 0.54, of="c8", floor=0.1, notes=("3 of 200 images carry half of the mean",)),
            softmax(of="c8", floor=0.04), flips(0.1, 0.06, 0.15, of="c8", floor=0.06), groups=[group("c8")],
        ),
        f"Features partly invariant. {TURNED} 51% as far apart as different images (46 to 54%). The top class "
        "changes for 10% of copies (6 to 15%). The softmax moves little all the same: 0.050 nats, against 1.9 between "
        "images. ! resampling alone may explain softmax.kl, prediction.flip_rate, below twice the floor ! 3 "
        "of 200 images carry half of the mean of latent.l2",
    ),
]  # fmt: skip
