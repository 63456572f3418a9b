"""Results that are written down number by number, without a network: what sentences are made of."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from geed_cli.result.schema import Entry, GridPhase, Group, Output, Result, ToAnother
from geed_cli.verdict.inspection import InspectedLayer, Inspection

ELEMENTS = {
    "flip": ("e", "m"),
    "vflip": ("e", "r180m"),
    "c4": ("e", "r90", "r180", "r270"),
    "c8": ("e", "r45", "r90", "r135", "r180", "r225", "r270", "r315"),
    "invert": ("e", "invert"),
}
NULL = 0.8
"""1 plus the deviation of another image's maps, of every layer here."""


def group(name: str = "flip", *, elements: Sequence[str] = (), kind: str = "group", **more: object) -> Group:
    """A group by name, or with elements of its own."""
    names = tuple(elements) or ELEMENTS[name]
    exact = {"exact": "r45" not in names, "boundary": None, "interpolation": None}
    return Group.model_validate(
        {"name": name, "kind": kind, "order": len(names), "elements": names, **exact, **more}
    )


def unrelated(order: int) -> float:
    """latent.l2 of copies as far apart as different images."""
    return math.sqrt((1 - 1 / order) / 2)


def entry(
    metric: str,
    value: float | None,
    low: float | None = None,
    high: float | None = None,
    *,
    of: str = "flip",
    layer: str | None = None,
    **more: object,
) -> Entry:
    """A number with its interval; keyword arguments that are no part of an entry are its controls."""
    parts = {key: more.pop(key) for key in list(more) if key in Entry.model_fields}
    return Entry.model_validate(
        {
            "metric": metric,
            "group": of,
            "layer": layer,
            "status": "ok" if value is not None else "undefined",
            "value": value,
            "ci": None if low is None else (low, high),
            "raw": value,
            "normaliser": 10.0 if metric == "latent.l2" else None,
            "controls": more,
            **parts,
        }
    )


def features(
    part: float,
    low: float | None = None,
    high: float | None = None,
    *,
    of: str = "flip",
    paired: bool = True,
    **more: object,
) -> Entry:
    """latent.l2 of copies so far on the way to another image; ``paired`` is how results since geed.result/2 have it."""
    order = len(ELEMENTS.get(of, ("e", "g")))
    u, twin = unrelated(order), more.get("twin")
    ci = None if low is None or high is None else (low, high)
    way = ToAnother(value=part, ci=ci, per_image=None, twin=twin / u if isinstance(twin, float) else None)
    limits = (None, None) if ci is None else (ci[0] * u, ci[1] * u)
    return entry(
        "latent.l2",
        part * u,
        *limits,
        of=of,
        to_another=way if paired else None,
        **{"rounding": 1e-6, **more},
    )


def layers(parts: Sequence[float], half: float = 0.02, *, of: str = "flip", **more: object) -> list[Entry]:
    """Layers stage1, stage2 … so far off equivariance, with intervals of one width."""
    n = len(ELEMENTS.get(of, ("e", "g")))
    found = []
    for number, part in enumerate(parts, start=1):
        value, low, high = (-1 + p * NULL * (n - 1) / n for p in (part, max(part - half, 0.0), part + half))
        way = ToAnother(
            value=part, ci=(max(part - half, 0.0), part + half), per_image=None, null=((0, 1, NULL),)
        )
        made = {"null": -1 + NULL, "dead_fraction": 0.0, **more}
        found.append(
            entry(
                "channelwise.cosine", value, low, high, of=of, layer=f"stage{number}", to_another=way, **made
            )
        )
    return found


def flips(
    rate: float, low: float | None = None, high: float | None = None, *, of: str = "flip", **more: object
) -> Entry:
    """How often the top class changes."""
    return entry("prediction.flip_rate", rate, low, high, of=of, **more)


def softmax(value: float = 0.05, sensitivity: float = 1.9, *, of: str = "flip", **more: object) -> Entry:
    """softmax.kl beside its sensitivity."""
    return entry("softmax.kl", value, value * 0.9, value * 1.1, of=of, sensitivity=sensitivity, **more)


def result(
    *entries: Entry,
    groups: Sequence[Group] = (),
    count: int = 200,
    sample: bool = False,
    kind: str = "logits",
    actions: Mapping[str, object] = {},
    grid: Sequence[GridPhase] = (),
    data: Mapping[str, object] = {},
    settings: Mapping[str, object] = {},
    **more: object,
) -> Result:
    """A result of these entries: of ``flip`` where no groups are given."""
    images = [{"path": f"{i:03}.png", "sha256": f"{i:064}"} for i in range(count)]
    output = {"kind": kind, "shape": (10,), "probable": False, "declared": False, "reason": None}
    used = {
        "size": 224, "resize": 256, "crop_pct": 0.875, "crop_mode": "center", "interpolation": "bicubic",
        "mean": (0.5,) * 3, "std": (0.5,) * 3,
    }  # fmt: skip
    return Result.model_validate(
        {
            "schema": "geed.result/2",
            "status": "complete",
            "signature": "measure=1",
            "model": {
                "id": "timm/net", "source": "timm", "arch": "net", "input": used, "parameters": 1_000_000,
                "weights": {"origin": "file", "detail": "net.pt", "sha256": "0" * 64, "state_sha256": "0" * 64},
                "features": "input of fc", "classifier": "fc", "output": output, "actions": dict(actions),
            },
            "data": {
                "root": "pictures", "bundled_sample": sample, "found": count, "count": count, "not_drawn": 0,
                "sha256": "0" * 64, "seed": 0, "images": images, **data,
            },
            "groups": [each.model_dump() for each in groups or [group()]],
            "settings": {
                "samples": 200, "norm_samples": None, "confidence": 0.95, "resamples": 2000, "ci": "corrected-t",
                "seed": 0, "precision": "fp32", "batch_size": 16, "device": "cpu", "threads": 1, "measures": (),
                "layers": (), **settings,
            },
            "results": [each.model_dump() for each in entries],
            "grid_phase": [each.model_dump() for each in grid],
            "environment": dict.fromkeys(
                ("geed", "python", "torch", "timm", "torchvision", "platform", "device"), "0"
            ),
            "timing": {
                "decode_s": 0, "forward_s": 0, "measure_s": 0, "statistics_s": 0, "total_s": 0, "images_per_s": 0,
            },
            **more,
        }
    )  # fmt: skip


def inspected(
    *layers: InspectedLayer,
    features: int | None = 512,
    kind: str = "logits",
    shape: tuple[int, ...] = (10,),
    declared: bool = False,
    reason: str | None = None,
    classifier: str | None = "fc",
    origin: str = "file",
    notes: tuple[str, ...] = (),
    **more: Any,  # noqa: ANN401 - the other parts of an inspection
) -> Inspection:
    """What was found of a network called net that would take these layers."""
    output = Output.model_validate(
        {"kind": kind, "shape": shape, "probable": False, "declared": declared, "reason": reason}
    )
    model = result().model
    weights = model.weights.model_copy(update={"origin": origin, "notes": notes})
    changed = model.model_copy(update={"output": output, "classifier": classifier, "weights": weights})
    commands = {"audit": "geed audit net -g flip", "write": "geed inspect net --write-spec my_model.yaml"}
    return Inspection(changed, features, layers, **{**commands, **more})
