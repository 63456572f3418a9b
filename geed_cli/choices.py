"""Words that a user chooses among, each list once: options, help texts, schemas and checks all read it here.

Lists that one room alone knows stay in that room. Needs neither numpy nor torch, so that ``--help`` stays light.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Literal, get_args

from geed_cli.errors import InputError, meant, nearest
from geed_cli.explanation import PAPER, Explanation

IntervalMethod = Literal[
    "bootstrap-t", "percentile", "bca", "studentized", "corrected-t", "cautious-t", "bounded"
]
"""``statistics.methods`` has what each of them computes."""
_FEW_FAR = (
    "20 images, ten of 0.01 nats, six of 0.02, three of 0.03 and one of 0.10, have the mean 0.0205 and "
)
INTERVAL_METHODS: Mapping[IntervalMethod, Explanation] = {
    "bootstrap-t": Explanation(
        what="the interval method unless --ci says otherwise: quantiles of resampled t statistics on the measure's "
        "natural scale, widened where tails are heavy.",
        formula="ψ(θ) − T* w se, T* = (ψ(θ*) − ψ(θ))/se*, w = t_ν/t_{n−1}, mapped back through ψ; rates and rows that "
        "are all alike have exact limits instead",
        reading="Its 95% intervals held the true value in 94.0 to 97.4% of simulated audits of 50 images. "
        "It does not depend on the order of the images.",
        example=f"{_FEW_FAR}the 95% interval 0.012 to 0.078.",
        source="Efron 1979; Hall 1988; constants by simulation",
        see=("interval", "corrected-t", "bounded"),
    ),
    "corrected-t": Explanation(
        what="a jackknife interval on the measure's natural scale, corrected for skewness and heavy tails, which gates "
        "use.",
        formula="ψ(θ) ± t se ψ'(θ), the ends moved by Hall's cubic, mapped back through ψ; rates have exact limits",
        reading="Its 95% intervals held the true value in 93.5 to 97.0% of simulated audits of 50 images, and in "
        "93.8 to 95.7% of 200. It draws no random numbers.",
        example=f"{_FEW_FAR}the 95% interval 0.014 to 0.081: one far image says that there may be more.",
        source="Hall 1992; constants by simulation",
        see=("bootstrap-t",),
    ),
    "cautious-t": Explanation(
        what="corrected-t with its caution left in, for claims far beyond 95%; gates make their joint claims with it.",
        formula="as corrected-t, an end that skewness moves inwards moved halfway, fewer degrees of freedom",
        reading="Wider than corrected-t; what it still excludes is excluded surely.",
        example=f"{_FEW_FAR}the 95% interval 0.011 to 0.33.",
        source="Hall 1992; constants by simulation",
        see=("corrected-t", "fail"),
    ),
    "bounded": Explanation(
        what="limits with a guarantee: they hold at any number of images and for any distribution of the values, rare "
        "kinds of images among them, for measures whose values lie between two known numbers.",
        formula="the θ at which the mean over bets λ of the product of all 1 + λ(v_i − θ) is 2/α, on both sides; of "
        "rows of 0 or 1 Clopper and Pearson's",
        reading="Much wider than the default where all images are alike, since other kinds may be missing: 3.7/n of "
        "the measure's range at least. latent.l2 and latent.cosine have no such limits, nor have divergences "
        "without a bound.",
        example=f"{_FEW_FAR}of values that are at most ln 2 the 95% interval 0.013 to 0.14.",
        source="Waudby-Smith and Ramdas 2024; Orabona and Jun 2021; Clopper and Pearson 1934",
        see=("interval", "corrected-t", "rare kinds"),
    ),
    "percentile": Explanation(
        what="the interval between quantiles of bootstrap resamples of the images.",
        formula="the α/2 and 1 − α/2 quantiles of θ*",
        reading="Too narrow where few images carry the mean: 91.2 to 94.0% instead of 95% for latent.l2 of 50 images.",
        example=f"{_FEW_FAR}the 95% interval 0.014 to 0.030, blind to far images that were not drawn.",
        source="Efron 1979",
        see=("bca", "corrected-t"),
    ),
    "bca": Explanation(
        what="the percentile interval, corrected for bias and acceleration.",
        formula="quantiles of θ* at Φ(z₀ + (z₀ + z)/(1 − a(z₀ + z)))",
        reading="Better than percentile, still narrow for few images: 91.7 to 94.2% for latent.l2 of 50.",
        example=f"{_FEW_FAR}the 95% interval 0.015 to 0.038.",
        source="Efron 1987",
        see=("percentile", "corrected-t"),
    ),
    "studentized": Explanation(
        what="quantiles of resampled t statistics, of whole resamples and as they come, not widened as bootstrap-t's.",
        formula="ψ(θ) − T* se, T* = (ψ(θ*) − ψ(θ))/se*, mapped back through ψ",
        reading="Close to its level with 200 images; it fails on flip rates of few images (78.8% of 20).",
        example=f"{_FEW_FAR}the 95% interval 0.014 to 0.049.",
        source="Efron 1979; Hall 1992",
        see=("corrected-t",),
    ),
}
"""What ``geed explain`` says of each."""
DRAWING_METHODS: frozenset[IntervalMethod] = frozenset({"bootstrap-t", "percentile", "bca", "studentized"})
"""Those that draw resamples; the others need none."""
DEFAULT_METHOD: IntervalMethod = "bootstrap-t"
By = Literal["class"]
"""What numbers are also given of, each by itself: the classes of labelled pictures."""
Decode = Literal["exact", "fast"]
"""``exact`` resizes with Pillow, as timm and torchvision do; ``fast`` with torch, within two levels of 255."""
DECODED_AS: Mapping[Decode, str] = {"exact": "exact", "fast": "fast-2"}
"""What results and cached rows record. ``fast`` in them is 0.1.0's, which reduced large JPEGs while it decoded them."""
ImageSource = Literal[
    "folder", "list", "archive", "array", "bucket", "wds", "torch", "hfds", "files", "memory"
]
"""Where pictures are: below a folder, in the files of a list, in an archive, in an array's file, below a folder of a
bucket, in shards of WebDataset, in a data set of torchvision or of Hugging Face, in files that were named one by one in
Python, or in no file."""
NAMED: frozenset[ImageSource] = frozenset(
    {"folder", "list", "archive", "array", "bucket", "wds", "torch", "hfds"}
)
"""What a command line can name by ``--data``."""
Identity = Literal["bytes", "pixels"]
"""What identifies a picture, or what two of them share: a file's bytes, or the decoded size and pixels."""
OnBadImage = Literal["error", "skip"]
OnNonFinite = OnBadImage
EngineName = Literal["local", "ray", "slurm"]
OnUnsteady = Literal["error", "report"]
"""``report`` goes on with a network that is no function of one image, and says how far its values move."""
SumsBy = Literal["kernel", "torch"]
"""Who sums maps: the library that is compiled at installation, or torch; their sums differ in last digits."""
Discover = Literal["permutation", "linear"]
"""The kinds of hidden action that are looked for."""
WeightsFrom = Literal["spec", "random"]
"""``spec`` takes the weights that the reference means; ``random`` draws the architecture's initial ones."""
OutputKind = Literal["logits", "probabilities", "sigmoid", "dense", "none"]
"""What a network puts out, as predictions are read of it; docs/measures.md has what is made of each."""
OUTPUT_KINDS: Mapping[OutputKind, Explanation] = {
    "logits": Explanation(
        what="the output is class scores, of which a softmax makes probabilities.",
        formula="p = softmax(z) of K ≥ 2 scores z",
        reading="softmax.kl and prediction.flip_rate are about p.",
        example="Scores (2, 0) are the probabilities (0.881, 0.119).",
        source=f"{PAPER}, section 3.1",
        see=("probabilities", "sigmoid", "dense"),
    ),
    "probabilities": Explanation(
        what="the output is class probabilities already, which are not put through a softmax again.",
        formula="p = z / Σz of K ≥ 2 numbers z ≥ 0 that sum to 1",
        reading="As logits.",
        example="Outputs (0.9, 0.1) are the probabilities (0.9, 0.1); another softmax would make (0.690, 0.310) of "
        "them.",
        see=("logits",),
    ),
    "sigmoid": Explanation(
        what="the output is logits of independent labels, each on or off.",
        formula="p_k = 1/(1 + exp(−z_k)); softmax.kl is the mean over labels, a flip any sign that changes",
        reading="softmax.kl is at most ln 2, whatever the group.",
        example="Logits (2, 0) are the probabilities 0.881 and 0.500, which need not sum to 1.",
        see=("logits",),
    ),
    "dense": Explanation(
        what="the output is class scores for each pixel.",
        formula="softmax over K at each pixel; predictions are moved with the picture, and 0 is equivariant",
        reading="A network that says the same of every pixel is equivariant too. There is no sensitivity, and "
        "softmax.kl has no bound.",
        example="Of 4 × 4 pixels 2 have another class than the moved prediction: the flip rate is 12.5%.",
        see=("logits",),
    ),
    "none": Explanation(
        what="the output is nothing that predictions can be read of, or cannot be told; in place of an interval, "
        "that it is withheld.",
        reading="softmax.kl and prediction.flip_rate are not applicable; -v has the reason. A spec may declare "
        "split: {output: logits} or another kind.",
        see=("not applicable", "withheld", "logits"),
    ),
}
"""What ``geed explain`` says of each."""
OnUndecided = Literal["fail", "pass"]
GateFormat = Literal["text", "github"]
PAGE_SUFFIXES = (".html", ".htm")
"""Of report pages that are read; the first is written."""
Plot = Literal["depth", "polar", "elements", "images", "layers"]
"""The figures of a report page that ``geed report --plot`` draws by themselves."""


