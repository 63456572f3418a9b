"""States of an entry and of a run, and options that results record."""

from geed_cli.explanation import Explanation
from geed_cli.report.explain.words.word import Word

RESULT_WORDS = (
    Word(
        "ok",
        Explanation(
            what="the value stands; of a self-test, what was found is what is known.",
            see=("undefined", "not applicable"),
        ),
    ),
    Word(
        "undefined",
        Explanation(
            what="the value has no meaning here, such as a distance over M = 0; a note says why.",
            reading="The raw mean may still stand. Of one image there is no M.",
            see=("M", "not applicable"),
        ),
    ),
    Word(
        "not applicable",
        Explanation(
            what="the measure cannot be taken here, such as softmax.kl without class scores; a note says why.",
            reading="A gate's rule on it is an error.",
            see=("none", "undefined"),
        ),
        ("not_applicable",),
    ),
    Word(
        "complete",
        Explanation(what="every image that was drawn is in the result.", see=("partial",)),
    ),
    Word(
        "partial",
        Explanation(
            what="the run ended early; the numbers are of the images done by then.",
            reading="Gates refuse it, and comparisons refuse it beside a complete one. Of a track: checkpoints are "
            "still to be audited.",
            see=("complete",),
        ),
    ),
)
OPTION_WORDS = (
    Word(
        "decode",
        Explanation(
            what="how pictures become pixels (--decode): exact resizes them with Pillow, as timm and torchvision do, "
            "fast with torch's antialiased resizing.",
            reading="fast takes half the time for large photographs, on x86 processors with AVX2, and all pixels are "
            "within a level or two of 255 of exact's. Results record it as fast-2; fast in them is what 0.1.0 did, "
            "which reduced large JPEGs while they were decoded. Results of different ways are not compared.",
            see=("signature",),
        ),
        ("fast",),
    ),
    Word(
        "image weights",
        Explanation(
            what="how much each audited image counts (--image-weights): alike, every class alike (balanced), or as a "
            "CSV file with the columns path and weight says.",
            formula="value Σω_i v_i/Σω, M = Σ_{i≠j} ω_i ω_j d_ij/Σ_{i≠j} ω_i ω_j, for weights ω_i",
            reading="The numbers are those of pictures that come as often as their weights say. Unequal weights cost "
            "width: (Σω)²/Σω² images that count alike would tell as much. Controls count images alike. Results of "
            "different weights are not compared.",
            example="90 cats and 10 dogs, balanced: a cat counts 0.56 and a dog 5, and 36 images that count alike "
            "would tell as much.",
            source="Kish (1965), Survey sampling",
            see=("signature",),
        ),
        ("balanced", "weighted"),
    ),
    Word(
        "precision",
        Explanation(
            what="the floating-point type that the network runs in (--precision): fp32, fp64, bf16 or fp16; sums "
            "are in fp64 always.",
            reading="bf16 and fp16 are set against fp32 on a few images: precision_shift says how far they moved "
            "values. fp64 has next to no rounding and is slow.",
            see=("precision_shift", "rounding"),
        ),
        ("fp32", "fp64", "bf16", "fp16", "tf32"),
    ),
)
