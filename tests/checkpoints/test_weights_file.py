"""Files that may or may not be checkpoints: what is read, and what is refused in which words."""

import argparse
import json
import os
import pickle
import struct
import sys
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from geed_cli.checkpoints.read import read_tensors
from geed_cli.errors import InputError, RunError

pytestmark = pytest.mark.usefixtures("read_in_this_process")

Edit = Callable[[str, bytes], bytes]


@pytest.fixture
def state() -> dict[str, Tensor]:
    """Two tensors whose bytes are easy to find in a file."""
    return {"weight": torch.arange(64.0).reshape(8, 8), "bias": torch.linspace(-1, 1, 8)}


@pytest.fixture
def saved(tmp_path: Path, state: dict[str, Tensor]) -> Path:
    """The state as torch.save writes it."""
    torch.save(state, tmp_path / "net.pt")
    return tmp_path / "net.pt"


def repacked(source: Path, target: Path, edit: Edit, compression: int = zipfile.ZIP_STORED) -> Path:
    """A copy of a zip archive with edited members and correct checksums."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", compression) as new:
        for member in old.infolist():
            new.writestr(member.filename, edit(member.filename, old.read(member)))
    return target


def unchanged(_: str, data: bytes) -> bytes:
    return data


def plain(path: Path, name: str) -> Tensor:
    """The named tensor of a file, as it comes out of the process that read it."""
    return read_tensors(path).state[name]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have names of Unicode alone")
def test_a_name_that_is_no_utf8(tmp_path: Path, saved: Path, state: dict[str, Tensor]) -> None:
    """Which is how every sign beyond ASCII looks in an ASCII locale: torch itself cannot open it."""
    odd = tmp_path / os.fsdecode(b"w\xff.pth")
    saved.rename(odd)
    read = read_tensors(odd).state
    assert all(torch.equal(read[name], value) for name, value in state.items())


@pytest.mark.parametrize("legacy", [False, True])
def test_torch_files_are_read_back(tmp_path: Path, state: dict[str, Tensor], legacy: bool) -> None:
    """Both containers of torch.save give the tensors back in order; only the old one cannot be verified."""
    path = tmp_path / "weights.bin"
    torch.save(state, path, _use_new_zipfile_serialization=not legacy)
    file = read_tensors(path)
    assert list(file.state) == ["weight", "bias"]
    assert all(torch.equal(file.state[name], value) for name, value in state.items())
    assert file.ordered
    assert [("no checksums" in note) for note in file.notes] == ([True] if legacy else [])


def test_the_suffix_does_not_decide(tmp_path: Path, state: dict[str, Tensor]) -> None:
    """A safetensors file called .pth is read as safetensors, which keeps no order."""
    path = tmp_path / "net.pth"
    save_file(state, path)
    file = read_tensors(path)
    assert torch.equal(plain(path, "bias"), state["bias"])
    assert not file.ordered


@pytest.mark.parametrize(
    ("head", "says"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "web page"),
        (b"\n  <html lang=en>", "web page"),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "XML"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "Git LFS pointer"),
        (b'{"weight_map": {}}', "JSON"),
        (b"\x89HDF\r\n\x1a\n" + bytes(64), "HDF5"),
        (b"\x08\x07\x12\x07pytorch\x1a\x031.9", "ONNX"),
        (b'model_checkpoint_path: "model.ckpt-1"\n', "TensorFlow checkpoint"),
        (b"\x1f\x8b\x08" + bytes(20), "gzip"),
        (bytes(257) + b"ustar\x00", "tar archive"),
        (b"GGUF" + bytes(30), "GGUF"),
        (b"PK\x05\x06" + bytes(18), "empty zip"),
        (pickle.dumps({"weight": [1.0]}), "pickle that torch.save did not write"),
        (b"\x01\x02\x03\x04", "no known checkpoint format"),
    ],
)
def test_other_formats_are_called_by_their_names(tmp_path: Path, head: bytes, says: str) -> None:
    """What is not a checkpoint is recognised by its first bytes, whatever its suffix, and ends with exit 2."""
    path = tmp_path / "net.pt"
    path.write_bytes(head)
    with pytest.raises(InputError, match=says) as caught:
        read_tensors(path)
    assert caught.value.found.startswith(str(path))
    assert caught.value.exit_code == 2


def test_tensorflow_data_is_recognised_by_name(tmp_path: Path) -> None:
    """TensorFlow's data files have no magic of their own, but their names do."""
    path = tmp_path / "model.ckpt-250228.data-00000-of-00001"
    path.write_bytes(b"\x3d\x11\x22\x33" * 20)
    with pytest.raises(InputError, match="TensorFlow checkpoint"):
        read_tensors(path)


