"""The row files of a run, and the union of their rows."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from geed_cli.errors import InputError
from geed_cli.rows.row_file import SUFFIX, StoredRows, read_row_file
from geed_cli.rows.union import Union
from geed_cli.runtime.collector import collector_paused

REDUCED = ("bf16", "fp16")
"""Types in which machines of two kinds differ by more than rounding of float32."""


def read_rows(folder: Path, recipe: Mapping[str, str]) -> tuple[StoredRows, ...]:
    """Every row file of a folder that has rows of this recipe."""
    found = sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else []
    files = [path for path in found if path.is_file()]  # a part's folder of rows ends alike
    with collector_paused():
        return tuple(stored for stored in map(read_row_file, files) if stored.recipe == recipe)


def union_of(files: Iterable[StoredRows], precision: str) -> Union:
    """The union of the rows of some files.

    Raises:
        InputError: rows of unlike machines in bf16 or fp16, or as for ``Union.add``.
    """
    union, machines = Union(precision), dict[str, Path]()
    with collector_paused():
        for stored in files:
            if stored.machine:
                machines.setdefault(machine_text(stored.machine), stored.path)
            union.add(stored.records)
    if precision in REDUCED and len(machines) > 1:
        raise InputError(
            f"rows in {precision} of unlike machines: "
            + ", ".join(f"{machine} ({path})" for machine, path in machines.items()),
            expected="machines of one kind, since in such a type others differ by more than rounding",
            remedy="--precision fp32, or all shards on machines of one kind",
        )
    return union


def machine_text(machine: Mapping[str, str]) -> str:
    """A machine in a few words."""
    return ", ".join(" ".join(f"{name} {value}".split()) for name, value in machine.items() if value)
