"""Lists, the check, and what networks are made of."""

from geed_cli.explanation import Explanation
from geed_cli.report.explain.words.word import Word

LIST_WORDS = (
    Word(
        "check",
        Explanation(
            what="one known answer of 'geed selftest': what is expected by theorem and what this machine found.",
            reading="found has to lie within tolerance of expected.",
            see=("exit 1",),
        ),
        ("expected", "found", "tolerance", "as expected"),
    ),
    Word(
        "network",
        Explanation(
            what="in 'geed cache list', a network whose rows are kept for the next run: how many, their size, last "
            "use.",
        ),
        ("rows", "last used"),
    ),
    Word(
        "output",
        Explanation(
            what="of an audit, what the network puts out; in 'geed inspect', a module's output for one picture, "
            "with its type and the layout of its axes.",
            see=("logits", "probabilities", "sigmoid", "dense", "none"),
        ),
        ("type",),
    ),
    Word(
        "layout",
        Explanation(
            what="of a layer's output, which of its axes are height and width: nchw, channels × height × width; nhwc, "
            "height × width × channels; tokens, a list of them on a grid of height × width.",
            reading="It is undeclared where it cannot be told and a spec has to say it; empty where the output is no "
            "map.",
            example="layouts: {stage: nhwc} in a spec.",
            see=("layers", "spec"),
        ),
        ("nchw", "nhwc", "tokens", "undeclared"),
    ),
    Word(
        "role",
        Explanation(
            what="in 'geed inspect', what an audit does with a module: audited is a layer that it takes, not measured "
            "one whose output is no map; features are read there, the classifier makes the predictions.",
            see=("layers", "split"),
        ),
        ("not measured",),
    ),
    Word(
        "unit",
        Explanation(
            what="what a value counts in: nats of divergence (bits with the natural logarithm), percent of copies, or "
            "none; range is the values it can take.",
            example="ln 2 = 0.693 nats is one bit.",
            see=("value",),
        ),
        ("nats", "range"),
    ),
    Word(
        "input",
        Explanation(
            what="what the network is shown of a picture: resized, cropped to a square, values minus mean over std, "
            "always as the model itself asks for.",
            reading="The group acts on the square picture before mean and std.",
            see=("spec", "boundary"),
        ),
        ("size", "resize", "crop", "center", "mean", "std"),
    ),
    Word(
        "data",
        Explanation(
            what="the pictures that were audited. Every file of the folder is audited, a copy of one that is, "
            "refused with a reason, or not drawn.",
            reading="A picture counts once, whatever files hold it. --samples and --draw-seed say how many are "
            "drawn and which.",
            see=("interval", "could not be read"),
        ),
        ("samples", "sample", "bundled sample", "not drawn", "redrawn"),
    ),
    Word(
        "cluster",
        Explanation(
            what="images that belong together and are no independent draws: frames of a video, crops of a picture. "
            "--cluster names the rule: folder, a regular expression of the path, or a table; the crops of one "
            "photograph of the bundled sample are one.",
            reading="Intervals are over clusters, and withheld below 20 of them; values are over images and stay what "
            "they are.",
            see=("interval", "data"),
        ),
        ("clusters", "photograph"),
    ),
    Word(
        "intraclass correlation",
        Explanation(
            what="how alike the rows of images of one folder are: 0 as different as those of any two images, 1 the "
            "same.",
            reading="Said where it is 0.2 or more, and no chance. Of frames or crops it makes intervals over images "
            "too narrow (--cluster folder); classes of a data set are drawn image by image, and it does no harm.",
            see=("cluster", "interval"),
        ),
        ("images of one folder are alike", "folder"),
    ),
    Word(
        "baseline",
        Explanation(
            what="the saved result from which a gate measures changes (--baseline).",
            reading="It has to be of the same images, so that differences are paired.",
            see=("limit", "difference"),
        ),
    ),
    Word(
        "looks",
        Explanation(
            what="the planned numbers of images at which a growing run may stop (--until-width, --stop-early).",
            reading="The looks share the error, so that looking again costs no coverage.",
            source="alpha spending",
            see=("interval", "asked for"),
        ),
        ("look", "until-width", "stop-early"),
    ),
)
