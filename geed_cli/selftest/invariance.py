"""Known answers of the latent measures and the softmax: noise, votes, and networks that are invariant by theorem."""

import math
from collections.abc import Iterator

from geed_cli.models.network import OUTPUT, Site
from geed_cli.models.output import NO_LOGITS, Output
from geed_cli.report.selftest_report import Finding
from geed_cli.selftest.bench import WHY_ROUNDING, Bench, raw_of, value_of, wrap
from geed_cli.selftest.convolutions import ODD_SIZE, GroupAveraged, plain_network
from geed_cli.selftest.expectation import above, near, word
from geed_cli.selftest.voting import PICTURE_SIZE, Brightness, Pixels, constant_network, voting_network

NOISE_SIZE = 64
L2_SCATTER, COSINE_SCATTER = 0.0008, 0.0014
"""Standard errors for 20 pictures of 3·64² uniform pixels, from 60 simulations in numpy that share no code with this
(the larger of flip and c4). Mirrors on diagonals fix pixels, so that d4 has another answer."""
ENTROPY_GAP = 0.368064
"""ln 2 − H(.9), nats."""


def white_noise(bench: Bench) -> Iterator[Finding]:
    """Pixels of noise as features: the members of an orbit are n unrelated vectors of one length."""
    pixels = wrap(Pixels, NOISE_SIZE, Site("features", "output"), output=NO_LOGITS)
    for group, n in (("flip", 2), ("c4", 4)):
        result = bench.audit(pixels, group, ("latent.*",))
        yield near(
            f"latent.l2 under {group}",
            math.sqrt((1 - 1 / n) / 2),
            value_of(result, "latent.l2"),
            tolerance=5 * L2_SCATTER,
            reason="sqrt((1 − 1/|G|)/2): x − mean has variance 1 − 1/|G|, x − x' has 2; ± five standard errors",
        )
        yield near(
            f"latent.cosine under {group}, raw",
            -1 / math.sqrt(n),
            raw_of(result, "latent.cosine"),
            tolerance=5 * COSINE_SCATTER,
            reason="−1/sqrt(|G|), for a vector and the mean of |G| unrelated ones; ± five standard errors",
        )


def swapped_predictions(bench: Bench) -> Iterator[Finding]:
    """(.9, .1) and (.1, .9)."""
    result = bench.audit(voting_network(2, math.log(9)), "flip", ("softmax.kl", "prediction.flip_rate"))
    yield near(
        "softmax.kl, nats",
        ENTROPY_GAP,
        value_of(result, "softmax.kl"),
        tolerance=1e-6,
        reason="ln 2 − H(.9), printed to six digits; logits of ln 9 in float32 are good to 1e-7",
    )
    yield near(
        "prediction.flip_rate",
        1.0,
        value_of(result, "prediction.flip_rate"),
        tolerance=0.0,
        reason="the mirror swaps the brighter half, so that every prediction flips",
    )


def kinds_of_output(bench: Bench) -> Iterator[Finding]:
    """What swapped predictions are as probabilities, as the logits of labels, and at every pixel."""
    metrics = ("softmax.kl", "prediction.flip_rate")
    pair = "(.9, .1) and (.1, .9) again"
    for name, network, kl, flips, reason in (
        (
            "probabilities",
            voting_network(2, math.log(9), Output("probabilities", (2,), probable=True)),
            ENTROPY_GAP,
            1.0,
            f"{pair}: the softmax is not taken twice",
        ),
        (
            "labels",
            voting_network(2, 2 * math.log(9), Output("sigmoid", (2,)), centred=True),
            ENTROPY_GAP,
            1.0,
            f"{pair}, for either label: its logit is ln 9 or −ln 9",
        ),
        (
            "pixels",
            wrap(Brightness, PICTURE_SIZE, OUTPUT, output=Output("dense", (2, PICTURE_SIZE, PICTURE_SIZE))),
            0.0,
            0.0,
            "what is said of a pixel is made of it alone, so that it moves with the picture",
        ),
    ):
        result = bench.audit(network, "flip", metrics)
        found, flipped = (value_of(result, metric) for metric in metrics)
        why = f"{reason}; float32 is good to 1e-7"
        yield near(f"softmax.kl of {name}, nats", kl, found, tolerance=1e-6, reason=why)
        yield near(f"flip rate of {name}", flips, flipped, tolerance=0.0, reason=reason)