def test_what_cannot_be_opened_is_a_run_error(tmp_path: Path) -> None:
    """A missing file, a folder and a pipe end with exit 3, and the pipe does not block."""
    os.mkfifo(tmp_path / "pipe")
    for name, says in (("absent.pt", "no checkpoint file"), (".", "folder"), ("pipe", "device")):
        with pytest.raises(RunError, match=says) as caught:
            read_tensors(tmp_path / name)
        assert caught.value.exit_code == 3


def test_numpy_archives_are_refused(tmp_path: Path) -> None:
    """An .npz is a zip archive too."""
    np.savez(tmp_path / "net.npz", weight=np.ones(3))
    with pytest.raises(InputError, match="npz"):
        read_tensors(tmp_path / "net.npz")


def test_foreign_zips_are_refused(tmp_path: Path) -> None:
    """A zip archive without torch.save's records is not opened further."""
    with zipfile.ZipFile(tmp_path / "net.zip", "w") as archive:
        archive.writestr("net/readme.txt", "weights")
    with pytest.raises(InputError, match=r"torch\.save did not write"):
        read_tensors(tmp_path / "net.zip")


def test_torchscript_is_refused(tmp_path: Path) -> None:
    """TorchScript carries code: refused, saying how to get at its weights."""
    path = tmp_path / "net.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch announces TorchScript's end
        torch.jit.script(nn.Linear(2, 2)).save(path)
    with pytest.raises(InputError, match="TorchScript") as caught:
        read_tensors(path)
    assert "torch.jit.load" in caught.value.remedy


def test_exported_programs_are_refused(tmp_path: Path) -> None:
    """.pt2 archives, whose loader falls back to full pickle, are refused by their records."""
    path = tmp_path / "net.pt2"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("archive_format", "models/model.json", "data/weights/weight_0"):
            archive.writestr(f"net/{name}", "pt2")
    with pytest.raises(InputError, match=r"\.pt2") as caught:
        read_tensors(path)
    assert "torch.export.load" in caught.value.remedy


class Canary:
    """Unpickling an instance without restrictions creates the file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return (os.mkdir, (str(self.path),))


@pytest.mark.parametrize("legacy", [False, True])
def test_no_code_of_a_pickle_runs(tmp_path: Path, legacy: bool) -> None:
    """A pickle that calls os.mkdir is refused by name, and the folder does not appear."""
    canary = tmp_path / "canary"
    path = tmp_path / "net.pt"
    torch.save(
        {"state_dict": {"w": torch.ones(1)}, "x": Canary(canary)},
        path,
        _use_new_zipfile_serialization=not legacy,
    )
    with pytest.raises(InputError, match=r"posix\.mkdir|nt\.mkdir|os\.mkdir"):
        read_tensors(path)
    assert not canary.exists()
    torch.load(path, weights_only=False)
    assert canary.exists(), "the canary itself works"


@pytest.mark.parametrize("legacy", [False, True])
def test_whole_modules_are_refused(tmp_path: Path, legacy: bool) -> None:
    """A pickled module is named with the class that it would import, without torch's own advice."""
    path = tmp_path / "net.pt"
    torch.save(nn.Sequential(nn.Linear(2, 2)), path, _use_new_zipfile_serialization=not legacy)
    with pytest.raises(InputError, match=r"torch\.nn\.modules\.container\.Sequential") as caught:
        read_tensors(path)
    assert "state_dict()" in caught.value.remedy
    assert "Unpickler" not in str(caught.value)


