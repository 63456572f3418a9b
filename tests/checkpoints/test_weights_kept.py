"""Converted weights that are kept: when a checkpoint is not read again, when it is, and what is never kept."""

import contextlib
import hashlib
import json
import os
import sys
import threading
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from geed_cli.checkpoints import kept as weights_kept
from geed_cli.checkpoints.file_hash import file_sha256
from geed_cli.checkpoints.kept import KeptWeights, read_entry
from geed_cli.checkpoints.kept_files import stored_weights
from geed_cli.checkpoints.loading import load_checkpoint
from geed_cli.checkpoints.read import WeightsFile, as_safetensors, read_tensors
from geed_cli.checkpoints.reader import convert, extract
from geed_cli.checkpoints.reader.messages import Choice, Request, Taken
from geed_cli.checkpoints.reader.resource_limits import limits_for
from geed_cli.checkpoints.rules import KeyRules
from geed_cli.errors import InputError

STATE = {"b": torch.arange(6.0).reshape(2, 3), "a": torch.tensor([7])}


class Starts:
    """How often a file was read by the reading process's own code."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self._run = convert._run
        monkeypatch.setattr(convert, "_run", self)

    def __call__(self, request: Request, folder: Path) -> None:
        self.count += 1
        self._run(request, folder)


@pytest.fixture(autouse=True)
def starts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Starts:
    """Counts from now on, in this process, since a new one takes seconds to import torch."""
    request.getfixturevalue("read_in_this_process")
    return Starts(monkeypatch)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A file with an entry, in an order that is not the alphabet's, and a number beside it."""
    path = tmp_path / "net.pth"
    torch.save({"state_dict": STATE, "epoch": 7}, path)
    return path


@pytest.fixture
def said() -> list[str]:
    """The notes."""
    return []


@pytest.fixture
def kept(tmp_path: Path, said: list[str]) -> KeptWeights:
    """A cache that is not there yet."""
    return KeptWeights(tmp_path / "cache", said.append)


def files(kept: KeptWeights, ending: str = "") -> list[Path]:
    return sorted(kept.folder.glob(f"*{ending}"))


def same(one: WeightsFile, other: WeightsFile) -> bool:
    return (
        list(one.state) == list(other.state)
        and all(torch.equal(one.state[name], other.state[name]) for name in one.state)
        and (one.ordered, one.numbers, one.notes) == (other.ordered, other.numbers, other.notes)
    )


def test_the_second_reading_starts_no_process(
    checkpoint: Path, kept: KeptWeights, said: list[str], starts: Starts
) -> None:
    """And gives the same tensors in the same order, numbers and notes as a reading without a cache."""
    plain = read_tensors(checkpoint)
    first, second = read_tensors(checkpoint, kept=kept), read_tensors(checkpoint, kept=kept)
    assert starts.count == 2
    assert same(first, plain)
    assert same(second, plain)
    assert list(second.state) == ["b", "a"]
    assert said == []
    assert [path.suffix for path in files(kept)] == [".json", ".safetensors"]


def test_no_cache_writes_nothing(checkpoint: Path, tmp_path: Path) -> None:
    """The default: beside the checkpoint there is no new file."""
    read_tensors(checkpoint)
    assert os.listdir(tmp_path) == ["net.pth"]


def test_the_code_of_a_conversion_is_found_where_it_lies() -> None:
    """All modules that a conversion loads from this package are among those whose change makes it anew."""
    names = [name for name in sys.modules if name.startswith("geed_cli.checkpoints.")]
    loaded = {Path(str(sys.modules[name].__file__)) for name in names}
    assert Path(extract.__file__) in loaded
    assert len(loaded) > 10
    assert loaded <= set(weights_kept.converting_code())