def one_hot_predictions(bench: Bench) -> Iterator[Finding]:
    """A class of its own for every element."""
    for group, n in (("flip", 2), ("c4", 4), ("d4", 8)):
        # softmax is taken in float64, where exp(−1000) is 0
        result = bench.audit(voting_network(n, 1000.0), group, ("softmax.kl",))
        yield near(
            f"softmax.kl under {group}, nats",
            math.log(n),
            value_of(result, "softmax.kl"),
            tolerance=1e-12,
            reason="ln|G|, the bound; probabilities are exactly 0 and 1, and float64 sums round to 1e-15",
        )


def group_averaged(bench: Bench) -> Iterator[Finding]:
    """A network averaged over D4 is invariant under D4."""
    averaged = wrap(GroupAveraged, ODD_SIZE, Site("mean", "output"))
    result = bench.audit(averaged, "d4", ("latent.*", "softmax.kl"))
    for quantity, expected, found in (
        ("latent.l2", 0.0, value_of(result, "latent.l2")),
        ("latent.cosine, raw", -1.0, raw_of(result, "latent.cosine")),
    ):
        reason = f"f(gx) and f(x) are means of the same eight terms; {WHY_ROUNDING}"
        yield near(quantity, expected, found, tolerance=bench.rounding, reason=reason)
    yield near(
        "softmax.kl",
        0.0,
        value_of(result, "softmax.kl"),
        tolerance=1e-8,
        reason="divergences grow with the square of a difference, and logits of order 10 differ by 1e-5 in float32",
    )
    plain = bench.audit(plain_network(), "d4", ("latent.l2", "softmax.kl"))
    for metric, bound in (("latent.l2", 0.1), ("softmax.kl", 0.01)):
        reason = (
            "the same network before it is averaged has no symmetry: the zeros above are no matter of course"
        )
        yield above(f"{metric}, not averaged", bound, value_of(plain, metric), reason=reason)


def constant(bench: Bench) -> Iterator[Finding]:
    """A network that ignores its input is not called invariant."""
    result = bench.audit(constant_network(), "c4", ("latent.l2", "softmax.kl"))
    yield word(
        "latent.l2",
        "undefined",
        value_of(result, "latent.l2"),
        reason="M = 0: all pictures have the same features, and 0/0 is no number",
    )
    yield near(
        "softmax.kl",
        0.0,
        value_of(result, "softmax.kl"),
        tolerance=1e-12,
        reason="all predictions are equal; the mean of equal float64 numbers rounds to 1e-16",
    )


def trivial_group(bench: Bench) -> Iterator[Finding]:
    """G = {e}: every picture is compared with itself."""
    result = bench.audit(plain_network(), "c1")
    for quantity, expected, found in (
        ("latent.l2", 0.0, value_of(result, "latent.l2")),
        ("latent.cosine, raw", -1.0, raw_of(result, "latent.cosine")),
        ("softmax.kl", 0.0, value_of(result, "softmax.kl")),
        ("channelwise.cosine at block1", -1.0, value_of(result, "channelwise.cosine", "block1")),
        ("channelwise.cosine at block2", -1.0, value_of(result, "channelwise.cosine", "block2")),
    ):
        # products of two maps are rounded to their own precision before they are summed
        reason = "x is compared with itself: nothing differs; ±1e-6 is for float32 products in cosines"
        yield near(quantity, expected, found, tolerance=1e-6, reason=reason)
