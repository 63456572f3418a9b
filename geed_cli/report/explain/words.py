"""Words of tables, results and verdicts that belong to no object of their own: what ``geed explain`` says of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from geed_cli.explanation import PAPER, Explanation


@dataclass(frozen=True)
class Word:
    """One word as it is printed, and what else it is called: in files, options, or other tables."""

    name: str
    explained: Explanation
    aliases: tuple[str, ...] = ()


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
            see=("scale", "latent.l2"),
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
            see=("latent.l2", "scale", "split"),
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
            see=("channelwise.cosine", "null", "scale"),
        ),
        ("layer", "audited", "first to last", "maps"),
    ),
)
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
            what="an interval that is not given, shown as none or an en dash: fewer than 20 images have a value, "
            "or what a note says.",
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
VERDICT_WORDS = (
    Word(
        "verdict",
        Explanation(
            what="what the numbers amount to: of an audit a sentence, of a gate one of pass, undecided, fail and "
            "error.",
            see=("pass", "fail", "undecided", "error", "scale"),
        ),
    ),
    Word(
        "pass",
        Explanation(
            what="the entry's own interval lies within the limit.",
            reading="A gate passes only if every entry does, so no limit is passed by luck more often than 5%.",
            example="Limit 0.15, interval 0.089 to 0.104: pass.",
            source="intersection-union test, Berger 1982",
            see=("fail", "undecided"),
        ),
        ("within the limit",),
    ),
    Word(
        "fail",
        Explanation(
            what="the interval that holds for all tested entries together lies beyond the limit.",
            reading="If no limit is exceeded, the chance that anything fails is at most 5% for the whole policy.",
            source="max-t, multiplier bootstrap over the images",
            see=("pass", "cautious-t", "simultaneous"),
        ),
        ("FAILED",),
    ),
    Word(
        "undecided",
        Explanation(
            what="these images do not tell: of a gate neither pass nor fail, of a comparison no difference is "
            "shown, of a hidden action nothing could be judged.",
            reading="Never the same as equal. The forecast says how many images would decide it.",
            see=("images to decide",),
        ),
        ("?",),
    ),
    Word(
        "error",
        Explanation(
            what="a rule could not be tested: it matches nothing, an entry has no value, results cannot be "
            "compared, a requirement is not met, or its limit is below the floor.",
            reading="It says nothing of the model. The gate ends with exit code 2.",
            see=("exit 2",),
        ),
    ),
    Word(
        "warn",
        Explanation(
            what="the level of a rule that is reported and does not stop the gate.",
            reading="It forgives a value, not a gap: an error stops the gate at either level.",
            see=("error",),
        ),
        ("level",),
    ),
    Word(
        "rule",
        Explanation(
            what="one limit of a policy: on a value, or on its increase over a baseline.",
            reading="Every entry that it matches has to pass.",
            see=("limit", "pass"),
        ),
        ("entry", "measured", "measured, interval"),
    ),
    Word(
        "limit",
        Explanation(
            what="what a rule demands: max and min of a value, max_increase over the baseline, or a percentage of "
            "the baseline's distance from perfect.",
            reading="A limit below what the run can tell from perfect is an error.",
            example="From 0.100 to 0.104 is an increase of 4%.",
            see=("rule", "floor", "rounding"),
        ),
    ),
    Word(
        "joint interval",
        Explanation(
            what="of a gate, limits that hold for all entries together that its policy tests; one beyond the limit is "
            "a fail.",
            reading="Rows show the interval that decided: the joint one of a fail, the entry's own of all else.",
            source="max-t, multiplier bootstrap over the images",
            see=("fail", "pass", "simultaneous"),
        ),
        ("own interval", "joint", "own"),
    ),
    Word(
        "values",
        Explanation(
            what="of a gate, the baseline's value and the result's, between which the tested increase lies.",
            reading="Images with a value are counted beside them: a policy can require that they be enough.",
            see=("limit", "rule"),
        ),
        ("with a value",),
    ),
    Word(
        "claim",
        Explanation(
            what="what a comparison says of one line: further from invariance than the first, nearer, within the "
            "margin, identical, no difference but for rounding, or undecided.",
            reading="Claims hold together over the whole table, intervals each alone: an interval can leave 0 out "
            "where the claim is undecided. The mark beside it shows where the difference lies about 0, its middle: of "
            "a measure of the whole network its ends are the larger limit of that line, so that marks of two measures "
            "cannot be set against each other; the layers of a measure share theirs, the largest limit of those shown.",
            source="Holm 1979",
            see=("more", "less", "undecided", "difference"),
        ),
        ("nearer further",),
    ),
    Word(
        "more",
        Explanation(
            what="further from invariance than the first model, significant over the whole table.",
            source="Holm 1979",
            see=("less", "undecided", "p_holm"),
        ),
        ("more *", "*", "+", "further"),
    ),
    Word(
        "less",
        Explanation(
            what="closer to invariance than the first model, significant over the whole table.",
            source="Holm 1979",
            see=("more", "undecided", "p_holm"),
        ),
        ("less *", "-", "nearer"),
    ),
    Word(
        "within the margin",
        Explanation(
            what="of a comparison with --margin, shown to be no further from the first model than the margin, on "
            "either side.",
            formula="θ_B − θ_A − δ below 0 and θ_B − θ_A + δ above 0; δ in percent is of the first's distance from "
            "perfect",
            reading="The interval lies within ±δ, with Holm's correction over all lines that have a margin: at most 5% "
            "for any false one. A difference may be shown as well, and be too small to matter.",
            example="Margin 5%, values 0.100 and 0.101, interval -0.001 to +0.003: within ±0.005.",
            source="two one-sided tests, Schuirmann 1987; Holm 1979",
            see=("claim", "non-inferiority", "undecided"),
        ),
        (
            "within margin",
            "margin",
            "p, margin",
            "margin ±",
            "~",
            "equivalence",
            "p_margin_holm",
            "within_margin",
        ),
    ),
    Word(
        "non-inferiority",
        Explanation(
            what="what a pass against a baseline shows: not further from invariance than the baseline by more than the "
            "limit.",
            reading="It is one-sided: the result may be as much nearer as it likes. It is no proof that both are "
            "alike; geed compare --margin tests that, on both sides.",
            example="Limit +10%, interval -3% to +2%: non-inferior.",
            see=("pass", "limit", "within the margin"),
        ),
        ("non-inferior",),
    ),
    Word(
        "identical",
        Explanation(
            what="both models have the same rows, digit for digit: nothing is estimated, and nothing is open.",
            reading="Rates alone are the same of many networks, and identical only where all other rows are.",
            see=("no difference", "undecided"),
        ),
        ("=",),
    ),
    Word(
        "no difference",
        Explanation(
            what="every image's value is the same within rounding, or the whole interval of the difference is.",
            formula="rows apart by at most r + 2 √(d r), for latent.l2 by r; r ten times the control rounding, d the "
            "distance from perfect",
            reading="Another batch size, machine or thread count does as much.",
            see=("identical", "rounding"),
        ),
    ),
    Word(
        "incomparable",
        Explanation(
            what="there is no difference to form: a value is missing, or the images differ.",
            see=("signature",),
        ),
        ("absent", "not compared"),
    ),
    Word(
        "lower but insensitive",
        Explanation(
            what="a prediction that moves less, of a network that hardly reacts to any image: no invariance.",
            see=("insensitive", "sensitivity"),
        ),
        ("!",),
    ),
    Word(
        "higher beside an insensitive one",
        Explanation(
            what="a prediction that moves more than that of a first network that hardly reacts to any image: no "
            "loss of invariance.",
            see=("insensitive", "sensitivity"),
        ),
    ),
    Word(
        "no change shown",
        Explanation(
            what="the difference between the first and the last step of a track may be chance.",
            reading="Never the same as no change. More images narrow its interval.",
            see=("difference", "undecided"),
        ),
    ),
    Word(
        "difference",
        Explanation(
            what="another model's value minus the first's; above 0 is further from invariance.",
            formula="of the same images, the mean of the images' own differences",
            reading="Pairing cancels what the images have in common, so the interval is narrower than those of the "
            "values.",
            example="0.30 beside 0.25: +0.05.",
            see=("more", "less", "p_holm"),
        ),
        ("Δ", "delta", "paired"),
    ),
    Word(
        "effect",
        Explanation(
            what="of a comparison's file, the paired difference over the standard deviation of the images' own "
            "differences.",
            formula="d = Δ/s, Cohen's d of paired samples",
            reading="It does not grow with the number of images, as evidence does.",
            example="Differences with the mean 0.02 and the standard deviation 0.04: d = 0.5.",
            source="Cohen 1988",
            see=("difference", "p_value"),
        ),
        ("effect_ci", "effect size"),
    ),
    Word(
        "p_holm",
        Explanation(
            what="the p-value of no difference, corrected for all lines of the table.",
            formula="sorted p-values times the number that is left, never falling",
            range="0 to 1",
            example="p-values 0.01, 0.04 and 0.03 become 0.03, 0.06 and 0.06.",
            source="Holm 1979",
            see=("p_value", "more", "less"),
        ),
        ("holm", "p, Holm"),
    ),
    Word(
        "p_value",
        Explanation(
            what="how unlikely so large a difference is if there is none, for one line by itself.",
            range="0 to 1",
            see=("p_holm",),
        ),
        ("p",),
    ),
    Word(
        "within",
        Explanation(
            what="of several models of one recipe, one model's own half-width over images.",
            formula="root mean square of the models' half-widths",
            reading="More models do not reduce it; more images do.",
            example="Half-widths of 0.03 and 0.04: within ±0.035.",
            see=("models",),
        ),
        ("within ±",),
    ),
    Word(
        "models",
        Explanation(
            what="how many checkpoints of one recipe a value is the mean of.",
            reading="Their intervals are over models and images (Student's t): images that all models saw do not "
            "average away.",
            source=f"{PAPER}, figures 2 and 4",
            see=("within",),
        ),
        ("population", "over", "model"),
    ),
    Word(
        "step",
        Explanation(
            what="where a checkpoint stands in training: a step, iteration or epoch, from its name or its entries.",
            see=("models",),
        ),
        ("iteration", "epoch", "label"),
    ),
)
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
            what="the planned numbers of images at which a growing run may stop (--until-width).",
            reading="The looks share the error, so that looking again costs no coverage.",
            source="alpha spending",
            see=("interval", "asked for"),
        ),
        ("look", "until-width"),
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
OPTION_WORDS = (
    Word(
        "decode",
        Explanation(
            what="how JPEG files are decoded (--decode): exact decodes every pixel, fast lets the decoder reduce "
            "pictures that are resized to much less anyway.",
            reading="fast is several times as fast for large photographs and moves pixels by a level or two; "
            "results of both are not compared.",
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
WORDS: Mapping[str, tuple[Word, ...]] = {
    "the paper": PAPER_WORDS,
    "the scale": SCALE_WORDS,
    "columns": COLUMN_WORDS,
    "results": RESULT_WORDS,
    "verdicts": VERDICT_WORDS,
    "hidden actions": DISCOVERY_WORDS,
    "lists": LIST_WORDS,
    "options": OPTION_WORDS,
}
"""By the heading under which they are listed."""
