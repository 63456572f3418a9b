"""What is fuzzed: sound files of each kind, the real way in, and what an accepted file must be.

``accept`` runs the program's own code and raises its refusals; what it returns says whether an accepted file holds
other values than the sound one, and whether its format could have told.
"""

import io
import json
import random
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import fuzz_mutations as m
import numpy as np
import torch
from PIL import Image
from rich.console import Console
from safetensors.torch import save
from torch import Tensor, nn

from geed_cli.checkpoints.formats import HEAD_BYTES, Container, container_of
from geed_cli.checkpoints.loading import KeyRules, load_checkpoint
from geed_cli.checkpoints.reader import child
from geed_cli.checkpoints.reader.messages import Choice, Refused, Request
from geed_cli.checkpoints.reader.resource_limits import limits_for
from geed_cli.errors import InputError
from geed_cli.gate.gate import gate
from geed_cli.gate.policy import read_policy
from geed_cli.images.decode import read_picture
from geed_cli.images.preprocess import to_pixels
from geed_cli.input_settings import InputSettings
from geed_cli.models.build import build
from geed_cli.models.requested import requested_spec
from geed_cli.report.audit_page import print_result
from geed_cli.report.gate.gate_table import print_gate
from geed_cli.result.file import read_result, to_strict_json
from geed_cli.result.schema import Result

Verdict = Literal["same", "different", "different, noted"]
SETTINGS = InputSettings(16, 16, "bilinear", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
SPEC = """\
model:
  source: timm
  name: resnet18
weights:
  origin: file
  path: net.pt
  strip_prefix: [module., backbone.]
  rename: {'^encoder\\.': ''}
  missing: [fc.*]
layers: [layer1, layer2]
split: {features: global_pool, classifier: fc}
input: {size: 224, crop_pct: 0.875, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5]}
"""
POLICY = """\
version: 1
require: {min_images: 5, max_refused: 0, groups: [flip]}
rules:
  - {id: flip-latent, metric: latent.l2, group: flip, max: 0.9, level: error}
  - {id: flip-layers, metric: channelwise.cosine, group: flip, layer: "block*", max: -0.1, level: warn}
baseline:
  rules:
    - {metric: "latent.*", group: "*", max_increase: 5%, level: error}
    - {metric: softmax.kl, group: flip, max_increase: 0.01, level: warn}
"""


@dataclass(frozen=True)
class Target:
    """A kind of file.

    Attributes:
        seeds: sound files.
        mutations: drawn with equal chances.
        suffix: of the file's name.
        accept: reads a file; the second argument is the sound one, the third the mutation's name.
    """

    seeds: tuple[bytes, ...]
    mutations: tuple[m.Mutation, ...]
    suffix: str
    accept: Callable[[Path, bytes, str], Verdict]


def net() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 3))


def state(seed: int) -> dict[str, Tensor]:
    torch.manual_seed(seed)
    return {name: value.clone() for name, value in net().state_dict().items()}


def torch_file(contents: object, *, zipped: bool) -> bytes:
    buffer = io.BytesIO()
    torch.save(contents, buffer, _use_new_zipfile_serialization=zipped)
    return buffer.getvalue()


def _read_as_the_child_does(path: Path) -> tuple[Path, tuple[str, ...]]:
    """The reading process's own code, in the fuzzer's process, which has its limits and more."""
    container = container_of(path.read_bytes()[:HEAD_BYTES], path.name)
    if container is Container.SAFETENSORS:
        return path, ()
    target = path.parent / "weights.safetensors"
    limits = limits_for(path.stat().st_size)
    request = Request(path, target, container.value, Choice(usual=("state_dict",)), limits)
    answer = child.answer_to(request)
    if isinstance(answer, Refused):
        raise InputError(answer.found, expected=answer.expected, remedy=answer.remedy)
    return target, answer.notes


def checkpoint(path: Path, sound: bytes, mutation: str) -> Verdict:
    """Into a network, which then holds the sound file's weights or was told why it may not."""
    file, notes = _read_as_the_child_does(path)
    network = net()
    load_checkpoint(network, file, KeyRules())
    good = next(state(seed) for seed in (0, 1) if _holds(sound, state(seed)))
    same = all(torch.equal(value, good[name]) for name, value in network.state_dict().items())
    if same:
        return "same"
    # Repacked files have right checksums: they are other sound files. The others have none to be wrong.
    told = (
        mutation.startswith("repack")
        or any("checksum" in note for note in notes)
        or path.suffix == ".safetensors"
    )
    return "different, noted" if told else "different"


def _holds(sound: bytes, good: dict[str, Tensor]) -> bool:
    return good["0.weight"].numpy().tobytes() in sound


