"""Networks that are a function of one image, however oddly, are audited; those that are not are refused."""

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.command import Geed
from support.steady_networks import KINDS, odd
from support.unsteady_networks import spoilt
from support.zoo import Reading, Refused, Right, Specimen, audit_specimen

RELATIVE = {"fp32": 1e-5, "bf16": 2e-2}
"""Of values in bfloat16, whose features have two to three digits, in a batch and by themselves."""
SPREADING = {"Deep", "DeepConvolutions", "Chaotic"}
"""These make last digits large: a batch of one and one of sixteen leave float32 two digits."""
ALSO_REDUCED = (
    "Small", "Routed", "SparselyRouted", "Quantised", "Binary", "Codebook", "Deep", "Chaotic", "HardAttention",
    "InPlace", "CountsCalls", "InTraining", "Hashed",
)  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "precision"),
    [
        *((kind, "fp32") for kind in KINDS),
        *(pytest.param(kind, "bf16", marks=pytest.mark.heavy) for kind in ALSO_REDUCED),
    ],
)
def test_odd_networks_that_are_steady_are_audited(
    kind: str, precision: str, geed: Geed, tmp_path: Path
) -> None:
    """Whatever last digits, draws and counters do in them, they agree with a loop over pictures one at a time."""
    relative = 5e-2 if kind in SPREADING else RELATIVE[precision]
    specimen = Specimen(
        kind,
        odd,
        Right(Reading(layers={"stem": lambda maps: maps}), relative=relative),
        arguments={"kind": kind},
        spec={"split": {"classifier": "fc"}},
        options=("--layer", "stem", "--precision", precision),
        dtype=torch.float32 if precision == "fp32" else torch.bfloat16,
    )
    audit_specimen(specimen, geed, tmp_path)


BATCH, DRAWS, OWN = (
    "it depends on what else is in the batch",
    "it draws random numbers",
    "keeps state between calls",
)

UNSTEADY = (
    ("dropout", "FunctionalDropout", {}, DRAWS, "after 'stem' and before 'fc'", ()),
    (
        "dropout-one-row",
        "FunctionalDropout",
        {},
        DRAWS,
        "the network's own code (FunctionalDropout)",
        ("--batch-size", "1"),
    ),
    ("monte-carlo", "MonteCarlo", {}, DRAWS, "module 'drop' (StubbornDropout) in training mode", ()),
    (
        "noise-torch",
        "Noise",
        {"source": "torch", "size": 0.01},
        DRAWS,
        "torch's random generator was advanced",
        (),
    ),
    (
        "noise-numpy",
        "Noise",
        {"source": "numpy", "size": 0.01},
        DRAWS,
        "numpy's random generator was advanced",
        (),
    ),
    ("noise-python", "Noise", {"source": "python", "size": 0.01}, DRAWS, "Python's random generator", ()),
    ("noise-own", "Noise", {"source": "own", "size": 0.01}, OWN, "after 'stem'", ()),
    ("noise-small", "Noise", {"source": "own", "size": 0.001}, OWN, "", ()),
    ("batch-statistics", "BatchStatistics", {}, BATCH, "module 'norm' (BatchNorm2d)", ()),
    ("batch-statistics-one-row", "BatchStatistics", {}, BATCH, "", ("--batch-size", "1")),
    ("batch-statistics-orbit", "BatchStatistics", {}, BATCH, "", ("--batch-size", "2")),
    ("batch-statistics-one-image", "BatchStatistics", {}, BATCH, "", ("--samples", "1")),
    ("overridden-train", "OverriddenTrain", {}, BATCH, "(TrainingNorm) is in training mode", ()),
    ("batch-mean", "BatchMean", {}, BATCH, "after 'stem' and before 'fc'", ()),
    ("neighbour", "Neighbour", {}, BATCH, "before 'stem'", ()),
    ("memory", "Memory", {}, OWN, "attribute 'state' was written", ()),
    ("buffer", "Buffer", {}, OWN, "buffer or parameter 'mean' was written", ()),
    ("counter", "Counter", {}, OWN, "attribute 'calls' was written", ()),
    ("counter-third", "Counter", {"every": 3}, OWN, "attribute 'calls' was written", ()),
    ("stochastic-depth", "StochasticDepth", {}, DRAWS, "", ()),
    ("stochastic-depth-rare", "StochasticDepth", {"probability": 0.1}, DRAWS, "", ()),
    ("warms-up", "WarmsUp", {}, OWN, "attribute 'cold' was written", ()),
    ("warms-up-slowly", "WarmsUp", {"calls": 3}, OWN, "attribute 'cold' was written", ("--batch-size", "2")),
    ("history", "History", {}, OWN, "after 'stem' and before 'fc'", ()),
    ("kept-by-shape", "KeptByShape", {}, OWN, "", ("--batch-size", "4")),
    ("batch-largest", "BatchLargest", {}, BATCH, "after 'stem' and before 'fc'", ()),
    ("ghost-norm", "GhostNorm", {}, BATCH, "after 'stem' and before 'fc'", ()),
    ("dark-noise", "DarkNoise", {}, DRAWS, "", ()),
    ("batch-size", "BatchSize", {}, BATCH, "", ()),
    ("random-crop", "ShuffledPatches", {}, DRAWS, "before 'stem'", ()),
    *(
        (f"{places}-place", "AtPlaces", {"places": places}, BATCH, "", ())
        for places in ("first", "last", "eighth")
    ),
    *((f"{places}-places", "AtPlaces", {"places": places}, BATCH, "", ()) for places in ("half", "odd")),
    ("eighth-of-eight", "AtPlaces", {"places": "eighth"}, BATCH, "", ("--batch-size", "8")),
    ("last-of-four", "AtPlaces", {"places": "last"}, BATCH, "", ("--batch-size", "4")),
    ("first-of-two", "AtPlaces", {"places": "first"}, BATCH, "", ("--batch-size", "2")),
    ("last-of-one", "AtPlaces", {"places": "last"}, BATCH, "", ("--batch-size", "1")),
    ("odd-rows", "OddRows", {}, BATCH, "after 'stem' and before 'fc'", ()),
    ("odd-rows-five", "OddRows", {}, BATCH, "", ("--batch-size", "5")),
    ("next-neighbour", "NextNeighbour", {}, BATCH, "before 'stem'", ()),
    ("next-neighbour-two", "NextNeighbour", {}, BATCH, "", ("--batch-size", "2")),
    ("batch-sum", "BatchSum", {}, BATCH, "after 'stem' and before 'fc'", ()),
    ("largest-so-far", "LargestSoFar", {}, OWN, "", ()),
    ("largest-so-far-in-batches", "LargestSoFar", {}, OWN, "", ("--batch-size", "2")),
    ("bf16", "FunctionalDropout", {}, DRAWS, "", ("--precision", "bf16")),
    ("fp64", "FunctionalDropout", {}, DRAWS, "", ("--precision", "fp64")),
    ("bf16-batch", "BatchStatistics", {}, BATCH, "", ("--precision", "bf16")),
)