def test_a_namespace_of_arguments_is_harmless(tmp_path: Path) -> None:
    """DINO's and many other full checkpoints keep their command line beside the weights."""
    path = tmp_path / "net.pt"
    torch.save({"teacher": {"w": torch.ones(2)}, "args": argparse.Namespace(lr=0.1)}, path)
    assert torch.equal(plain(path, "w"), torch.ones(2))
    assert argparse.Namespace not in torch.serialization.get_safe_globals()


@pytest.mark.parametrize("part", [0.01, 0.4, 0.8, 0.999])
def test_a_truncated_zip_is_refused(saved: Path, part: float) -> None:
    """A download that broke off anywhere has lost the archive's directory."""
    data = saved.read_bytes()
    saved.write_bytes(data[: max(20, int(len(data) * part))])
    with pytest.raises(InputError, match="truncated or damaged"):
        read_tensors(saved)


def test_a_truncated_legacy_file_is_refused(tmp_path: Path, state: dict[str, Tensor]) -> None:
    """The old stream ends inside its data."""
    path = tmp_path / "net.pt"
    torch.save(state, path, _use_new_zipfile_serialization=False)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InputError, match="cannot be read as tensors"):
        read_tensors(path)


def test_every_flipped_bit_of_a_weight_is_caught(saved: Path, state: dict[str, Tensor]) -> None:
    """torch.load takes other weights without a word; the archive's checksum does not."""
    whole = saved.read_bytes()
    start = whole.index(state["weight"].numpy().tobytes())
    for bit in range(0, 64 * 32, 97):
        data = bytearray(whole)
        data[start + bit // 8] ^= 1 << bit % 8
        saved.write_bytes(data)
        assert not torch.equal(torch.load(saved, weights_only=True)["weight"], state["weight"])
        with pytest.raises(InputError, match="checksum"):
            read_tensors(saved)


def test_files_without_checksums_are_noted(tmp_path: Path, state: dict[str, Tensor]) -> None:
    """Zeros in place of checksums mean unverifiable, not damaged."""
    torch.serialization.set_crc32_options(False)
    try:
        torch.save(state, tmp_path / "net.pt")
    finally:
        torch.serialization.set_crc32_options(True)
    file = read_tensors(tmp_path / "net.pt")
    assert [note for note in file.notes if "without checksums" in note]


def test_a_compressed_archive_is_refused(tmp_path: Path) -> None:
    """4 MB of zeros deflate to a few kB: a bomb is refused before it is unpacked."""
    torch.save({"w": torch.zeros(1_000_000)}, tmp_path / "net.pt")
    bomb = repacked(tmp_path / "net.pt", tmp_path / "bomb.pt", unchanged, zipfile.ZIP_DEFLATED)
    assert bomb.stat().st_size < 20_000
    with pytest.raises(InputError, match="is compressed or encrypted"):
        read_tensors(bomb)


def test_members_larger_than_the_file_are_refused(saved: Path) -> None:
    """A directory entry that claims a gigabyte for one record does not get it."""
    data = bytearray(saved.read_bytes())
    entry = data.rindex(b"PK\x01\x02", 0, data.index(b"net/data/0", data.index(b"PK\x01\x02")))
    data[entry + 20 : entry + 28] = struct.pack("<II", 1 << 30, 1 << 30)
    saved.write_bytes(data)
    with pytest.raises(InputError, match="more bytes than the file has"):
        read_tensors(saved)


def test_repeated_member_names_are_refused(saved: Path) -> None:
    """Two members of one name let the verified one differ from the loaded one."""
    with warnings.catch_warnings(), zipfile.ZipFile(saved, "a") as archive:
        warnings.simplefilter("ignore")  # zipfile warns of the name
        archive.writestr("net/data/0", bytes(256))
    with pytest.raises(InputError, match="two members of one name"):
        read_tensors(saved)


def test_bytes_behind_the_archive_are_refused(saved: Path) -> None:
    """A comment at the end can hide a second directory."""
    with zipfile.ZipFile(saved, "a") as archive:
        archive.comment = b"another directory"
    with pytest.raises(InputError, match="comment"):
        read_tensors(saved)


def test_a_tensor_larger_than_its_storage_is_refused(tmp_path: Path) -> None:
    """Stride 0 makes 10^12 elements out of four bytes; the file is under 2 kB."""
    path = tmp_path / "net.pt"
    torch.save({"w": torch.zeros(1).expand(10**12)}, path)
    assert path.stat().st_size < 2000
    with pytest.raises(InputError, match="4000000000000 bytes of elements on 4 bytes"):
        plain(path, "w")


@pytest.mark.parametrize("claimed", [b"K\x40", b"K\x02"])
def test_storages_have_the_size_of_their_record(tmp_path: Path, claimed: bytes) -> None:
    """A pickle that claims 64 or 2 numbers where the record holds 4 would read beyond or short of it."""
    torch.save({"w": torch.arange(4.0)}, tmp_path / "net.pt")

    def claim(name: str, data: bytes) -> bytes:
        return data.replace(b"K\x04", claimed) if name.endswith("data.pkl") else data

    with pytest.raises(InputError, match="no data record has"):
        plain(repacked(tmp_path / "net.pt", tmp_path / "other.pt", claim), "w")


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (torch.eye(2).to_sparse(), "sparse"),
        (torch.ones(2, dtype=torch.complex64), "complex"),
        (torch.ones(2, device="meta"), "without data"),
    ],
)
def test_special_tensors_are_refused(tmp_path: Path, value: Tensor, says: str) -> None:
    """Weights are dense, real and have data."""
    torch.save({"w": value}, tmp_path / "net.pt")
    with pytest.raises(InputError, match=says):
        plain(tmp_path / "net.pt", "w")


