"""Results with rows of one's own choosing, for tests of the gate: no network, no torch."""

from collections.abc import Mapping

import numpy as np

from geed_cli.documents.strict_yaml import parse_yaml
from geed_cli.documents.validation import validate
from geed_cli.gate.policy import Policy, policy_of
from geed_cli.gate.policy_file import PolicyFile
from geed_cli.result.schema import (
    Data,
    Entry,
    Environment,
    Group,
    Image,
    Labels,
    Model,
    PerImage,
    Preprocessing,
    Result,
    Settings,
    Timing,
    TopClasses,
    Weights,
)

Rows = Mapping[tuple[str, str, str | None], np.ndarray]

ENVIRONMENT = Environment(
    geed="0.1.0", python="3", torch="2", timm="1", torchvision="0", platform="none", device="cpu"
)
INPUT = Preprocessing(
    size=32,
    resize=32,
    crop_pct=1.0,
    crop_mode="center",
    interpolation="bilinear",
    mean=(0, 0, 0),
    std=(1, 1, 1),
)
SETTINGS = Settings(
    samples=200, norm_samples=None, confidence=0.95, resamples=2000, ci="corrected-t", seed=0, precision="fp32",
    batch_size=8, device="cpu", threads=1, measures=(), layers=(),
)  # fmt: skip
TIMING = Timing(decode_s=0, forward_s=0, measure_s=0, statistics_s=0, total_s=0, images_per_s=0)


def policy(text: str) -> Policy:
    """The policy that a YAML text stands for."""
    return policy_of(validate(parse_yaml(text, "policy.yaml"), PolicyFile), "policy.yaml")


def result(rows: Rows, name: str = "net") -> Result:
    """A complete result of a network called ``name``; latent measures have M = 1 exactly, for every image."""
    count = len(next(iter(rows.values())))
    images = tuple(Image(path=f"{i}.png", sha256=f"{i:064x}") for i in range(count))
    weights = Weights(origin="random", detail="", sha256=None, state_sha256="0")
    model = Model(
        id=name,
        source="none",
        arch=name,
        weights=weights,
        input=INPUT,
        parameters=0,
        features="",
        classifier=None,
    )
    groups = tuple(
        Group(name=group, order=2, elements=("e", "m"), exact=True, boundary=None, interpolation=None)
        for group in dict.fromkeys(group for _, group, _ in rows)
    )
    data = Data(
        root="/somewhere/private/photos", bundled_sample=False, found=count, count=count, not_drawn=0,
        sha256=f"{count:064x}", seed=0, images=images,
    )  # fmt: skip
    return Result(
        status="complete", signature="measure=1 data=test", model=model, data=data, groups=groups, settings=SETTINGS,
        results=tuple(entry(*key, values) for key, values in rows.items()), environment=ENVIRONMENT, timing=TIMING,
    )  # fmt: skip


def entry(metric: str, group: str, layer: str | None, values: np.ndarray) -> Entry:
    """An entry with these rows."""
    latent = metric.startswith("latent.")
    rows = PerImage(
        value=tuple(None if np.isnan(v) else float(v) for v in values),
        normaliser=tuple(1.0 for _ in values) if latent else None,
    )
    return Entry(
        metric=metric, group=group, layer=layer, status="ok", value=float(np.nanmean(values)), ci=None,
        raw=float(np.nanmean(values)), normaliser=1.0 if latent else None, per_image=rows,
    )  # fmt: skip


def changed_entry(one: Result, **update: object) -> Result:
    """The result with its first entry changed."""
    first, *others = one.results
    return one.model_copy(update={"results": (first.model_copy(update=update), *others)})


def spread(mean: float, sd: float, n: int = 200, seed: int = 0) -> np.ndarray:
    """Rows with exactly this mean and standard deviation (ddof 1), in a random order."""
    drawn = np.random.default_rng(seed).normal(size=n)
    drawn -= drawn.mean()
    return mean + sd * drawn / drawn.std(ddof=1)


def labelled(
    right: Mapping[str, np.ndarray],
    name: str = "net",
    probability: float | np.ndarray = 0.75,
    group: str = "flip",
) -> Result:
    """A result whose pictures all have class 1, with the top class 1 where ``right`` says so and else 0, by element."""
    count = len(right["e"])
    made = result({("prediction.flip_rate", group, None): np.zeros(count)}, name)
    groups = (made.groups[0].model_copy(update={"elements": tuple(right), "order": len(right)}),)
    tops = TopClasses(
        group=group,
        classes={element: tuple(map(int, row)) for element, row in right.items()},
        probabilities={element: tuple(np.broadcast_to(probability, count).tolist()) for element in right},
    )
    data = made.data.model_copy(update={"labels": Labels(how="labels.csv", of=(1,) * count)})
    return made.model_copy(update={"groups": groups, "top_classes": (tops,), "data": data})
