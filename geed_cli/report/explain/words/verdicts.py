"""Verdicts of audits, comparisons, tracks and gates."""

from geed_cli.explanation import PAPER, Explanation
from geed_cli.report.explain.words.word import Word

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
            what="one limit of a policy: on a value, or on its change from a baseline.",
            reading="Every entry that it matches has to pass.",
            see=("limit", "pass"),
        ),
        ("entry", "measured", "measured, interval"),
    ),
    Word(
        "limit",
        Explanation(
            what="what a rule demands: max and min of a value, max_increase over the baseline, or a percentage of "
            "the baseline's distance from perfect; max_decrease of accuracy.",
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
