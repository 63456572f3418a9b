"""Checkpoint files that must be refused: one for each reason, with the words of the refusal.

Files that try to run code create the canary when they succeed. Everything else is damage, disguise or excess.
"""

import argparse
import json
import struct
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

STATE = {"weight": torch.arange(6.0).reshape(2, 3), "bias": torch.ones(2)}


@dataclass(frozen=True)
class Hostile:
    """A file and its fate.

    Attributes:
        name: what is wrong with it.
        write: makes the file; takes its path and the canary's.
        says: part of the message, as a regular expression.
    """

    name: str
    write: Callable[[Path, Path], None]
    says: str


class Runs:
    """An object whose unpickling calls a function."""

    def __init__(self, function: str, argument: str) -> None:
        self.function, self.argument = function, argument

    def __reduce__(self) -> tuple[object, tuple[str]]:
        module, _, name = self.function.rpartition(".")
        return (getattr(__import__(module), name), (self.argument,))


class Shadow(Tensor):
    """A subclass of Tensor, whose methods would be a stranger's."""


def saves(contents: Callable[[Path], object], *, legacy: bool = False) -> Callable[[Path, Path], None]:
    """Writes ``contents(canary)`` with torch.save."""

    def write(path: Path, canary: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.save(contents(canary), path, _use_new_zipfile_serialization=not legacy)

    return write


def writes(data: Callable[[Path], bytes]) -> Callable[[Path, Path], None]:
    """Writes ``data(canary)`` as it is."""
    return lambda path, canary: (path.write_bytes(data(canary)), None)[1]


def edits(change: Callable[[bytearray], object]) -> Callable[[Path, Path], None]:
    """A sound file whose bytes are changed afterwards."""

    def write(path: Path, _: Path) -> None:
        torch.save(STATE, path)
        data = bytearray(path.read_bytes())
        change(data)
        path.write_bytes(data)

    return write


def packs(members: Callable[[Path], dict[str, bytes]], compression: int = 0) -> Callable[[Path, Path], None]:
    """A zip archive with these members."""

    def write(path: Path, canary: Path) -> None:
        with zipfile.ZipFile(path, "w", compression) as archive:
            for name, data in members(canary).items():
                archive.writestr(name, data)

    return write


def shell(canary: Path) -> str:
    return f"mkdir '{canary}'"


def evaluated(canary: Path) -> str:
    return f"__import__('os').mkdir({str(canary)!r})"


def raw_pickle(canary: Path) -> bytes:
    """GLOBAL and REDUCE by hand, in protocol 2."""
    return (
        b"\x80\x02cposix\nmkdir\nX" + struct.pack("<I", len(str(canary))) + str(canary).encode() + b"\x85R."
    )


def module_with_code(canary: Path) -> nn.Module:
    module = nn.Linear(2, 2)
    module.extra = Runs("os.system", shell(canary))  # type: ignore[assignment]
    return module


def namespace_with_code(canary: Path) -> dict[str, object]:
    """Inside the one class that is allowed beside torch's own."""
    return {"state_dict": STATE, "args": argparse.Namespace(run=Runs("os.system", shell(canary)))}


class OfScalar:
    """Pickles as a NumPy scalar whose bytes are something else."""

    def __init__(self, inside: object) -> None:
        self.inside = inside

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return np.float64(0).__reduce__()[0], (np.dtype("float64"), self.inside)


def scalar_with_code(canary: Path) -> dict[str, object]:
    """Inside one of the names that a stand-in takes the place of."""
    return {"state_dict": STATE, "best": OfScalar(Runs("os.system", shell(canary)))}


CODE = (
    Hostile(
        "os.system",
        saves(lambda c: {"state_dict": STATE, "x": Runs("os.system", shell(c))}),
        r"asks to import (posix|nt|os)\.system",
    ),
    Hostile(
        "eval in the old stream",
        saves(lambda c: {"state_dict": STATE, "x": Runs("builtins.eval", evaluated(c))}, legacy=True),
        r"asks to import \S*eval",
    ),
    Hostile(
        "a whole module with code", saves(module_with_code), r"asks to import torch\.nn\.modules\.linear"
    ),
    Hostile(
        "code in what is read as nothing", saves(scalar_with_code), r"asks to import (posix|nt|os)\.system"
    ),
    Hostile("code in a namespace", saves(namespace_with_code), r"asks to import (posix|nt|os)\.system"),
    Hostile(
        "a pickle of its own in a zip",
        packs(lambda c: {"a/data.pkl": raw_pickle(c), "a/version": b"3\n", "a/byteorder": b"little"}),
        r"asks to import posix\.mkdir",
    ),
    Hostile("a bare pickle", writes(raw_pickle), r"a Python pickle that torch\.save did not write"),
    Hostile(
        "an object array in .npz",
        packs(lambda c: {"a.npy": b"\x93NUMPY\x01\x00\x00\x00" + raw_pickle(c)}),
        "a NumPy archive",
    ),
)
"""Files whose reading would run code."""


def _torchscript(path: Path, _: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch announces TorchScript's end
        torch.jit.script(nn.Linear(2, 2)).save(path)


def _twice(path: Path, _: Path) -> None:
    torch.save(STATE, path)
    with warnings.catch_warnings(), zipfile.ZipFile(path, "a") as archive:
        warnings.simplefilter("ignore")  # zipfile warns of the name
        name = archive.namelist()[0]
        archive.writestr(name, b"other")


def _comment(path: Path, _: Path) -> None:
    torch.save(STATE, path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"PK"


def _flipped(data: bytearray) -> None:
    data[data.index(np.arange(6, dtype="<f4").tobytes()) + 5] ^= 1


def _prefixed(data: bytearray) -> None:
    data[0:0] = b"PK\x03\x04" + bytes(60)


def _claims(data: bytearray) -> None:
    entry = data.index(b"PK\x01\x02")
    data[entry + 20 : entry + 28] = struct.pack("<II", 1 << 30, 1 << 30)


def _deep(path: Path, _: Path) -> None:
    deep = b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b"."
    packs(lambda _c: {"a/data.pkl": deep, "a/version": b"3\n", "a/byteorder": b"little"})(path, path)


def _endless(path: Path, _: Path) -> None:
    """A list in a list, doubled forty times through the memo: 10^12 entries if anybody walks it."""
    doubled = b"\x80\x02]q\x00" + b"".join(b"]q%c(h%ch%ce" % (i + 1, i, i) for i in range(40)) + b"."
    packs(lambda _c: {"a/data.pkl": doubled, "a/version": b"3\n", "a/byteorder": b"little"})(path, path)


def _quantised(_: Path) -> object:
    return {"weight": torch.quantize_per_tensor(torch.ones(2, 3), 0.1, 0, torch.qint8), "bias": STATE["bias"]}


def other(**values: object) -> Callable[[Path], object]:
    """The sound state with some values replaced."""
    return lambda _: STATE | values


DAMAGED = (
    Hostile("empty", writes(lambda _: b""), "the file is empty"),
    Hostile("a web page", writes(lambda _: b"<!DOCTYPE html><script>"), "web page"),
    Hostile("a Git LFS pointer", writes(lambda _: b"version https://git-lfs.github.com/spec/v1\n"), "LFS"),
    Hostile("unknown bytes", writes(lambda _: bytes(range(1, 40))), "no known checkpoint format"),
    Hostile("TorchScript", _torchscript, "TorchScript archive"),
    Hostile(
        "an exported program",
        packs(lambda _: {"a/archive_format": b"pt2", "a/models/model.json": b"{}"}),
        r"exported program \(\.pt2\)",
    ),
    Hostile("a foreign zip", packs(lambda _: {"a/readme": b"hello"}), r"torch\.save did not write"),
    Hostile(
        "names that lead out of the archive",
        packs(lambda c: {"a/data.pkl": b"\x80\x02}.", f"../../{c.name}": b"x", f"{c}": b"x"}),
        r"torch\.save did not write",
    ),
    Hostile(
        "a compressed bomb",
        packs(lambda _: {"a/data.pkl": bytes(30_000_000)}, zipfile.ZIP_DEFLATED),
        "is compressed or encrypted",
    ),
    Hostile("one flipped bit", edits(_flipped), "checksum of member"),
    Hostile("cut off", edits(lambda data: data.__delitem__(slice(-30, None))), "truncated or damaged"),
    Hostile("bytes in front", edits(_prefixed), "bytes in front of its first member|truncated or damaged"),
    Hostile("a member larger than the file", edits(_claims), "more bytes than the file has"),
    Hostile("one name twice", _twice, "two members of one name"),
    Hostile("a comment behind", _comment, "a comment behind its last"),
    Hostile("nested 100,000 deep", _deep, "no tensors by name|cannot be read as tensors"),
    Hostile("a doubled list", _endless, "no tensors by name"),
    Hostile("10^12 elements", saves(other(bias=torch.zeros(1).expand(10**12))), "4000000000000 bytes of el"),
    Hostile("sparse", saves(other(weight=torch.eye(2).to_sparse())), "weight is sparse"),
    Hostile("quantised", saves(_quantised), "weight is quantised"),
    Hostile("complex", saves(other(bias=torch.ones(2, dtype=torch.complex64))), "bias is complex"),
    Hostile("without data", saves(other(bias=torch.ones(2, device="meta"))), r"without data|cannot be read"),
    Hostile("not finite", saves(other(bias=torch.tensor([1.0, torch.nan]))), "not finite in float32"),
    Hostile("integers", saves(other(bias=torch.ones(2, dtype=torch.int64))), "bias is int64 in the file"),
    Hostile(
        "8-bit floats", saves(other(bias=torch.ones(2).to(torch.float8_e4m3fn))), "bias is float8_e4m3fn"
    ),
    Hostile("another shape", saves(other(weight=torch.ones(3, 2))), "of other shape"),
    Hostile("a tensor missing", saves(lambda _: {"bias": STATE["bias"]}), "not in the file: weight"),
    Hostile("a tensor too many", saves(other(extra=torch.ones(1))), "not in the network: extra"),
    Hostile("no tensors", saves(lambda _: {"a": 1}), "no tensors by name"),
    Hostile("names that are numbers", saves(lambda _: {0: torch.ones(1)}), "no tensors by name"),
    Hostile("escapes in a name", saves(lambda _: STATE | {"\x1b[2J": torch.ones(1)}), r"called \\x1b\[2J"),
    Hostile("a name of 5000 letters", saves(lambda _: STATE | {"x" * 5000: torch.ones(1)}), "called xxx"),
    Hostile("a reserved name", saves(lambda _: {"__metadata__": torch.ones(1)}), "called __metadata__"),
    Hostile(
        "bytes used a thousand times",
        saves(lambda _: dict.fromkeys(map(str, range(1000)), torch.ones(50_000))),
        "1000 tensors that share bytes",
    ),
    Hostile("a subclass of Tensor", saves(other(bias=torch.ones(2).as_subclass(Shadow))), "asks to import"),
)
"""Files that are damaged, in disguise, or not weights."""


def header_of(
    entries: object, length: int | None = None, data: bytes = bytes(32)
) -> Callable[[Path, Path], None]:
    """A safetensors file with this header; ``length`` is what it claims."""
    text = entries if isinstance(entries, bytes) else json.dumps(entries).encode()
    return writes(lambda _: struct.pack("<Q", len(text) if length is None else length) + text + data)


def entry(shape: list[int], begin: int, end: int, dtype: str = "F32") -> dict[str, object]:
    """One tensor of a safetensors header."""
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


WEIGHT, BIAS = entry([2, 3], 0, 24), entry([2], 24, 32)

SAFETENSORS = (
    Hostile(
        "a header of 2^39 bytes", header_of(b"{", 1 << 39), "safetensors header claims 549755813888 bytes"
    ),
    Hostile("a header longer than the file", header_of(b"{}", 5000), "its header claims 5000 bytes"),
    Hostile("900,000 braces", header_of(b'{"a":' + b"{" * 900_000), "lists about 89999. tensors"),
    Hostile("no JSON", header_of(b'{"weight": nonsense}'), "truncated or damaged"),
    Hostile("nested 100,000 deep", header_of(b'{"a":' + b"[" * 100_000), "truncated or damaged"),
    Hostile("overlap", header_of({"weight": WEIGHT, "bias": entry([2], 20, 28)}), "truncated or damaged"),
    Hostile("a hole", header_of({"weight": WEIGHT, "bias": entry([2], 28, 36)}, data=bytes(36)), "damaged"),
    Hostile("data cut off", header_of({"weight": WEIGHT, "bias": BIAS}, data=bytes(31)), "truncated"),
    Hostile("bytes behind", header_of({"weight": WEIGHT, "bias": BIAS}, data=bytes(40)), "damaged"),
    Hostile("10^18 elements", header_of({"weight": entry([10**9, 10**9], 0, 32)}), "truncated or damaged"),
    Hostile("a negative shape", header_of({"weight": entry([-2, -3], 0, 24)}, data=bytes(24)), "damaged"),
    Hostile("an unknown type", header_of({"weight": entry([2], 0, 8, "F99")}, data=bytes(8)), "damaged"),
    Hostile("no tensors", header_of({}, data=b""), "no tensors by name"),
    Hostile(
        "not finite",
        header_of({"weight": WEIGHT, "bias": BIAS}, data=b"\xff" * 32),
        "not finite in float32",
    ),
)
"""safetensors files, which are parsed by the auditing process itself."""
