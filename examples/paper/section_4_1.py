"""Section 4.1: do networks trained with augmentation learn equivariant layers?

Copies of a CNN and of a C8 steerable CNN, trained for as many steps on turned digits, are audited along training under
C8, with both splits and both boundaries. The experiments on the paper's conjectures follow: quarter turns alone, which
move pixels exactly, on centred grids (29 → 15 → 8) and beside them (28 → 14 → 7); pictures of twice the size, where
bilinear resampling loses less; and M by itself.
"""

from pathlib import Path

from examples.paper.settings import BOUNDARIES, SPLITS
from examples.paper.step import Place, Step, geed, metrics, specs

KINDS = ("cnn", "c8")
LATENT = ("latent.l2", "latent.cosine")
PARTS = ("latent.cosine.raw", "latent.cosine.M", "latent.l2.raw", "latent.l2.M")
BLOCKS = tuple(f"block{k}" for k in range(1, 7))
PAIRED = ("--pair-runs", r"_(\d+)/step")  # copies of one seed, at two steps


def pictures(place: Place) -> Step:
    """The data sets of 4.1 and 4.2."""
    words = ("--data", str(place.data), "--out", str(place.out / "data"), "--scale", place.scale)
    return Step(("examples.paper.data", *words), place.out / "data" / "written.json")


def trainings(place: Place) -> list[Step]:
    """Every copy of both networks."""
    steps = []
    for seed in range(1, place.settings.digits.seeds + 1):
        for kind in KINDS:
            out = place.out / "runs" / f"{kind}_{seed}"
            words = (kind, str(seed), "--scale", place.scale, "--data", str(place.data), "--out", str(out))
            steps.append(Step(("examples.paper.train", *words), out / "accuracy.json"))
    return steps


def copies(place: Place, kind: str, spec: str, step: int | str, label: str = "") -> str:
    """``cnn=RUNS:SPEC``: the checkpoints of a network's copies at a step, or at all (``*``)."""
    return f"{label or kind}={place.out}/runs/{kind}_*/step_{step}.pt:{place.out}/specs/{kind}_{spec}.yaml"


def amounts(place: Place) -> tuple[str, ...]:
    """How many pictures are moved, how many give M, and from where code may come."""
    numbers = ("--samples", str(place.settings.samples), "--norm-samples", str(place.settings.norm_samples))
    return (*numbers, "--allow-code")


def track_file(place: Place, split: str, boundary: str) -> Path:
    """Where the track of a split and boundary is."""
    return place.out / "4.1" / f"{split}_{boundary}.json"


def steps(place: Place) -> list[Step]:
    """Every command of the section."""
    last = place.settings.digits.steps
    out = place.out / "4.1"
    made = [pictures(place), specs(place), *trainings(place)]
    for split in SPLITS:
        for boundary in BOUNDARIES:
            file = track_file(place, split, boundary)
            families = [copies(place, kind, split, "*") for kind in KINDS]
            chosen = [] if split == SPLITS[0] else metrics(*LATENT)
            data = (
                "-g",
                "c8",
                "-d",
                place.out / "data" / "rotmnist",
                "--boundary",
                boundary,
                *amounts(place),
            )
            made += [
                geed("track", *families, *data, *chosen, "--json", file, makes=file),
                *compared(file, last),
            ]
    return made + conjectures(place, last) + figures(out, last)


def compared(track: Path, last: int) -> list[Step]:
    """Of one track: the two families at the last step, and each family along its training."""
    name = track.with_suffix("")
    ends = Path(f"{name}_c8_against_cnn.json")
    made = [geed("compare", f"cnn={track}:cnn@{last}", f"c8={track}:c8@{last}", "--json", ends, makes=ends)]
    parts = Path(f"{name}_raw_and_m.json")
    sides = (f"cnn={track}:cnn@{last}", f"c8={track}:c8@{last}")
    made.append(geed("compare", *sides, *metrics(*PARTS), "--json", parts, makes=parts))
    for kind in KINDS:
        for first in starts(last):
            file = Path(f"{name}_{kind}_{first}_to_{last}.json")
            sides = (f"start={track}:{kind}@{first}", f"end={track}:{kind}@{last}")
            made.append(geed("compare", *sides, *PAIRED, "--json", file, makes=file))
    return made


def starts(last: int) -> tuple[int, ...]:
    """The steps that the last one is set against: the random network, and one after the first jump of training."""
    return (0, 25) if last == 800 else (0, 200) if last == 2000 else (0,)


def conjectures(place: Place, last: int) -> list[Step]:
    """Resampling: C4 at sizes with and without a centre, C8 at twice the size. Spreading: M with an interval."""
    made = []
    for name, spec, group in (
        ("c4_centred", "hidden", "c4"),
        ("c4_off_centre", "28", "c4"),
        ("c8_large", "57", "c8"),
        ("c4_large", "57", "c4"),
    ):
        out = place.out / "4.1" / name
        families = [copies(place, kind, spec, last) for kind in KINDS]
        words = (
            "-d",
            f"rot={place.out}/data/rotmnist",
            "-g",
            group,
            *amounts(place),
            *metrics("channelwise.cosine"),
        )
        made.append(geed("sweep", *families, *words, "--out", out, makes=out / "sweep.json"))
        made.append(geed("compare", out, "--json", f"{out}.json", makes=Path(f"{out}.json")))
    for split in SPLITS:  # the pictures that give M are all moved here, so that it has an interval
        out = place.out / "4.1" / f"spread_{split}"
        families = [copies(place, kind, split, last) for kind in KINDS]
        data = ("-d", f"rot={place.out}/data/rotmnist", "-g", "flip")
        amount = ("--samples", place.settings.norm_samples, "--allow-code")
        swept = geed(
            "sweep", *families, *data, *amount, *metrics(*LATENT), "--out", out, makes=out / "sweep.json"
        )
        file = Path(f"{out}.json")
        parts = metrics("latent.cosine.M", "latent.l2.M")
        made += [swept, geed("compare", out, *parts, "--json", file, makes=file)]
    return made


def figures(out: Path, last: int) -> list[Step]:
    """Figures 2, 7 and 8 of the paper, with one vertical axis for what is compared, and figure 7's end by depth."""
    track, pooled = out / "hidden_zero.json", out / "pooled_zero.json"
    ends = (f"cnn={track}:cnn@{last}", f"c8={track}:c8@{last}")
    drawn = {
        "figure_2": ("track", track, *metrics("latent.l2", "softmax.kl")),
        "figure_7": ("track", track, *metrics("channelwise.cosine"), "--layer", "block*"),
        "figure_7_by_depth": ("compare", *ends, *metrics("channelwise.cosine")),
        "figure_8_hidden": ("track", track, *metrics("latent.cosine", "latent.cosine.raw")),
        "figure_8_pooled": ("track", pooled, *metrics("latent.cosine", "latent.cosine.raw")),
    }
    written = {".svg": ("--share-y", "--figure"), ".csv": ("--csv",)}
    files = [(name, *each) for name in drawn for each in written.items()]
    return [
        geed(*drawn[name], *options, out / f"{name}{suffix}", makes=out / f"{name}{suffix}")
        for name, suffix, options in files
    ]
