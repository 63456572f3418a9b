"""What training scripts store beside weights is read as nothing, and what is no weight stays no weight."""

import io
import pathlib
import pickle
import pickletools
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from geed_cli.checkpoints.read import read_tensors
from geed_cli.checkpoints.reader.arrays import Array, ArrayType, array_stand_ins
from geed_cli.checkpoints.reader.messages import Choice
from geed_cli.checkpoints.reader.stand_ins import StandIn, stand_ins
from geed_cli.errors import InputError

pytestmark = pytest.mark.usefixtures("read_in_this_process")

# OmegaConf.create({"lr": 0.1, "model": {"name": "r18", "layers": [1, 2]}, "x": "${lr}"}), pickled by omegaconf 2.4.0
OMEGACONF = Path(__file__).parent / "omegaconf.pkl"


def with_entry(path: Path, name: str, pickled: bytes) -> Path:
    """A torch.save file whose dictionary has one more entry, given by its own pickle of protocol 2."""
    torch.save({"model": {"w": torch.ones(2)}}, path)
    with zipfile.ZipFile(path) as archive:
        records = {member.filename: archive.read(member) for member in archive.infolist()}
    (pickle_name,) = [each for each in records if each.endswith("data.pkl")]
    whole = records[pickle_name]
    key = b"X" + len(name).to_bytes(4, "little") + name.encode()
    # before the last SETITEM of the outer dictionary: key, value, SETITEM of the new entry on the same dictionary
    assert whole.endswith(b"s.")
    records[pickle_name] = whole[:-1] + key + pickled[2:-1] + b"s."
    with zipfile.ZipFile(path, "w") as archive:
        for each, content in records.items():
            archive.writestr(each, content)
    return path


def test_omegaconf_beside_weights_is_ignored(tmp_path: Path) -> None:
    """A configuration as that package pickles it, which need not be installed: its nodes, metadata and links."""
    # memo numbers of the two pickles would clash: the configuration gets its own
    pickled = _renumbered(OMEGACONF.read_bytes())
    file = read_tensors(with_entry(tmp_path / "run.pt", "cfg", pickled))
    assert torch.equal(file.state["w"], torch.ones(2))
    with pytest.raises(Exception, match="Unsupported global"):
        torch.load(tmp_path / "run.pt", weights_only=True)


def _renumbered(pickled: bytes) -> bytes:
    """The same pickle with memo numbers from 1,000 on."""
    out = io.BytesIO()
    operations = list(pickletools.genops(pickled))
    places = [*(place for _, _, place in operations), len(pickled)]
    for (operation, argument, _), start, end in zip(operations, places, places[1:], strict=False):
        if operation.name in {"BINPUT", "LONG_BINPUT"}:
            out.write(b"r" + (1000 + argument).to_bytes(4, "little"))
        elif operation.name in {"BINGET", "LONG_BINGET"}:
            out.write(b"j" + (1000 + argument).to_bytes(4, "little"))
        else:
            out.write(pickled[start:end])
    return out.getvalue()


@pytest.mark.parametrize(
    "value",
    [
        np.float64(0.5), np.int64(3), np.bool_(True), np.float32(1), np.str_("a"), np.dtype("float32"), np.float32,
        [np.dtype("int8")], pathlib.PosixPath("runs/1"), pathlib.PurePosixPath("runs"),
    ],
    ids=repr,
)  # fmt: skip
@pytest.mark.parametrize("zipped", [True, False])
def test_numpy_and_paths_beside_weights_are_ignored(tmp_path: Path, value: object, zipped: bool) -> None:
    """At the top level and deeper, in either container; what is beside them is read."""
    contents = {"model": {"w": torch.ones(2)}, "best_acc": value, "args": {"out": [value]}, "epoch": 4}
    torch.save(contents, tmp_path / "run.pt", _use_new_zipfile_serialization=zipped)
    file = read_tensors(tmp_path / "run.pt")
    assert torch.equal(file.state["w"], torch.ones(2))
    assert file.numbers["epoch"] == 4
    assert "best_acc" not in file.numbers


def test_a_stand_in_is_no_weight(tmp_path: Path) -> None:
    """Among the tensors it is one of the values that are not used; alone there are no weights."""
    torch.save({"w": torch.ones(2), "mean": np.float64(3)}, tmp_path / "run.pt")
    file = read_tensors(tmp_path / "run.pt")
    assert list(file.state) == ["w"]
    assert file.notes == ("1 value beside the tensors not used: mean",)
    torch.save({"model": {"w": np.float64(3)}}, tmp_path / "none.pt")
    with pytest.raises(InputError, match="no tensors by name"):
        read_tensors(tmp_path / "none.pt")


