"""Hidden actions: what ``--discover`` prints."""

from geed_cli.explanation import PAPER, Explanation
from geed_cli.report.explain.words.word import Word

DISCOVERY_WORDS = (
    Word(
        "hidden",
        Explanation(
            what="an action of the group on a layer's channels that nobody declared: a permutation or a linear "
            "mixing, which --discover looks for.",
            formula="f(gx) ≈ ρ_g (g·f(x)), ρ_g fitted on half of the images and scored on the other half",
            source="geed; the paper names it as the limit of its measures in section 5",
            see=("explained", "defect", "before", "after"),
        ),
        ("permutation", "linear", "hidden permutation", "hidden linear", "ridge", "procrustes"),
    ),
    Word(
        "before",
        Explanation(
            what="a layer's channelwise deviation without a hidden action, mean over the elements other than e.",
            range="−1 to 1",
            see=("after", "unmoved", "explained"),
        ),
    ),
    Word(
        "after",
        Explanation(
            what="a layer's channelwise deviation with the hidden action that was found, on images not fitted.",
            range="−1 to 1",
            see=("before", "explained"),
        ),
    ),
    Word(
        "unmoved",
        Explanation(
            what="a layer's channelwise deviation from f(x) itself, nothing moved: −1 where it is merely invariant.",
            range="−1 to 1",
            see=("before",),
        ),
    ),
    Word(
        "explained",
        Explanation(
            what="how much of the way from another image's maps to perfect equivariance is covered, without → with "
            "the hidden action.",
            formula="κ = (v₀ − v)/(v₀ − b), v the deviation, v₀ its null, b the best that can be reached",
            range="0%, as good as another image, to 100%, perfect",
            reading="An action holds where κ ≥ 90% at one-sided 95% confidence.",
            example="v = −0.85, v₀ = −0.25, b = −1: κ = 80%.",
            see=("defect", "null"),
        ),
        ("κ",),
    ),
    Word(
        "defect",
        Explanation(
            what="how far the maps that were found are from composing as the group does.",
            formula="mean over g, h ≠ e of ‖ρ(gh) − ρ(g)ρ(h)‖² / (2 ‖ρ(gh)‖ ‖ρ(g)ρ(h)‖)",
            range="0, they compose, to about 1, unrelated",
            reading="At most 0.1 is asked for. It says much for c4, little for flip.",
            see=("hidden",),
        ),
    ),
    Word(
        "equivariant as it is",
        Explanation(
            what="the transformed maps explain the maps of the transformed picture; no channel map is needed.",
            see=("explained",),
        ),
    ),
    Word(
        "equivariant",
        Explanation(
            what="transforming the picture transforms the layer's maps alike: f(gx) = g·f(x).",
            reading="Of layers, whose maps lie on the picture. In an audit's sentences 0% is equivariant and 100% is "
            "what another image's maps do.",
            source=f"{PAPER}, section 2",
            see=("invariant", "layers", "equivariant as it is"),
        ),
        ("equivariance",),
    ),
    Word(
        "invariant",
        Explanation(
            what="transforming the picture changes nothing: f(gx) = f(x).",
            reading="Of features and predictions. How nearly is said in words with ends on the scale: see classes.",
            source=f"{PAPER}, section 2",
            see=("classes", "equivariant", "merely invariant"),
        ),
        ("invariance",),
    ),
    Word(
        "equivariant under a hidden action",
        Explanation(
            what="a permutation or mixing of channels explains the layer on images that were not fitted, and "
            "composes as the group does.",
            see=("hidden", "defect"),
        ),
    ),
    Word(
        "merely invariant",
        Explanation(
            what="the layer's maps do not move at all: f(gx) ≈ f(x), neither pixels nor channels.",
            see=("unmoved",),
        ),
    ),
    Word(
        "neither equivariant nor invariant",
        Explanation(
            what="no action that was looked for explains the layer.",
            see=("explained",),
        ),
        ("neither",),
    ),
)
