"""What the paper measures, and the scale on which values are printed."""

from geed_cli.explanation import PAPER, Explanation
from geed_cli.measures.channelwise import COSINE
from geed_cli.measures.latent import L2
from geed_cli.report.explain.words.word import Word

SCALE_WORDS = (
    Word(
        "scale",
        Explanation(
            what="how far a transformed image is on the way to being another image: 0% unchanged, 100% another image.",
            formula="latent.l2: mean over g ≠ h of ‖ρ(g)⁻¹f(gx) − ρ(h)⁻¹f(hx)‖, over M. It equals value / U(n), "
            "U(n) = √((1 − 1/n)/2), for n = 2 always, and for more copies only where they are spread evenly.\n"
            "layers: (1 + mean over g ≠ e) / (1 + null), the null over g ≠ e as well\n"
            "prediction.flip_rate: the rate itself\n"
            "softmax.kl: a mark only, value over the smaller of sensitivity and ln n, an upper bound of what another "
            "image would have\n"
            "floor of latent.l2: floor · n/(n − 1), over 1, since it is a distance from f(x) and e moves nothing",
            range="0% to 100%, and more where copies lie further apart than different images",
            reading="In tables the scale's ends are called same and other. Results of before geed.result/2 have "
            "value / U(n) instead, which is “about” the same for more than two copies. In files it is to_another, "
            "with an interval of its own.",
            example="latent.l2 0.096 under flip, where U(2) = 0.50, is 19%: a mirrored picture's features lie a "
            "fifth as far from its own as another picture's do.",
            see=("classes", "U", "features", "layers", "floor", "null"),
        ),
        ("to_another", "same", "other", "same other", "way"),
    ),
    Word(
        "U",
        Explanation(
            what="the latent.l2 of n copies as far apart as different images: distances are to the copies' mean, so "
            "it is less than 1.",
            formula="U(n) = √((1 − 1/n)/2), n the group's order",
            range="0.50 to 0.71",
            reading="Exact for n = 2, whatever the features are; for more copies where they are spread evenly.",
            example="0.50 under flip, 0.61 under c4, 0.66 under c8.",
            see=("scale", L2.name),
        ),
        ("U(n)",),
    ),
    Word(
        "features",
        Explanation(
            what="f1(x), the numbers that the classifier reads: the network up to its last layer.",
            reading="latent.l2 measures how far they move. Invariant features serve any classifier put on them; a "
            "classifier can also be invariant on features that are not.",
            source=f"{PAPER}, section 3",
            see=(L2.name, "scale", "split"),
        ),
        ("f1", "latent space"),
    ),
    Word(
        "layers",
        Explanation(
            what="modules of the network whose output is a stack of maps, C channels of H × W numbers.",
            formula="percentage: (1 + mean over g ≠ e of channelwise.cosine) / (1 + null)",
            reading="0% is equivariant: the map of a transformed picture is the transformed map. 100% is as far as "
            "another image's maps are.",
            example="The elements other than e have −0.40 and the null is −0.17: 72% off.",
            source=f"{PAPER}, eq. (5); the percentage is geed's",
            see=(COSINE.name, "null", "scale"),
        ),
        ("layer", "audited", "first to last", "maps"),
    ),
)
PAPER_WORDS = (
    Word(
        "G-EED",
        Explanation(
            what="the G-empirical equivariance deviation: how far a network is from being equivariant or invariant, "
            "for a finite group G and a set of images D.",
            formula="f(gx) = ρ(g)f(x): f is equivariant; invariant where ρ(g) = 1; eq. (1)\n"
            "f̂(x) = mean of f(kx) over k in ker(ρ), the elements that ρ makes the identity; eq. (2)\n"
            "E(f, G) = 1/(|D||G|) Σ_x Σ_g m(f(gx), ρ(g)f̂(x)); eq. (4)\n"
            "m is minus the mean cosine of channels; eq. (5)\n"
            "m is a distance of features, over M; eq. (6)",
            reading="Larger is further from invariance or equivariance. Where ρ(g) = 1, f̂ is the mean of all "
            "copies (orbit mean); where G moves the output as it moves pictures, f̂ = f.",
            source=PAPER,
            see=("measure", "action", "group"),
        ),
        (
            "geed",
            "f̂",
            "p̂",
            "orbit mean",
            "eq. (1)",
            "eq. (2)",
            "eq. (4)",
            "eq. (5)",
            "eq. (6)",
            "paper",
            "n",
            "|G|",
        ),
    ),
)