@pytest.mark.parametrize("value", [np.random.PCG64(1), io.BytesIO(b"x"), pickle.PicklingError("x")], ids=type)
def test_other_objects_are_refused_as_before(tmp_path: Path, value: object) -> None:
    """The list is of names, not of packages."""
    torch.save({"model": {"w": torch.ones(2)}, "extra": value}, tmp_path / "run.pt")
    with pytest.raises(InputError, match="it asks to import"):
        read_tensors(tmp_path / "run.pt")


ARRAYS = {
    "whole": np.arange(6, dtype=np.float32).reshape(2, 3) - 2.5,
    "fortran": np.asfortranarray(np.arange(24, dtype=np.float64).reshape(2, 3, 4)),
    "part": np.arange(20, dtype=np.float32).reshape(4, 5)[1:, ::2],
    "number": np.array(4, dtype=np.int64),
    "half": np.array([0.5, -2], dtype=np.float16),
}


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("entry", [None, "state_dict"])
def test_a_state_dict_of_arrays_is_read_as_tensors(tmp_path: Path, entry: str | None, zipped: bool) -> None:
    """The same numbers, shapes and types, without NumPy; what is beside them is left out."""
    contents = ARRAYS if entry is None else {entry: ARRAYS, "epoch": 4, "best": np.float64(0.5)}
    torch.save(contents, tmp_path / "arrays.pt", _use_new_zipfile_serialization=zipped)
    file = read_tensors(tmp_path / "arrays.pt")
    assert list(file.state) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert torch.equal(file.state[name], torch.from_numpy(array.copy())), name
        assert file.state[name].dtype == torch.from_numpy(array.copy()).dtype
    assert "the weights are NumPy arrays" in file.notes


def test_arrays_beside_tensors_are_no_weights(tmp_path: Path) -> None:
    """Among the tensors an array is one of the values that are not used."""
    torch.save({"w": torch.ones(2), "mean": np.ones(3)}, tmp_path / "run.pt")
    file = read_tensors(tmp_path / "run.pt")
    assert (list(file.state), file.notes) == (["w"], ("1 value beside the tensors not used: mean",))
    torch.save({"weights": {"w": torch.ones(2)}, "curve": np.ones(3)}, tmp_path / "run.pt")
    assert list(read_tensors(tmp_path / "run.pt", Choice("weights")).state) == ["w"]


@pytest.mark.parametrize(
    "array",
    [
        np.ones(2, dtype=">f4"), np.ones(2, dtype=np.complex64), np.array(["a", "b"]), np.array([1, None]),
        np.ones(2, dtype=[("a", "f4"), ("b", "f4")]), np.ones(2, dtype=np.uint32),
    ],
    ids=lambda array: str(array.dtype),
)  # fmt: skip
def test_arrays_of_other_things_hold_nothing(tmp_path: Path, array: np.ndarray) -> None:
    """Another byte order, complex numbers, text, objects, records: read as values that are not used, or refused."""
    torch.save({"w": np.ones(2), "odd": array}, tmp_path / "odd.pt")
    file = read_tensors(tmp_path / "odd.pt")
    assert list(file.state) == ["w"]


def test_an_array_that_lies_about_its_bytes_holds_nothing() -> None:
    """More numbers than bytes, sizes below 0 or without an end, and states of another form."""
    kind = ArrayType("f4", False, True)
    kind.__setstate__((3, "<", None, None, None, -1, -1, 0))
    for state in (
        (1, (3,), kind, False, b"\0" * 8), (1, (-1, -2), kind, False, b"\0" * 8), (1, (2.0,), kind, False, b"\0" * 8),
        (1, [2], kind, False, b"\0" * 8), (1, (2,), "f4", False, b"\0" * 8), (1, (2,), kind, False, [0, 0]), "state",
        (1, (10**30,), kind, False, b""), (1, (True, 2), kind, False, b"\0" * 8),
    ):  # fmt: skip
        array = Array()
        array.__setstate__(state)
        assert array.tensor is None, state
    array = Array()
    array.__setstate__((1, (2,), kind, False, b"\0" * 8))
    assert array.tensor is not None


def test_stand_ins_run_nothing_and_keep_nothing() -> None:
    """Each allowed name leads to one of two callables of this package; any arguments and any state vanish."""
    assert {one.__module__ for one, _ in stand_ins()} == {"geed_cli.checkpoints.reader.stand_ins"}
    assert {one.__module__ for one, _ in array_stand_ins()} == {"geed_cli.checkpoints.reader.arrays"}
    names = [name for _, name in (*stand_ins(), *array_stand_ins())]
    assert len(names) == len(set(names))
    assert not {name.partition(".")[0] for name in names} - {
        "builtins", "collections", "numpy", "omegaconf", "pathlib", "typing",
    }  # fmt: skip
    thing = StandIn(1, "rm -rf")
    thing.__setstate__({"run": print})
    assert vars(thing) == {}
    assert {one(1, 2).__class__ for one, _ in stand_ins()} == {StandIn, dict}