def spec(path: Path, sound: bytes, mutation: str) -> Verdict:
    """As far as a spec can get without a network: every request for code is refused."""
    del sound, mutation
    asked = requested_spec(str(path), None, None, None)
    if asked.spec.model.source == "python":
        try:
            build(asked, seed=0, size=None, allow_code=False, allow_pickle=False)
        except InputError:
            return "same"
        raise AssertionError("code was allowed")
    return "same"


def picture(path: Path, sound: bytes, mutation: str) -> Verdict:
    """What is accepted is what Pillow decodes in full; a PNG with its checksums is the sound one."""
    decoded, _ = read_picture(path)
    to_pixels(decoded, SETTINGS)
    with Image.open(path) as other:
        other.load()
        reference = other.convert("RGB") if other.mode in {"RGB", "L"} else decoded.image
    if reference.size == decoded.size and not np.array_equal(
        np.asarray(reference), np.asarray(decoded.image)
    ):
        return "different"
    original = np.asarray(Image.open(io.BytesIO(sound)).convert("RGB"))
    if np.array_equal(original, np.asarray(decoded.image)):
        return "same"
    checked = sound.startswith(b"\x89PNG") and mutation.startswith("flip")
    return "different" if checked else "different, noted"


def result(path: Path, sound: bytes, mutation: str) -> Verdict:
    """Read, drawn as a table, and written again without loss."""
    del mutation
    found = read_result(path)
    print_result(found, Console(file=io.StringIO(), width=100))
    again = to_strict_json(found)
    again.encode()
    return "same" if json.loads(again) == json.loads(sound) else "different, noted"


def policy_of(judged: Result) -> Callable[[Path, bytes, str], Verdict]:
    """Read as a policy, and a sound result judged by it and drawn: whatever the verdict is, it is one."""

    def policy(path: Path, sound: bytes, mutation: str) -> Verdict:
        del sound, mutation
        report = gate({"model": judged}, read_policy(path), judged)
        print_gate(report, Console(file=io.StringIO(), width=100))
        return "same"

    return policy


def pictures() -> tuple[bytes, ...]:
    values = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    made = []
    for image_format, mode in (("PNG", "RGB"), ("JPEG", "RGB"), ("BMP", "RGB"), ("TIFF", "RGB"), ("WEBP", "RGB"),
                               ("PNG", "L"), ("PNG", "P"), ("TIFF", "L")):  # fmt: skip
        buffer = io.BytesIO()
        Image.fromarray(values).convert(mode).save(buffer, image_format)
        made.append(buffer.getvalue())
    return tuple(made)


def targets(result_json: bytes) -> dict[str, Target]:
    """Every kind, by name; ``result_json`` is a sound saved result."""
    states = [state(0), state(1)]
    wrapped = [{"state_dict": states[0], "epoch": 3}, states[1]]
    text = (m.json_bit, m.json_bit, m.lines, m.flip_one, m.cut, m.cut_out, m.splice, m.bomb)
    return {
        "checkpoint (zip)": Target(
            tuple(torch_file(one, zipped=True) for one in wrapped),
            (*m.BYTES, m.repack_zip, m.repack_zip, m.repack_pickle, m.repack_pickle), ".pt", checkpoint,
        ),
        "checkpoint (old stream)": Target(
            tuple(torch_file(one, zipped=False) for one in wrapped), (*m.BYTES, m.opcode, m.opcode), ".pth", checkpoint
        ),
        "safetensors": Target(
            tuple(save(one) for one in states), (*m.BYTES, m.header, m.header, m.header), ".safetensors", checkpoint
        ),
        "spec (YAML)": Target((SPEC.encode(), SPEC.replace("\n", "\r\n").encode()),
                              (*m.BYTES, m.yaml_bit, m.yaml_bit, m.yaml_bit, m.lines, m.lines), ".yaml", spec),
        "policy (YAML)": Target(
            (POLICY.encode(), POLICY.replace("\n", "\r\n").encode()),
            (*m.BYTES, m.yaml_bit, m.yaml_bit, m.yaml_bit, m.lines, m.lines), ".yaml",
            policy_of(Result.model_validate_json(result_json)),
        ),
        "image": Target(pictures(), (*m.BYTES, m.repack_png), ".png", picture),
        "saved result": Target((result_json, result_json.replace(b"flip", b"c2")), text, ".json", result),
    }  # fmt: skip


def case(target: Target, seed: int) -> tuple[bytes, bytes, str]:
    """The seeded case: mutated file, sound file, mutation's name."""
    rng = random.Random(seed)
    sound, donor = rng.choice(target.seeds), rng.choice(target.seeds)
    mutation = rng.choice(target.mutations)
    if mutation is m.repack_png and not sound.startswith(b"\x89PNG"):
        mutation = m.flip_one
    try:
        return mutation(sound, donor, rng), sound, mutation.__name__
    except (struct.error, IndexError, ValueError):  # a stretch that is too short for this mutation
        return m.flip_one(sound, donor, rng), sound, "flip_one"
