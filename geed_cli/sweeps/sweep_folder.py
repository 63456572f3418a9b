"""The folder of a sweep as other commands name it: ``sweep/``, or ``sweep/:DATA`` where it has several data sets."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from geed_cli.documents.document import printable
from geed_cli.errors import InputError, meant
from geed_cli.phrases import shell_joined
from geed_cli.result.file import first_fault, read_strict_json
from geed_cli.sweeps.manifest import MANIFEST, SCHEMA, Sweep


def read_sweep(path: Path) -> Sweep:
    """The sweep of a manifest file.

    Raises:
        InputError: missing, not JSON, another schema, or broken.
    """
    content = read_strict_json(path)
    schema = content.get("schema") if isinstance(content, dict) else None
    try:
        if schema == SCHEMA:
            return Sweep.model_validate(content)
        why = f"its schema is {printable(str(schema), 60)}"
    except ValidationError as error:
        why = first_fault(error)
    raise InputError(
        f"{path} is not the file of a sweep: {why}",
        expected=f"a file written by geed sweep (schema {SCHEMA})",
        remedy="another --out folder",
    )


def is_sweep(text: str) -> bool:
    """Whether a word names the folder of a sweep, or a data set in it."""
    return _split(text) is not None


def sweep_folder(text: str) -> Path:
    """The folder of a sweep that is named as a whole.

    Raises:
        InputError: one of its data sets is named.
    """
    split = _split(text)
    assert split is not None, "asked of what is_sweep says yes to"
    folder, label = split
    if label is not None:
        raise InputError(
            f"{text} names one data set of a sweep",
            expected="the folder, all of which is shown",
            remedy=shell_joined(["geed", "sweep", str(folder)]),
        )
    return folder


def files_in(text: str) -> Mapping[str, tuple[Path, ...]]:
    """The results of one data set by the labels of their models, in the sweep's order; a failed cell has none.

    Raises:
        InputError: which data set of several is meant, one that is not there, or no result.
    """
    split = _split(text)
    assert split is not None, "asked of what is_sweep says yes to"
    folder, label = split
    sweep = read_sweep(folder / MANIFEST)
    labels = [data.label for data in sweep.data]
    if label is None and len(labels) > 1:
        raise InputError(
            f"{folder} holds results on {len(labels)} data sets: {', '.join(map(printable, labels))}",
            expected="one of them",
            remedy=shell_joined([f"{folder}/:{labels[0]}"]),
        )
    label = labels[0] if label is None else label
    if label not in labels:
        raise InputError(
            f"{folder} has no data set {printable(label)!r}",
            expected=f"{meant(label, labels)}one of {', '.join(map(printable, labels))}",
            remedy=shell_joined([f"{folder}/:{labels[0]}"]),
        )
    files: dict[str, tuple[Path, ...]] = {}
    for cell in sweep.cells:
        if cell.data == label and cell.status == "done":
            files[cell.model] = (*files.get(cell.model, ()), inside(folder, cell.file))
    if not files:
        raise InputError(
            f"{folder} has no result on {printable(label)}",
            expected="a sweep with audited models",
            remedy=shell_joined(["geed", "sweep", str(folder / "sweep.yaml")]),
        )
    return files


def inside(folder: Path, name: str) -> Path:
    """A file that a manifest names, in its folder.

    Raises:
        InputError: a name that leads out of it.
    """
    if Path(name).is_absolute() or ".." in Path(name).parts or "\\" in name or ":" in name:
        raise InputError(
            f"{folder / MANIFEST} names the file {printable(name)}, which is not in its folder",
            expected="the file as geed sweep wrote it",
            remedy="run the sweep again with another --out folder",
        )
    return folder / name


def _split(text: str) -> tuple[Path, str | None] | None:
    """The folder and the label of the data set; None where it is no sweep's folder."""
    if (Path(text) / MANIFEST).is_file():
        return Path(text), None
    name, colon, label = text.rpartition(":")
    return (Path(name), label) if colon and name and (Path(name) / MANIFEST).is_file() else None
