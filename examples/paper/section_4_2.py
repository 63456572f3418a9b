"""Section 4.2: does learned invariance hold out of distribution?

One sweep: the networks of 4.1 at their last step and the CNN at step 0, on turned digits, six corruptions of them,
Fashion-MNIST and scikit-learn's digits, with M over the same data, as in the paper.
"""

from collections.abc import Iterator
from pathlib import Path

from examples.paper.section_4_1 import amounts, copies, pictures, trainings
from examples.paper.settings import SPLITS
from examples.paper.step import Place, Step, geed, metrics, specs

TRAINED, EQUIVARIANT, OF_UNTRAINED = ("untrained", "cnn"), ("cnn", "c8"), ("untrained", "c8")
PAIRS = (TRAINED, EQUIVARIANT, OF_UNTRAINED)
CORRUPTED = ("shot", "impulse", "blur", "inverse", "stripes", "fog")
ALWAYS = ("rotmnist", *CORRUPTED, "fashion")
WHERE_THERE = (
    "digits",
    "kmnist",
    "omniglot",
    "cifar10",
)  # data.py leaves out what it cannot get, and says so
MEASURES = ("latent.l2", "softmax.kl")


def data_sets(place: Place) -> tuple[str, ...]:
    """The data sets whose pictures have been written, first those of the training's kind."""
    return (*ALWAYS, *(name for name in WHERE_THERE if (place.out / "data" / name).is_dir()))


def steps(place: Place) -> Iterator[Step]:
    """Every command of the section; those of 4.1 that it needs are done where 4.1 is."""
    yield from (pictures(place), specs(place), *trainings(place))
    for split in SPLITS:
        yield from of_split(place, split)


def of_split(place: Place, split: str) -> list[Step]:
    """The sweep with one split, its comparisons on every data set, figure 3 and its values."""
    out, last = sweep_folder(place, split), place.settings.digits.steps
    families = [
        copies(place, "cnn", split, 0, label="untrained"),
        copies(place, "cnn", split, last),
        copies(place, "c8", split, last),
    ]
    data = [word for name in data_sets(place) for word in ("-d", f"{name}={place.out}/data/{name}")]
    words = (*data, "-g", "c8", "--boundary", "zero", *amounts(place), *metrics(*MEASURES))
    made = [geed("sweep", *families, *words, "--out", out, makes=out / "sweep.json")]
    for name in data_sets(place):
        for pair in PAIRS:
            file = comparison(place, split, name, pair)
            sides = [f"{label}={out}/{name}/{label}/*.json" for label in pair]
            made.append(geed("compare", *sides, *metrics(*MEASURES), "--json", file, makes=file))
    for option, suffix in (("--figure", ".svg"), ("--csv", ".csv")):
        at = place.out / "4.2" / f"figure_3_{split}{suffix}"
        made.append(geed("sweep", out, *metrics(*MEASURES), option, at, makes=at))
    return made


def sweep_folder(place: Place, split: str) -> Path:
    """Where the sweep of a split is."""
    return place.out / "4.2" / split


def comparison(place: Place, split: str, data: str, pair: tuple[str, str]) -> Path:
    """Two families compared on one data set."""
    return place.out / "4.2" / f"{split}_{data}_{pair[1]}_against_{pair[0]}.json"