@pytest.mark.parametrize("change", ["bytes", "entry", "usual", "code", "torch"])
def test_whatever_the_conversion_depends_on_misses(
    checkpoint: Path, kept: KeptWeights, starts: Starts, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of them alone makes a conversion of its own; the first is still found afterwards."""
    read_tensors(checkpoint, kept=kept)
    before, choice = checkpoint.read_bytes(), Choice()
    with monkeypatch.context() as patch:
        if change == "bytes":
            torch.save({"state_dict": {"b": STATE["b"] + 1, "a": STATE["a"]}, "epoch": 7}, checkpoint)
        elif change == "entry":
            choice = Choice(key="state_dict")
        elif change == "usual":
            choice = Choice(usual=("model", "state_dict"))
        elif change == "code":
            patch.setattr(weights_kept, "_code_sha256", lambda: "another")
        else:
            patch.setattr(weights_kept, "version", lambda name: f"9.9 of {name}")
        other = read_tensors(checkpoint, choice, kept=kept)
    assert starts.count == 2
    assert float(other.state["b"][0, 0]) == (1 if change == "bytes" else 0)
    checkpoint.write_bytes(before)
    read_tensors(checkpoint, kept=kept)
    assert starts.count == 2


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def one_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)


def garbage(path: Path) -> None:
    path.write_bytes(b"\x80\x04 a pickle perhaps")


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("damage", [truncated, one_bit, garbage, Path.unlink, a_folder])
def test_damaged_tensors_are_made_again(
    checkpoint: Path, kept: KeptWeights, said: list[str], starts: Starts, damage: object
) -> None:
    """With a note, and never read; after that they are found as before, where they could be replaced."""
    plain = read_tensors(checkpoint, kept=kept)
    damage(files(kept, ".safetensors")[0])  # type: ignore[operator]
    assert same(read_tensors(checkpoint, kept=kept), plain)
    assert starts.count == 2
    assert "made again" in said[0]
    if damage is not a_folder:
        assert same(read_tensors(checkpoint, kept=kept), plain)
        assert starts.count == 2


@pytest.mark.parametrize("text", ["", "{}", "[" * 100_000, '{"made_from": 1}'])
def test_a_damaged_entry_is_made_again(
    checkpoint: Path, kept: KeptWeights, said: list[str], starts: Starts, text: str
) -> None:
    """An entry that is none, with a note."""
    plain = read_tensors(checkpoint, kept=kept)
    files(kept, ".json")[0].write_text(text)
    assert same(read_tensors(checkpoint, kept=kept), plain)
    assert (starts.count, len(said)) == (2, 1)


@pytest.mark.parametrize("foreign", [b"PK\x03\x04 not safetensors", b"\xff" * 64], ids=["zip", "long header"])
def test_a_forged_file_is_checked_like_any_other(
    checkpoint: Path, kept: KeptWeights, said: list[str], starts: Starts, foreign: bytes
) -> None:
    """A right sha256 does not help bytes that are no safetensors file; the user's own file is not blamed."""
    plain = read_tensors(checkpoint, kept=kept)
    entry, tensors = files(kept)
    tensors.write_bytes(foreign)
    content = json.loads(entry.read_text())
    entry.write_text(json.dumps(content | {"sha256": file_sha256(tensors)}))
    assert same(read_tensors(checkpoint, kept=kept), plain)
    assert (starts.count, len(said)) == (2, 1)


def test_tensors_that_the_entry_does_not_name(
    checkpoint: Path, kept: KeptWeights, said: list[str], starts: Starts
) -> None:
    """An entry and a file that do not belong together."""
    plain = read_tensors(checkpoint, kept=kept)
    (entry,) = files(kept, ".json")
    content = json.loads(entry.read_text())
    content["taken"]["order"] = ["b"]
    entry.write_text(json.dumps(content))
    assert same(read_tensors(checkpoint, kept=kept), plain)
    assert starts.count == 2
    assert "not those that its entry names" in said[0]


def test_a_cache_that_cannot_be_written_is_a_note(checkpoint: Path, tmp_path: Path, said: list[str]) -> None:
    """A file stands where the folder should be: read all the same, and nothing is left behind."""
    (tmp_path / "cache").write_text("")
    file = read_tensors(checkpoint, kept=KeptWeights(tmp_path / "cache", said.append))
    assert torch.equal(file.state["b"], STATE["b"])
    assert "not kept" in said[0]
    assert sorted(os.listdir(tmp_path)) == ["cache", "net.pth"]


@pytest.mark.parametrize("length", [0, 5, 7])
def test_a_kept_file_too_short_for_a_header(
    checkpoint: Path, kept: KeptWeights, said: list[str], length: int
) -> None:
    """Its sha256 fits and it is no safetensors file: named in a note and made again."""
    read_tensors(checkpoint, kept=kept)
    (tensors,), (entry,) = files(kept, ".safetensors"), files(kept, ".json")
    tensors.write_bytes(bytes(length))
    sha256 = hashlib.sha256(bytes(length)).hexdigest()
    entry.write_text(json.dumps({**json.loads(entry.read_text()), "sha256": sha256}))
    assert torch.equal(read_tensors(checkpoint, kept=kept).state["b"], STATE["b"])
    assert len(said) == 1
    assert f"damaged: it has {length} bytes" in said[0]
    read_tensors(checkpoint, kept=kept)
    assert len(said) == 1


def test_a_path_whose_bytes_are_no_text(tmp_path: Path, kept: KeptWeights, said: list[str]) -> None:
    """Shown as escapes it is six times as long as an entry may say; its end is what is kept."""
    (tmp_path / "tensors").write_bytes(b"x")
    made_from = Path("/" + "\udcff" * 3000, "net.pth")
    kept.keep("0" * 64, made_from, tmp_path / "tensors", Taken(order=(), numbers={}, notes=()))
    assert said == []
    name = read_entry(files(kept, ".json")[0]).made_from
    assert len(name) == 5000
    assert name.endswith(r"\udcff/net.pth")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_in_place_of_an_entry_is_not_read(checkpoint: Path, kept: KeptWeights) -> None:
    """Listing opens no pipe, where it would wait for ever; here a writer waits, whose entry must not arrive."""
    read_tensors(checkpoint, kept=kept)
    (entry,) = files(kept, ".json")
    text = entry.read_bytes()
    entry.unlink()
    os.mkfifo(entry)
    writer = threading.Thread(target=write_if_read, args=(entry, text), daemon=True)
    writer.start()
    assert [one.made_from for one in stored_weights(kept.cache)] == ["unknown"]
    end = os.open(entry, os.O_RDONLY | os.O_NONBLOCK)  # lets the writer go
    writer.join(10)
    os.close(end)
    assert not writer.is_alive()


def write_if_read(pipe: Path, text: bytes) -> None:
    """Returns when somebody has opened the other end."""
    with contextlib.suppress(BrokenPipeError):
        pipe.write_bytes(text)


def test_code_that_ran_and_other_limits_are_not_kept(checkpoint: Path, kept: KeptWeights) -> None:
    """What code made may be another thing the next time; limits are the caller's to be tried."""
    read_tensors(checkpoint, Choice(allow_pickle=True), kept=kept)
    read_tensors(checkpoint, limits=limits_for(10**6), kept=kept)
    assert not kept.folder.exists()


def test_a_refused_file_is_not_kept(tmp_path: Path, kept: KeptWeights, starts: Starts) -> None:
    """It is refused each time, by the same words."""
    path = tmp_path / "net.pth"
    torch.save({"w": nn.Linear(1, 1)}, path)
    words = []
    for _ in range(2):
        with pytest.raises(InputError) as error:
            read_tensors(path, kept=kept)
        words.append(error.value.found)
    assert words[0] == words[1]
    assert starts.count == 2
    assert not kept.folder.exists()


def test_a_network_and_what_is_recorded_of_it(checkpoint: Path, kept: KeptWeights) -> None:
    """Loading from the cache gives the same weights, sha256 of the original, and notes."""

    def loaded(where: KeptWeights | None) -> tuple[dict[str, Tensor], str, tuple[str, ...]]:
        net = nn.Module()
        net.register_parameter("b", nn.Parameter(torch.zeros(2, 3)))
        net.register_buffer("a", torch.zeros(1, dtype=torch.int64))
        record = load_checkpoint(net, checkpoint, KeyRules(), kept=where)
        return net.state_dict(), record.sha256, record.notes

    plain, *facts = loaded(None)
    for _ in range(2):
        state, *others = loaded(kept)
        assert others == facts
        assert all(torch.equal(state[name], value) for name, value in plain.items())


def test_files_for_other_libraries_are_kept_too(checkpoint: Path, kept: KeptWeights, starts: Starts) -> None:
    """``as_safetensors`` finds what it made, and the file outlives the block."""
    for _ in range(2):
        with as_safetensors(checkpoint, Choice(), kept) as file:
            assert torch.equal(read_tensors(file).state["b"], STATE["b"])
    assert starts.count == 1
    assert file.exists()
    with as_safetensors(checkpoint, Choice()) as file:
        pass
    assert not file.exists()
