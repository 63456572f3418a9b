"""Known answers at layers: channels that roll, the search that finds the roll, and grids that are off centre."""

from collections.abc import Iterator

from geed_cli.discovery.verdict_words import WORDS
from geed_cli.models.network import OUTPUT
from geed_cli.models.output import NO_LOGITS
from geed_cli.report.selftest_report import Finding
from geed_cli.result.schema import Result
from geed_cli.selftest.bench import WHY_ROUNDING, Bench, value_of, wrap
from geed_cli.selftest.convolutions import ODD_SIZE, SymmetricStrided, lifting_network
from geed_cli.selftest.expectation import above, near, word

COSINE = "channelwise.cosine"
UNEQUAL = -0.9
"""Maps of noise that are not equal have cosines well above this: about −0.5 behind a ReLU, about 0 without."""


def lifting(bench: Bench) -> Iterator[Finding]:
    """A lifting convolution is equivariant if its channels roll as well."""
    for declared in (True, False):
        result = bench.audit(lifting_network(declared=declared), "c4", (COSINE,))
        cosine = value_of(result, COSINE, "relu")
        if declared:
            yield near(
                f"{COSINE}, roll declared",
                -1.0,
                cosine,
                tolerance=bench.rounding,
                reason=f"f(gx) has the maps of g·f(x), each one channel further; {WHY_ROUNDING}",
            )
        else:
            yield above(
                f"{COSINE}, nothing declared",
                UNEQUAL,
                cosine,
                reason="without the roll, maps of differently turned filters are compared",
            )


def discovered(bench: Bench) -> Iterator[Finding]:
    """The search finds the roll that is not declared."""
    result = bench.audit(lifting_network(declared=False), "c4", (COSINE,), discover="permutation")
    (hidden,) = result.hidden_actions
    # channel h of f(gx) is channel h − 1 of g·f(x), in each field of four
    roll = [4 * (i // 4) + (i - 1) % 4 for i in range(12)]
    source = hidden.maps.get("r90", ())
    yield near(
        "channels that r90 rolls",
        12.0,
        float(sum(i == j for i, j in zip(source, roll, strict=False))),
        tolerance=0.0,
        reason="all 12 channels: channel h of f(gx) is channel h − 1 of g·f(x), in each field of four",
    )
    yield word(
        "verdict: a hidden action",
        "yes",
        "yes" if hidden.verdict == WORDS["hidden"] else hidden.verdict,
        reason="the permutations explain images that they were not fitted to, and compose as C4 does",
    )


def grid_phase(bench: Bench) -> Iterator[Finding]:
    """A flip-symmetric convolution with stride 2 is flip-equivariant at odd sizes alone."""
    even, odd = (_strided(bench, size) for size in (ODD_SIZE + 1, ODD_SIZE))
    yield above(
        f"{COSINE} at {ODD_SIZE + 1} pixels",
        UNEQUAL,
        value_of(even, COSINE, "conv"),
        reason="k3/s2/p1 samples an even row half a pixel off its middle: mirrored maps show other pixels",
    )
    yield near(
        f"{COSINE} at {ODD_SIZE} pixels",
        -1.0,
        value_of(odd, COSINE, "conv"),
        tolerance=bench.rounding,
        reason=f"the samples of an odd row lie about its middle; {WHY_ROUNDING}",
    )
    yield word(
        f"grid phase at {ODD_SIZE + 1} pixels",
        "off, next clean 17",
        _phase(even),
        reason="the analysis of the sampling grid names the layer, and the next size at which it is centred",
    )
    yield word(
        f"grid phase at {ODD_SIZE} pixels", "clean", _phase(odd), reason="the grid lies about the middle"
    )


def _strided(bench: Bench, size: int) -> Result:
    network = wrap(SymmetricStrided, size, OUTPUT, layers=("conv",), output=NO_LOGITS)
    return bench.audit(network, "flip", (COSINE,))


def _phase(result: Result) -> str:
    """What the result says about the grid of the one layer."""
    broken = [finding for finding in result.grid_phase if finding.layer == "conv"]
    return f"off, next clean {broken[0].clean_size}" if broken else "clean"