@pytest.mark.parametrize(("name", "kind", "arguments", "reason", "culprit", "options"), UNSTEADY)
def test_networks_that_are_no_function_of_one_image_are_refused(
    name: str,
    kind: str,
    arguments: dict[str, float | str],
    reason: str,
    culprit: str,
    options: tuple[str, ...],
    geed: Geed,
    tmp_path: Path,
) -> None:
    for seed in (torch.manual_seed, np.random.seed, random.seed):
        seed(0)
    arguments = {"kind": kind, **arguments}
    specimen = Specimen(name, spoilt, Refused(reason), arguments=arguments, options=options)
    done = audit_specimen(specimen, geed, tmp_path)
    message = " ".join(done.stderr.split())
    print(message)
    assert "is no function of one image: the same picture, shown again, moved" in message
    assert culprit in message


SURELY_UNSTEADY = ("FunctionalDropout", "BatchStatistics", "BatchMean", "Memory", "Buffer", "ShuffledPatches")
DTYPES = {"fp32": torch.float32, "fp64": torch.float64, "bf16": torch.bfloat16}


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from([*(kind for kind in KINDS if kind not in SPREADING), *SURELY_UNSTEADY]),
    group=st.sampled_from(["flip", "c4"]),
    batch=st.sampled_from([1, 2, 3, 5, 16]),
    precision=st.sampled_from(list(DTYPES)),
)
def test_what_a_network_is_does_not_depend_on_group_batch_and_precision(
    kind: str, group: str, batch: int, precision: str, geed: Geed, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for seed in (torch.manual_seed, np.random.seed, random.seed):
        seed(0)
    steady = kind not in SURELY_UNSTEADY
    # what it remembers is in the type in which it was loaded
    stays = (kind, precision) == ("Memory", "bf16")
    sentence = "does not run in bfloat16" if stays else "is no function of one image"
    reading = Reading(layers={"stem": lambda maps: maps})
    specimen = Specimen(
        kind,
        odd if steady else spoilt,
        Right(reading, relative=RELATIVE.get(precision, 1e-5)) if steady else Refused(sentence),
        arguments={"kind": kind},
        spec={"split": {"classifier": "fc"}},
        options=("--layer", "stem", "--precision", precision, "--batch-size", str(batch)),
        group=group,
        dtype=DTYPES[precision],
    )
    audit_specimen(specimen, geed, tmp_path_factory.mktemp("zoo"))
