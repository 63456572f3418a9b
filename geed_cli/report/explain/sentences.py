"""Words of the verdicts and warnings of audits: what ``geed explain`` says of the rules in ``geed_cli.verdict``."""

from itertools import pairwise

from geed_cli.explanation import Explanation
from geed_cli.report.explain.words.word import Word
from geed_cli.statistics.validity import MIN_IMAGES
from geed_cli.verdict.classes import BARELY, MOSTLY, NEARLY, PARTLY, WORDS
from geed_cli.verdict.likeness import LIKE_FLOOR, LIKE_NULL
from geed_cli.verdict.predictions import CHANGES
from geed_cli.verdict.reaction import INSENSITIVE

AIMS = ("invariant", "equivariant")


def _spellings() -> tuple[str, ...]:
    """Every way in which verdicts name classes: ``mostly``, ``nearly or mostly invariant``."""
    both = [f"{first} or {second}" for first, second in pairwise(WORDS)]
    return (*WORDS, *both, *(f"{word} {aim}" for word in (*WORDS, *both) for aim in AIMS))


CLASS_WORDS = (
    Word(
        "classes",
        Explanation(
            what="the words for how far a group moves an image's features on the way to another image.",
            formula=f"nearly below {NEARLY:.0%}, mostly below {MOSTLY:.0%}, partly below {PARTLY:.0%}, barely below "
            f"{BARELY:.0%}, not from there on",
            reading="A verdict names the class in which all of the interval lies, both where it lies in two, and is "
            "undecided where it lies in more. It is of the features: where these are nearly or mostly invariant and "
            "answers change all the same, that is added. Equivariant stands in place of invariant where a spec "
            "declares how the group acts on the features.",
            example="18 to 21% is mostly invariant; 8 to 13% is nearly or mostly invariant.",
            see=("scale", "undecided", "interval", "but top classes change"),
        ),
        _spellings(),
    ),
    Word(
        "but top classes change",
        Explanation(
            what="the features are nearer to invariance than the answers: the top class changes for more than "
            f"{CHANGES:.0%} of the copies, by its whole interval.",
            reading="Features that move little can cross a boundary between classes. Of independent labels and of "
            "pixels it is these that change.",
            see=("classes", "prediction.flip_rate"),
        ),
        ("top classes change", "labels change", "classes of pixels change"),
    ),
    Word(
        "up to rounding",
        Explanation(
            what="the features differ by floating-point error only: all of the interval lies within ten roundings, "
            "which are small.",
            see=("rounding",),
        ),
        tuple(f"{aim} up to rounding" for aim in AIMS),
    ),
    Word(
        "exactly invariant",
        Explanation(
            what="every copy of an image has the same features, to the last bit.",
            see=("up to rounding",),
        ),
        tuple(f"exactly {aim}" for aim in AIMS),
    ),
    Word(
        "not told apart from rounding",
        Explanation(
            what="the value is within ten roundings, which are not small here, so nothing can be said.",
            reading="--precision fp64 rounds less.",
            see=("rounding", "up to rounding"),
        ),
    ),
    Word(
        "not told apart from resampling",
        Explanation(
            what=f"the interval reaches below {LIKE_FLOOR:g} floors, so resampling alone may explain the value.",
            reading="--interpolation bicubic loses less, and mirrors and quarter turns lose nothing.",
            see=("floor",),
        ),
    ),
    Word(
        "no verdict",
        Explanation(
            what=f"the numbers are no estimate: fewer than {MIN_IMAGES} images, no interval, a network that is no "
            "function of one image, or a group of the identity alone.",
            see=("withheld", "repeat"),
        ),
        ("features not audited",),
    ),
    Word(
        "can be audited",
        Explanation(
            what="in 'geed inspect': the network runs, gives one picture one answer, and has features, predictions and "
            "layers that can be compared.",
            reading="It is found with plain pictures and noise, so that a file or option of an audit may still be "
            "refused.",
            see=("split", "can be audited in part", "cannot be audited as it is"),
        ),
    ),
    Word(
        "can be audited in part",
        Explanation(
            what="in 'geed inspect': features can be audited, and predictions or layers cannot; the sentences after it "
            "say why.",
            reading="Of what is missing an audit has rows that are not applicable. A spec can declare what could not "
            "be told.",
            see=("not applicable", "spec", "can be audited"),
        ),
    ),
    Word(
        "cannot be audited as it is",
        Explanation(
            what="in 'geed inspect': an audit would end without a number, since the network is no function of one "
            "image, or a layer or the split that a spec names cannot be read.",
            reading="The sentence after it says what was found, the last line what to do.",
            see=("no function of one image", "split", "exit 2"),
        ),
    ),
    Word(
        "insensitive",
        Explanation(
            what=f"the output hardly reacts to any image: the sensitivity is below {INSENSITIVE:.0%} of ln(images).",
            reading="A network that says the same of every image is invariant to everything, which is no merit. It "
            "is also a sign of wrong weights or preprocessing: geed inspect MODEL.",
            example="40 images and a sensitivity of 0.011 nats: below 0.074, insensitive.",
            see=("sensitivity",),
        ),
    ),
)
WARNING_WORDS = (
    Word(
        "no function of one image",
        Explanation(
            what="the same picture gave two answers: the network draws random numbers, mixes the images of a batch, "
            "or remembers.",
            reading="Values are about chance or neighbours, too. Put it into a state without these and audit again.",
            see=("repeat",),
        ),
    ),
    Word(
        "cannot be measured",
        Explanation(
            what="in 'geed inspect': these layers' outputs are not read as maps, so that an audit leaves them out.",
            reading="Where the layout is undeclared, a spec can say how the axes lie (layouts, tokens); what is no map "
            "in any way stays out.",
            see=("layers", "undeclared", "not applicable"),
        ),
    ),
    Word(
        "the run ended early",
        Explanation(what="the numbers are of the images done by then.", see=("partial",)),
    ),
    Word(
        "the weights are random",
        Explanation(
            what="the network is as it was before training: its numbers say nothing of a trained one.",
            reading="A network that nobody trained can be invariant, and is often insensitive. Name weights instead: "
            "leave out --weights random; where a spec says weights: {origin: random}, give --checkpoint FILE, or say "
            "weights: {origin: file, path: FILE} there.",
            see=("twin", "insensitive"),
        ),
        ("random weights, which say nothing", "has random weights", "have random weights"),
    ),
    Word(
        "too few for intervals",
        Explanation(
            what=f"below {MIN_IMAGES} images intervals are withheld, since they would promise too much.",
            see=("withheld",),
        ),
    ),
    Word(
        "asked for",
        Explanation(
            what="a run with --until-width used up its images before every watched interval was as narrow as asked "
            "for.",
            reading="More images (--max-samples) narrow them: four times as many halve them.",
            see=("interval", "images to decide"),
        ),
        ("wider than",),
    ),
    Word(
        "were refused",
        Explanation(
            what="files of the folder, or items of another source, are no pictures by their name or format, are links, "
            "or cannot be decoded (--on-bad-image skip leaves these out and draws others).",
            reading="-v and the result list them with their reasons.",
        ),
        ("refused", "was refused", "could not be read", "left out"),
    ),
    Word(
        "one draw of random weights has less",
        Explanation(
            what="the same architecture with random weights is closer to invariance, so nothing shows that training "
            "brought it.",
            reading="It is one draw, without an interval; --seed draws another.",
            see=("twin",),
        ),
    ),
    Word(
        "one draw of random weights lies inside the interval",
        Explanation(
            what="the same architecture with random weights may be as close to invariance.",
            see=("twin",),
        ),
    ),
    Word(
        "one draw of random weights is no further",
        Explanation(
            what="at these layers or outputs the same architecture with random weights does as well, beyond rounding.",
            reading="What a layer has of equivariance there comes from the architecture.",
            see=("twin",),
        ),
    ),
    Word(
        "another image's maps would do about as well",
        Explanation(
            what=f"these layers are more than {LIKE_NULL:.0%} off: they treat a transformed image like another image.",
            see=("null", "layers"),
        ),
    ),
    Word(
        "resampling alone may explain",
        Explanation(
            what=f"the value is below {LIKE_FLOOR:g} floors, so that interpolation alone may make it.",
            see=("floor",),
        ),
    ),
    Word(
        "cannot be told from rounding",
        Explanation(
            what="the value is within ten roundings of perfect, and these are not small here.",
            reading="--precision fp64 rounds less.",
            see=("rounding",),
        ),
    ),
    Word(
        "may move",
        Explanation(
            what="the same numbers in fp32, on four images, differ by more than half the width of the interval.",
            reading="--precision fp32 has no such part.",
            see=("precision_shift",),
        ),
        ("by more than half the width of the interval",),
    ),
    Word(
        "off the picture's centre",
        Explanation(
            what="at this input size the pixels of these layers' maps do not sit symmetrically in the picture, "
            "which may explain part of what they show.",
            reading="Compare with --img-size and the size that is named, or with --phase-correct.",
            see=("grid", "phase_corrected"),
        ),
    ),
    Word(
        "no whole pixels on the way",
        Explanation(
            what="at this input size cyclic shifts are no whole pixels on a grid on the way, so that they are "
            "interpolated.",
            see=("grid", "exact"),
        ),
    ),
    Word(
        "sampled differently on the way",
        Explanation(
            what="a layer on the way samples rows and columns differently, so that a quarter turn does not map its "
            "grid onto itself.",
            see=("grid",),
        ),
    ),
    Word(
        "without a finite value left out",
        Explanation(
            what="these images gave no number, such as a layer without a live channel, and are not in the mean.",
            see=("dead", "undefined"),
        ),
    ),
    Word(
        "carry half of the mean",
        Explanation(
            what="half of the value comes from so few images: it says more of these than of the others.",
            reading="More images tell whether there are more such; the interval may be too narrow.",
            see=("interval", "corrected-t"),
        ),
    ),
    Word(
        "no larger than its repeat",
        Explanation(
            what="the same picture moves as far when it is shown again, so that the value means nothing.",
            see=("repeat",),
        ),
        ("no larger than their repeats", "no larger than"),
    ),
    Word(
        "not comparable in",
        Explanation(
            what="the results differ in more than the network (--allow-mismatch let that pass), so a difference may "
            "come from there.",
            see=("signature",),
        ),
    ),
    Word(
        "the images differ",
        Explanation(
            what="the results are of different images, so that nothing is paired and no difference is claimed.",
            reading="Audit all of them on the same images: the same folder (--data) or pictures, --samples and "
            "--draw-seed.",
            see=("difference",),
        ),
    ),
    Word(
        "hardly reacts to any image",
        Explanation(
            what="the network says nearly the same of every image, so a low softmax.kl or flip rate is no invariance.",
            see=("insensitive",),
        ),
    ),
    Word(
        "sensitivity falls no less",
        Explanation(
            what="softmax.kl fell along the training and the sensitivity to images with it: to less than half, and by "
            "no smaller part than softmax.kl.",
            reading="The network says more nearly the same of every image; that it also does of copies is no gain.",
            see=("sensitivity",),
        ),
        ("reacts less to any image",),
    ),
    Word(
        "every image has the same features",
        Explanation(
            what="M, the mean distance between different images, is 0 at these steps, so that nothing can be divided "
            "by it: the features have collapsed.",
            see=("M",),
        ),
    ),
    Word(
        "which other runs have",
        Explanation(
            what="a family on a track lacks steps that others have; nothing is set beside their values there.",
        ),
    ),
    Word(
        "of other models than elsewhere",
        Explanation(
            what="a population has fewer models at these steps, so that a change there may be that of the models.",
        ),
    ),
    Word(
        "checkpoints are still to be audited",
        Explanation(
            what="the run ended early; the same command goes on with what is left.",
            see=("partial",),
        ),
    ),
    Word(
        "no audit could be made",
        Explanation(
            what="an audit during a training failed, so that this step has no values; what the first one said follows.",
            reading="The training went on. All failures are in the track file, under failures.",
        ),
    ),
)
