"""Consistency over pairs of copies: by hand, and by loops over whole audits of classes, labels and pixels."""

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import torch
from support.command import in_full, printed
from support.equivariant_networks import declaring
from support.networks import MEAN, STD, network_of, small_conv_net
from support.pictures import pixels_of
from support.results import entry_of
from torch import Tensor, nn

import geed_cli as geed
from geed_cli.models.network import OUTPUT, Network, Site
from geed_cli.models.output import Output
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import AuditOptions, DataOptions, RunOptions
from geed_cli.result.schema import Result
from geed_cli.verdict.audit import say

PICTURES = (20, 16)
NAME, FIVE, FLIPS = "prediction.consistency", "prediction.consistency5", "prediction.flip_rate"
TURNS = [lambda x, k=k: torch.rot90(x, k, (-2, -1)) for k in range(4)]


class Nine(nn.Module):
    """Nine scores that turns change often."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.fc = nn.Linear(48, 9)
        self.pool = nn.AdaptiveAvgPool2d(4)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.pool(x).flatten(1))


def nine() -> Network:
    return network_of(Nine(), features=Site("fc", "input"))


def audited(network: Network, folder: Path, *metrics: str, groups: tuple[str, ...] = ("c4",)) -> Result:
    options = AuditOptions(
        data=DataOptions(folder), run=RunOptions("cpu", 5, "fp64"), metrics=metrics or ("prediction.*",)
    )
    return audit(network, groups, options)


def outputs(network: Network, folder: Path) -> np.ndarray:
    """z(gx) under the four quarter turns, (images, 4, …), by hand."""
    mean, std = (torch.tensor(each, dtype=torch.float64)[:, None, None] for each in (MEAN, STD))
    pictures = (torch.stack([torch.from_numpy(each) for each in pixels_of(folder)]) - mean) / std
    module = network.module.double()
    return torch.stack([module(turn(pictures)) for turn in TURNS], dim=1).numpy()


def test_by_hand() -> None:
    """Classes 7, 7, 7, 3: half of the six pairs agree. Of two ties the lower class is first."""
    z = torch.zeros(4, 2, 9)
    for copy, top in enumerate((7, 7, 7, 3)):
        z[copy, 0, top] = 1.0
    z[0, 1, 2] = z[0, 1, 5] = z[1, 1, 2] = z[2, 1, 2] = z[3, 1, 5] = 1.0
    rows = geed.functional.prediction_consistency(z, "c4", reduction="none").tolist()
    assert rows == pytest.approx([0.5, 0.5])
    assert geed.functional.prediction_consistency(z, "c4").item() == pytest.approx(0.5)


def test_five_by_hand() -> None:
    """Rankings 7 3 1 4 8 … and 3 7 2 5 9 … agree; a top class at place six of the other does not."""
    rankings = [
        [7, 3, 1, 4, 8, 0, 2, 5, 6, 9],
        [3, 7, 2, 5, 9, 0, 1, 4, 6, 8],
        [9, 7, 3, 0, 1, 4, 2, 5, 6, 8],
    ]
    z = torch.zeros(3, 1, 10)
    for copy, ranking in enumerate(rankings):
        for place, number in enumerate(ranking):
            z[copy, 0, number] = -float(place)
    # 9 is last of the first; the second has it fifth, and its own 3 is third of the third
    assert geed.functional.prediction_consistency5(z, "c3").item() == pytest.approx(2 / 3)
    assert geed.functional.prediction_consistency(z, "c3").item() == 0.0


@pytest.mark.parametrize("metric", [NAME, FIVE])
def test_an_audit_is_the_loop(folder: Path, metric: str) -> None:
    """Pair by pair; per element over the others; under a group of two it is 1 − the flip rate."""
    network, k = nine(), 1 if metric == NAME else 5
    result = audited(network, folder, groups=("c4", "c2"))

    def agree(one: np.ndarray, other: np.ndarray) -> bool:
        best = [np.argsort(-each, kind="stable")[:k] for each in (one, other)]
        return bool(best[0][0] in best[1] and best[1][0] in best[0])

    z = outputs(network, folder)
    rows = [np.mean([agree(a, b) for a, b in combinations(image, 2)]) for image in z]
    entry = entry_of(result, metric, "c4")
    assert entry.per_image is not None
    assert list(entry.per_image.value) == pytest.approx(rows, abs=1e-12)
    assert entry.value == pytest.approx(np.mean(rows), abs=1e-12)
    assert 0.1 < entry.value < 0.99
    each = [np.mean([agree(image[g], image[h]) for image in z for h in range(4) if h != g]) for g in range(4)]
    assert list(entry.per_element.values()) == pytest.approx(each, abs=1e-12)
    assert list(entry.per_element) == ["e", "r90", "r180", "r270"]
    if metric == NAME:
        pairs, flips = (entry_of(result, name, "c2") for name in (NAME, FLIPS))
        assert pairs.value == pytest.approx(1 - flips.value, abs=1e-12)
        assert pairs.ci == pytest.approx([1 - flips.ci[1], 1 - flips.ci[0]], abs=1e-9)


def test_five_classes_are_too_few(folder: Path) -> None:
    """Among five of five every class is."""
    network = replace(small_conv_net(), output=Output("logits", (5,)))
    entry = entry_of(audited(network, folder), FIVE, "c4")
    assert entry.status == "not_applicable"
    assert entry.notes == ("it needs 6 classes or more, and there are 5",)


def test_one_element_has_no_pairs(folder: Path) -> None:
    """Nor has an image of one copy a value."""
    assert entry_of(audited(nine(), folder, groups=("c1",)), NAME, "c1").status == "not_applicable"


class Columns(nn.Module):
    """Two scores, of the left and the right half, which a mirror swaps."""

    def forward(self, x: Tensor) -> Tensor:
        return 100 * x[:, 0].unflatten(-1, (2, -1)).mean(dim=(1, 3))


def test_classes_that_move_are_brought_back(folder: Path) -> None:
    """Under the declared swap every pair agrees; without it none does."""
    network = network_of(Columns(), features=OUTPUT)
    swap = {"logits": {"permutation": {"group": "flip", "generators": {"m": [1, 0]}}}}
    for actions, value in ((None, 0.0), (swap, 1.0)):
        result = audited(declaring(network, actions), folder, NAME, groups=("flip",))
        assert entry_of(result, NAME, "flip").value == value


def test_of_labels_all_have_to_agree(folder: Path) -> None:
    """The signs of all labels, pair by pair."""
    network = replace(nine(), output=Output("sigmoid", (9,), declared=True))
    signs = outputs(network, folder) > 0
    rows = [np.mean([np.array_equal(a, b) for a, b in combinations(image, 2)]) for image in signs]
    entry = entry_of(audited(network, folder, NAME), NAME, "c4")
    assert entry.per_image is not None
    assert list(entry.per_image.value) == pytest.approx(rows, abs=1e-12)
    assert 0 < np.mean(rows) < 1


class Scores(nn.Module):
    """Three scores for each pixel, that depend on where it is."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.head = nn.Conv2d(3, 3, 3, padding=1)
        self.places = nn.Parameter(torch.randn(3, 16, 16))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(x) + self.places


def test_of_pixels_the_part_that_agrees_counts(folder: Path) -> None:
    """Moved back with the picture, pixel by pixel."""
    output = Output("dense", (3, 16, 16), declared=True)
    network = replace(network_of(Scores(), features=OUTPUT), output=output)
    result = audited(network, folder, NAME)
    rows = []
    for image in outputs(network, folder):
        back = [np.rot90(z.argmax(axis=0), -k) for k, z in enumerate(image)]
        rows.append(np.mean([(a == b).mean() for a, b in combinations(back, 2)]))
    entry = entry_of(result, NAME, "c4")
    assert entry.per_image is not None
    assert list(entry.per_image.value) == pytest.approx(rows, abs=1e-12)


def test_no_sentence_takes_it_for_the_flip_rate(folder: Path) -> None:
    """The sentence on top classes is of the flip rate alone."""
    alone = audited(nine(), folder, NAME)
    assert "top class" not in " ".join(say(alone, "c4").reasons).lower()
    for text in (printed(alone), in_full(alone)):
        assert NAME in text
