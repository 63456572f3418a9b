"""Numbers of a track, computed again by code that shares nothing with geed: NumPy, and torch for the network alone.

    python -m examples.paper.verify runs/4.1/hidden_zero.json --step 800
    python -m examples.paper.verify runs/4.2/hidden/fashion/*/*_1-*.json

Of a track one copy of each family at a step, of saved results each: latent.l2, latent.cosine, softmax.kl and the
channelwise cosine of six blocks. Pictures are turned, means and distances taken and maps compared one at a time in
float64, straight from the paper's equations.
"""

import argparse
import json
import math
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn

from examples.paper.nets import network

N = 8
BLOCKS = [f"block{k}" for k in range(1, 7)]


def turn(a: np.ndarray, k: int) -> np.ndarray:
    """The last two axes turned counter-clockwise by 45k degrees about the centre; bilinear, 0 outside."""
    if k % 2 == 0:
        return np.rot90(a, k // 2, axes=(-2, -1)).copy()
    size, angle = a.shape[-1], math.radians(45 * k)
    out = np.zeros_like(a)
    middle = (size - 1) / 2
    for row in range(size):
        for column in range(size):
            x, y = column - middle, middle - row
            from_x = math.cos(angle) * x + math.sin(angle) * y + middle
            from_y = middle - (-math.sin(angle) * x + math.cos(angle) * y)
            left, top = math.floor(from_x), math.floor(from_y)
            for r, weight_r in ((top, top + 1 - from_y), (top + 1, from_y - top)):
                for c, weight_c in ((left, left + 1 - from_x), (left + 1, from_x - left)):
                    if 0 <= r < size and 0 <= c < size:
                        out[..., row, column] += weight_r * weight_c * a[..., r, c]
    return out


def support(size: int, boundary: str) -> np.ndarray:
    """Where pixels are compared: the inscribed disc, or all."""
    if boundary != "disc":
        return np.ones((size, size), dtype=bool)
    middle = (size - 1) / 2
    row, column = np.mgrid[0:size, 0:size]
    inside: np.ndarray = (row - middle) ** 2 + (column - middle) ** 2 <= middle**2 + 1e-9
    return inside


class Reader:
    """A network's maps, features and class probabilities of float64 pictures B×S×S."""

    def __init__(self, net: nn.Module) -> None:
        self.net = net
        self.kept: dict[str, np.ndarray] = {}
        for name in (*BLOCKS, "hidden"):
            net.get_submodule(name).register_forward_hook(self.keeper(name))

    def keeper(self, name: str) -> Any:  # noqa: ANN401 - torch's own type of a hook
        """A hook that keeps a module's output in float64."""

        def keep(_module: nn.Module, _inputs: object, output: Any) -> None:  # noqa: ANN401 - a tensor or e2cnn's
            tensor = getattr(output, "tensor", output)
            self.kept[name] = tensor.double().numpy()

        return keep

    @torch.inference_mode()
    def __call__(self, pictures: np.ndarray) -> dict[str, np.ndarray]:
        """By module, and p(x) as ``p``."""
        logits = self.net(torch.from_numpy(pictures).float()[:, None])
        return {**self.kept, "p": torch.softmax(logits.double(), 1).numpy()}


def numbers(
    net: nn.Module, kind: str, pictures: np.ndarray, normal: np.ndarray, boundary: str
) -> dict[str, float]:
    """Equations (4) to (6) and the softmax G-EED of one network, by name."""
    read, mask = Reader(net), support(pictures.shape[-1], boundary)
    sums: dict[str, list[float]] = {
        name: [] for name in ("latent.l2", "latent.cosine", "softmax.kl", *BLOCKS)
    }
    for x in pictures:
        seen = read(np.stack([turn(x, k) * mask for k in range(N)]))
        f, p = seen["hidden"], seen["p"]
        mean, q = f.mean(0), p.mean(0)
        sums["latent.l2"].append(fmean([math.dist(each, mean) for each in f]))
        sums["latent.cosine"].append(fmean([-cosine(each, mean) for each in f]))
        sums["softmax.kl"].append(
            fmean([sum(a * math.log(a / b) for a, b in zip(each, q, strict=True) if a) for each in p])
        )
        for block in BLOCKS:
            sums[block].append(channelwise(seen[block], kind, boundary))
    f = read(normal * mask)["hidden"]
    pairs = [(i, j) for i in range(len(f)) for j in range(i)]
    by_l2 = fmean([math.dist(f[i], f[j]) for i, j in pairs])
    by_cosine = fmean([cosine(f[i], f[j]) for i, j in pairs])
    means = {name: fmean(each) for name, each in sums.items()}
    return means | {
        "latent.l2": means["latent.l2"] / by_l2,
        "latent.cosine": means["latent.cosine"] / by_cosine,
    }


def cosine(u: np.ndarray, v: np.ndarray) -> float:
    """Of two vectors; 0 where one of them is zero."""
    lengths = math.sqrt(u @ u) * math.sqrt(v @ v)
    return float(u @ v) / lengths if lengths else 0.0


def channelwise(maps: np.ndarray, kind: str, boundary: str) -> float:
    """Equation (5) of one picture, maps of all its turns; channels that are dead in both maps are left out."""
    inside, found = support(maps.shape[-1], boundary), []
    for k in range(N):
        base = maps[0]
        if kind == "c8":  # fields of eight channels, in the order of the angles
            base = np.roll(base.reshape(-1, N, *base.shape[1:]), k, axis=1).reshape(base.shape)
        here, there = maps[k][:, inside], turn(base, k)[:, inside]
        largest = max(np.linalg.norm(here, axis=1).max(), np.linalg.norm(there, axis=1).max())
        alive = [
            (u, v)
            for u, v in zip(here, there, strict=True)
            if max(np.linalg.norm(u), np.linalg.norm(v)) > 1e-6 * largest
        ]
        found.append(-fmean([cosine(u, v) for u, v in alive]))
    return fmean(found)


Checked = tuple[str, dict[str, Any]]  # the family, and a saved result


def checked(file: Path, step: int | None) -> list[Checked]:
    """What a file holds: its own result, or of a track the first copy of each family at the step."""
    held = json.loads(file.read_text())
    if "records" not in held:
        spec, *_ = held["model"]["typed"]
        return [(Path(spec).name.partition("_")[0], held)]
    first: dict[str, Checked] = {}
    for record in held["records"]:
        if record["step"] == step:
            first.setdefault(record["label"], (record["label"], record["result"]))
    return list(first.values())


def main() -> None:
    """Print a row for each number: geed's, ours and their difference; exit 1 where one is over 1e-5."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", type=Path, nargs="+", help="tracks and results with split hidden")
    parser.add_argument("--step", type=int, help="of tracks")
    parser.add_argument("--scale", default="small")
    given = parser.parse_args()
    found = [each for file in given.files for each in checked(file, given.step)]
    worst = max(compare(result, kind, given.scale) for kind, result in found)
    raise SystemExit(worst > 1e-5)


def compare(result: dict[str, Any], kind: str, scale: str) -> float:
    """The largest difference of one checkpoint's numbers."""
    net = network(kind, scale)
    net.load_state_dict(torch.load(result["model"]["weights"]["detail"], weights_only=True))
    root = Path(result["data"]["root"])

    def pixels(images: list[dict[str, Any]]) -> np.ndarray:
        return np.stack([np.asarray(Image.open(root / each["path"]), dtype=float) / 255 for each in images])

    audited = result["data"]["images"]
    normal = result["data"]["normaliser_images"] or audited
    (group,) = result["groups"]
    mine = numbers(net.eval(), kind, pixels(audited), pixels(normal), group["boundary"])
    worst = 0.0
    for row in result["results"]:
        name = row["layer"] if row["metric"] == "channelwise.cosine" else row["metric"]
        if name in mine and row["layer"] in (None, name):
            difference = abs(row["value"] - mine[name])
            worst = max(worst, difference / max(1, abs(mine[name])))
            print(
                f"{kind:3} {name:13} geed {row['value']: .6f}  here {mine[name]: .6f}  apart {difference:.1e}"
            )
    return worst


if __name__ == "__main__":
    main()
