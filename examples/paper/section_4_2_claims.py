"""What section 4.2 found, judged on the data sets that are not the turned digits of the training."""

import numpy as np

from examples.paper.claims import (
    Claim,
    above,
    difference_of,
    every,
    line,
    mean_of,
    over_settings,
    read,
    side,
    verdict,
)
from examples.paper.section_4_2 import EQUIVARIANT, OF_UNTRAINED, TRAINED, comparison, data_sets, sweep_folder
from examples.paper.settings import SPLITS
from examples.paper.step import Place

Judged = tuple[str, str]


def claims(place: Place) -> list[Claim]:
    """All of them, in the order of the section, with both splits."""
    return [
        latent(
            place, "4.2a", "untrained CNN less invariant in latent.l2 than the trained one", TRAINED, "nearer"
        ),
        latent(
            place, "4.2b", "C8-CNN more invariant in latent.l2 than the trained CNN", EQUIVARIANT, "nearer"
        ),
        insignificant(place),
        softmax(
            place,
            "4.2d",
            "untrained CNN more invariant in softmax.kl than the C8-CNN",
            OF_UNTRAINED,
            "further",
        ),
        softmax(
            place, "4.2e", "C8-CNN more invariant in softmax.kl than the trained CNN", EQUIVARIANT, "nearer"
        ),
        insensitive(place),
    ]


def outside(place: Place) -> tuple[str, ...]:
    """The data sets out of distribution."""
    return data_sets(place)[1:]


def latent(place: Place, number: str, finding: str, pair: tuple[str, str], expected: str) -> Claim:
    """A finding about two families in latent.l2, on every set out of distribution."""
    return over_settings(
        number,
        finding,
        {f"{split}, zero": counted(place, split, pair, "latent.l2", expected) for split in SPLITS},
    )


def softmax(place: Place, number: str, finding: str, pair: tuple[str, str], expected: str) -> Claim:
    """A finding about two families in softmax.kl, which has no split."""
    return over_settings(number, finding, {"zero": counted(place, SPLITS[0], pair, "softmax.kl", expected)})


def counted(place: Place, split: str, pair: tuple[str, str], metric: str, expected: str) -> Judged:
    """On how many sets which verdict holds, and that of all together."""
    lines = {name: line(comparison(place, split, name, pair), metric) for name in outside(place)}
    verdicts = {name: verdict(each, expected) for name, each in lines.items()}
    groups = {
        kind: [name for name in outside(place) if verdicts[name] == kind]
        for kind in dict.fromkeys(verdicts.values())
    }
    names = "; ".join(f"{kind} on {', '.join(of)}" for kind, of in groups.items())
    fashion = lines["fashion"]
    numbers = f"fashion {pair[0]} {side(fashion, 0)}, {pair[1]} {side(fashion, 1)}"
    return f"{names} ({numbers})", every(verdicts.values())


def insignificant(place: Place) -> Claim:
    """C8-CNN and CNN differ less than CNN and untrained CNN: u + c − 2t > 0, means over the sets, of each copy."""

    def at(split: str) -> Judged:
        u, t, c = (over_sets(place, split, family, "latent.l2") for family in ("untrained", "cnn", "c8"))
        contrast = difference_of(-c, u - 2 * t)  # the CNN and its untrained state are one copy
        both = f"untrained − cnn {mean_of(u - t)}, cnn − c8 {difference_of(c, t)}"
        numbers = f"{both}, the first less the second {contrast}"
        return numbers, above(0, contrast)

    finding = "C8-CNN and CNN differ less in latent.l2 than CNN and untrained CNN"
    return over_settings("4.2c", finding, {f"{split}, zero": at(split) for split in SPLITS})


def over_sets(place: Place, split: str, family: str, metric: str) -> np.ndarray:
    """A measure's mean over the sets out of distribution, of each copy."""
    sets = [of_copies(place, split, name, family, metric)["value"] for name in outside(place)]
    means: np.ndarray = np.stack(sets).mean(axis=0)
    return means


def of_copies(place: Place, split: str, data: str, family: str, metric: str) -> dict[str, np.ndarray]:
    """Value and sensitivity of each copy on a data set, in the order of its seeds."""
    found: dict[str, list[float]] = {"value": [], "sensitivity": []}
    for file in sorted((sweep_folder(place, split) / data / family).glob("*.json")):
        (row,) = (row for row in read(file)["results"] if row["metric"] == metric)
        found["value"].append(row["value"])
        found["sensitivity"].append(row["controls"].get("sensitivity", np.nan))
    return {name: np.array(numbers) for name, numbers in found.items()}


def insensitive(place: Place) -> Claim:
    """The untrained network's output moves less from picture to picture than the trained one's under a turn."""
    reacts = {
        family: np.mean(
            [
                of_copies(place, SPLITS[0], name, family, "softmax.kl")["sensitivity"]
                for name in outside(place)
            ],
            0,
        )
        for family in ("untrained", "cnn", "c8")
    }
    moved = over_sets(place, SPLITS[0], "cnn", "softmax.kl")
    numbers = ", ".join(f"{family} {mean_of(each)}" for family, each in reacts.items())
    finding = "conjecture: the untrained CNN hardly reacts to its input"
    return Claim(
        "4.2f",
        finding,
        f"sensitivity in nats: {numbers}",
        above(0, difference_of(reacts["untrained"], moved)),
    )