def check_whole(option: str, value: object) -> None:
    """Refuse what is no whole number, such as text, before arithmetic does so in words of its own.

    Raises:
        InputError: naming the option.
    """
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise InputError(
            f"{option} {value!r}, of type {type(value).__name__}",
            expected="a whole number",
            remedy=f"{option} 20",
        )


def check_choice(what: str, value: object, words: Sequence[str], usual: str | None = None) -> None:
    """Refuse a word that is none of the list, and propose the one most like it, else ``usual`` or the first.

    Raises:
        InputError: naming ``what``, the word and the list.
    """
    if value not in words:
        written = str(value).removeprefix("torch.")  # from Python it may be a device or a type of torch's
        near = nearest(written, words, 1) or [usual or words[0]]
        expected = f"{meant(written, words)}one of {', '.join(words)}"
        raise InputError(f"{what} {value!r}", expected=expected, remedy=f"use {near[0]}")


@dataclass(frozen=True)
class IntervalOptions:
    """How intervals are made.

    Attributes:
        confidence: nominal coverage in (0, 1).
        resamples: bootstrap resamples, where the method draws any.
        method: see docs/statistics.md, which has the measured coverage of each.
        seed: of the resamples.
        simultaneous: whether all intervals of the table hold together with that confidence.
    """

    confidence: float = 0.95
    resamples: int = 2000
    method: IntervalMethod = DEFAULT_METHOD
    seed: int = 0
    simultaneous: bool = False

    def __post_init__(self) -> None:
        check_whole("--resamples", self.resamples)
        check_whole("--seed", self.seed)
        check_choice("--ci", self.method, get_args(IntervalMethod), DEFAULT_METHOD)


@dataclass(frozen=True)
class View:
    """How a result is shown.

    Attributes:
        verbose: with every number and note.
        quiet: as one line of ``key=value``, without progress.
        linear: one statement a line, for screen readers.
    """

    verbose: bool = False
    quiet: bool = False
    linear: bool = False
