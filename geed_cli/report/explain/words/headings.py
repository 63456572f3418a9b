"""Headings of the columns and lines of results."""

from geed_cli.explanation import PAPER, Explanation
from geed_cli.report.explain.words.word import Word

COLUMN_WORDS = (
    Word(
        "value",
        Explanation(
            what="the measure itself: raw, or raw / M for the latent measures. Larger is further from invariance.",
            reading="A sample of images gives it, so read it with its interval.",
            example="raw 1.84 and M 19.2 make the value 0.0958.",
            source=f"{PAPER}, eq. (4)",
            see=("raw", "M", "interval", "scale"),
        ),
    ),
    Word(
        "raw",
        Explanation(
            what="the mean deviation over images and elements, before it is divided by M.",
            formula="1/(|D||G|) Σ_x Σ_g m(f(gx), ρ(g)f̂(x)); eq. (4)",
            reading="In the features' own unit, which differs between networks. Of latent.cosine compare models by "
            "it.",
            example="Deviations of 1, 2 and 3 have the raw mean 2.",
            source=f"{PAPER}, eq. (4)",
            see=("M", "value"),
        ),
    ),
    Word(
        "M",
        Explanation(
            what="the normaliser of the latent measures: how far apart the features of different images are.",
            formula="mean ‖f1(x) − f1(x')‖ over pairs of different images; of latent.cosine the mean cosine; in eq. "
            "(6)",
            range="≥ 0; of latent.cosine −1 to 1",
            reading="With it values can be set against those of other networks. M = 0, every image alike, makes the "
            "value undefined, as does a cosine M that is not clearly above 0.",
            example="Three images with the features 0, 3 and 6 are 3, 3 and 6 apart: M = 4.",
            source=f"{PAPER}, eq. (6)",
            see=("raw", "undefined"),
        ),
        ("normaliser",),
    ),
    Word(
        "interval",
        Explanation(
            what="limits that hold the true value with the stated confidence, over images drawn like these.",
            reading="Whatever lies in it is possible: a sentence claims what all of it supports. It says nothing of "
            "other kinds of images. Where all images have the same value it leaves open what none of them showed.",
            example="No change of class in 40 images: 0 to 8.8% is open at 95%.",
            source="see the methods",
            see=("corrected-t", "bca", "withheld", "simultaneous", "rare kinds"),
        ),
        ("ci", "confidence", "low", "high", "no width"),
    ),
    Word(
        "rare kinds",
        Explanation(
            what="kinds of images of which the sample may have none, whatever the intervals say.",
            formula="3/n of n independent images (the rule of three): (1 − 3/n)^n < 5%",
            reading="An interval tells of images like those that were drawn. If a rare kind matters, audit it in a "
            "folder of its own; --ci bounded and guarantee: exact in a policy have limits that hold for it, too.",
            example="Of 200 images: a kind that is less than 1.5% of the data may be missing.",
            source="Hanley and Lippman-Hand 1983",
            see=("interval", "bounded"),
        ),
        ("rule of three", "missing altogether", "may be missing altogether"),
    ),
    Word(
        "simultaneous",
        Explanation(
            what="intervals that all hold together with the stated confidence (--simultaneous).",
            reading="Wider than intervals that hold one by one. Use them to say something of a whole table.",
            source="max-t, multiplier bootstrap over the images",
            see=("interval",),
        ),
    ),
    Word(
        "withheld",
        Explanation(
            what="an interval that is not given, shown as none or an en dash: fewer than 20 images have a value, M "
            "of latent.cosine is too near 0, or what a note says.",
            reading="The value of so few images is no estimate. Audit at least 20, better 200.",
            see=("interval",),
        ),
        ("–", "none (interval)"),
    ),
    Word(
        "images to decide",
        Explanation(
            what="a forecast of how many images would decide what these leave open, if the estimate stays.",
            formula="n (h/d)², h from the estimate to the interval's end, d to the limit; of intervals, 4n halves "
            "them",
            reading="It holds in about half of the cases, since the estimate itself will move; 'geed plan' gives a "
            "range.",
            example="50 images, h = 0.04, d = 0.02: about 200 images.",
            see=("undecided", "plan"),
        ),
        ("images_to_decide", "images"),
    ),
    Word(
        "plan",
        Explanation(
            what="how many images a width, a margin or a policy's rules take, from a pilot's saved rows; 'geed plan'.",
            formula="n₀ (w₀/W)² for a width, n₀ ((h + z s)/d)² for a limit, z the normal quantile of the power",
            reading="The range counts that a pilot knows neither the spread nor the distance to the limit: it held the "
            "number in 90% of simulated pilots of 50 images and more. 'or more' where the distance may be 0.",
            example="A pilot of 60 images whose interval is 0.2 wide takes 240 for a width of 0.1.",
            see=("images to decide", "undecided"),
        ),
        ("pilot", "power"),
    ),
    Word(
        "furthest",
        Explanation(
            what="the element of the group whose own mean deviation is the largest, and that mean, raw.",
            reading="Of latent and softmax measures that is the distance from the copies' mean, not from e, so that "
            "e can be the furthest. Of layers it is the distance from the transformed map.",
            example="Means of 0.2 (e), 0.1 (r90), 0.2 (r180) and 0.4 (r270): furthest is r270 0.4.",
            see=("profile", "elements"),
        ),
        ("per_element",),
    ),
    Word(
        "profile",
        Explanation(
            what="how a deviation depends on the angle, as frequencies over the powers of a turn or shift.",
            formula="m(r^k) = Σ_j a_j cos(2πjk/n) + b_j sin(2πjk/n), j = 0 … ⌊n/2⌋",
            reading="Frequency 0 is the mean; 1 says that one direction is worst, 2 two opposite ones, n/2 every "
            "second element. The table names the strongest above 5% of the mean.",
            example="Means 1, 3, 1, 3 over c4 are a mean of 2 and −1 at frequency 2.",
            see=("furthest",),
        ),
        ("fourier",),
    ),
    Word(
        "measure",
        Explanation(
            what="what is measured of the network: a distance m put into eq. (4).",
            reading="'geed ls metrics' lists them, --metric chooses.",
            source=f"{PAPER}, section 3.1",
            see=("latent.l2", "softmax.kl", "channelwise.cosine", "prediction.flip_rate"),
        ),
        ("metric", "definition", "definition (larger means further from invariance)"),
    ),
    Word(
        "bar",
        Explanation(
            what="a layer's value drawn from −1, equivariant, at the left to 0 at the right.",
            reading="Shorter is closer to equivariant. It says nothing that the value does not.",
            see=("channelwise.cosine",),
        ),
        ("−1 … 0", "-1 … 0"),
    ),
    Word(
        "grid",
        Explanation(
            what="where the pixels of a layer's map sit in the picture. Strides on even sizes put it off the middle.",
            formula="δ = (n_out − 1)s/2 − p + d(k − 1)/2 − (n_in − 1)/2 pixels for one step",
            reading="Where a group does not map it onto itself, filters symmetric about their centres are not "
            "equivariant at this input size; trained filters can make up for it. --img-size with the size named "
            "avoids it.",
            example="Kernel 3, stride 2, padding 1 on 224 pixels: δ = −0.5.",
            see=("phase_corrected",),
        ),
        ("grid_phase", "off centre", "axes"),
    ),
    Word(
        "split",
        Explanation(
            what="where the network is cut in two, f = f2 ∘ f1: features are read there, and the classifier is what "
            "follows.",
            reading="A spec may declare it; otherwise it is the input of the last linear layer that makes the output.",
            source=f"{PAPER}, section 3",
            see=("features",),
        ),
        ("classifier",),
    ),
    Word(
        "signature",
        Explanation(
            what="one line that names everything two results must share to be compared.",
            reading="'geed compare' and 'geed check' refuse results whose signatures differ.",
        ),
    ),
    Word(
        "elements",
        Explanation(
            what="the members of a group: e is unchanged, r90 turns by 90° counter-clockwise, m mirrors left-right, "
            "x1/7 shifts right by a seventh, y1/7 down, gbr permutes the colour channels, hue45 turns the hue.",
            reading="In a product such as r90m the factor on the right acts first: mirror, then turn.",
            example="d4 has 8 elements: e, r90, r180, r270, m, r90m, r180m, r270m.",
            see=("group", "exact"),
        ),
        ("element", "e", "order", "inverse", "number", "members", "members beside e"),
    ),
    Word(
        "group",
        Explanation(
            what="a finite group of transformations: closed, with inverses, so that doing two and undoing one stay "
            "in it.",
            reading="-g takes a name, a product such as flip*xshift7, or a YAML file of generators; 'geed ls "
            "groups' lists them.",
            source=PAPER,
            see=("flip", "c4", "d4", "set"),
        ),
    ),
    Word(
        "set",
        Explanation(
            what="a finite set of transformations that is no group, such as blurs: nothing is closed or has an "
            "inverse.",
            reading="--set takes it. Values are distances from the set's mean; there is no floor.",
            see=("blur", "jpeg", "group"),
        ),
        ("not a group", "example", "no group"),
    ),
    Word(
        "exact",
        Explanation(
            what="nothing is resampled: mirrors, quarter turns, whole-pixel shifts and colours move values bit for "
            "bit.",
            reading="Other turns are resampled, which moves features by itself: the floor says how far.",
            see=("resampled", "floor"),
        ),
    ),
    Word(
        "resampled",
        Explanation(
            what="turned or shifted by what is no whole number of pixels, so that values are interpolated between "
            "them (--interpolation).",
            reading="nearest takes the closest pixel, bilinear the four around, bicubic sixteen. Interpolation blurs, "
            "and moves features by itself: the floor says how far.",
            see=("floor", "exact", "boundary"),
        ),
        ("interpolation", "bilinear", "bicubic", "nearest"),
    ),
    Word(
        "cyclic",
        Explanation(
            what="what a shift pushes out on one side of the picture comes in on the other.",
            reading="A network that pads with zeros sees edges at other places, so it need not be invariant. Cameras "
            "do not shift so: crops of larger pictures do.",
            see=("exact", "elements"),
        ),
        ("cyclic shifts",),
    ),
    Word(
        "copies",
        Explanation(
            what="of an image, it and its transforms under all elements of the group, e included; of files, those "
            "that hold a picture that is audited already, and are left out.",
            reading="The distance between copies is over all pairs of them, a changed top class over the elements "
            "other than e, against the picture as it is.",
            see=("elements", "scale", "prediction.flip_rate", "data"),
        ),
        ("transformed copies", "turned copies", "mirrored copies", "duplicates"),
    ),
    Word(
        "another image",
        Explanation(
            what="a different picture of the same run: the mean over pairs of them is M, and the end of the scale.",
            reading="Features 100% on the way lie as far from each other as those of two unrelated pictures.",
            see=("scale", "M", "null"),
        ),
        ("different images", "unrelated"),
    ),
    Word(
        "negatives",
        Explanation(
            what="pictures whose colours are inverted, as on photographic film; nothing is turned upside down.",
            see=("exact", "elements"),
        ),
        ("inverted",),
    ),
    Word(
        "boundary",
        Explanation(
            what="what a resampled turn reads outside the picture: disc, zero, reflect or context (--boundary).",
            reading="disc blackens everything outside the inscribed disc, for e too, so that corners tell no "
            "element; zero, the paper's, leaves e unmasked; reflect mirrors the edge; context turns a larger crop.",
            source="geed; zero is the paper's",
            see=("exact", "floor"),
        ),
        ("disc", "zero", "reflect", "context", "made_up"),
    ),
)