def test_parameters_become_plain_tensors(tmp_path: Path) -> None:
    """A Parameter is a tensor like another and loses its gradient flag."""
    torch.save({"w": nn.Parameter(torch.ones(2))}, tmp_path / "net.pt")
    assert type(plain(tmp_path / "net.pt", "w")) is Tensor
    assert not plain(tmp_path / "net.pt", "w").requires_grad


@pytest.mark.parametrize("size", [20, 100, -1])
def test_a_truncated_safetensors_is_refused(tmp_path: Path, state: dict[str, Tensor], size: int) -> None:
    """Cut in the header, in its end or in the data, by one byte or by all."""
    path = tmp_path / "net.safetensors"
    save_file(state, path)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(InputError, match="truncated or damaged"):
        read_tensors(path)


def test_safetensors_headers_are_capped(tmp_path: Path) -> None:
    """Header length and tensor count are refused before the header is parsed."""
    path = tmp_path / "net.safetensors"
    path.write_bytes(struct.pack("<Q", 26_000_000) + b"{" + bytes(100))
    with pytest.raises(InputError, match="safetensors header claims 26000000 bytes"):
        read_tensors(path)
    entry = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    header = json.dumps({str(i): entry for i in range(100_002)}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header)
    with pytest.raises(InputError, match="lists about 100001 tensors"):
        read_tensors(path)


def test_names_are_shown_harmlessly(tmp_path: Path) -> None:
    """A name with terminal escapes is printed escaped and cut."""
    name = "\x1b[2J" + "x" * 500
    torch.save({name: torch.eye(2).to_sparse()}, tmp_path / "net.pt")
    with pytest.raises(InputError) as caught:
        plain(tmp_path / "net.pt", name)
    assert "\x1b" not in str(caught.value)
    assert "x" * 100 not in str(caught.value)
