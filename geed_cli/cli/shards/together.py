"""Whether parts are of one audit, what has to be said of them together, and which commands make those that lack."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from geed_cli.cli.shards.recorded import value_of, without_part
from geed_cli.errors import InputError, RunError
from geed_cli.phrases import counted, shell_joined
from geed_cli.pipeline.shards.from_rows import LackingTilesError
from geed_cli.pipeline.shards.recipe import differences
from geed_cli.pipeline.shards.shard import Shard
from geed_cli.rows.row_file import StoredRows, read_row_file
from geed_cli.rows.row_folder import machine_text
from geed_cli.rows.shard_part import ShardPart, row_files
from geed_cli.rows.union import Union

Read = tuple[Path, ShardPart]
"""A part and where it was read."""


def require_one_audit(parts: Sequence[Read]) -> None:
    """Refuse parts of another audit than the first.

    Raises:
        InputError: naming each and in what it differs.
    """
    first, own = parts[0]
    foreign = [
        f"{path}: {differences(part.recipe | part.asked, own.recipe | own.asked)}"
        for path, part in parts[1:]
        if (part.recipe, part.asked) != (own.recipe, own.asked)
    ]
    if foreign:
        raise InputError(
            f"{counted(len(foreign), 'part')} of another audit than {first}:"
            + "".join(f"\n    {line}" for line in foreign),
            expected="parts of one audit: the same network, pictures, groups, measures, options and versions",
            remedy="leave out what is of another, and merge that by itself",
        )


def stored_rows(parts: Sequence[Read]) -> list[StoredRows]:
    """The row files of all parts, each once."""
    files = {file.resolve(): file for path, part in parts for file in row_files(part, path)}
    recipe = parts[0][1].recipe
    stored = [read_row_file(file) for file in files.values()]
    return [each for each in stored if each.recipe == recipe]


def notes_on(parts: Sequence[Read], stored: Sequence[StoredRows], union: Union) -> Iterator[str]:
    """What a merge has to say beside its result."""
    by_shard: dict[str, list[str]] = {}
    for path, part in parts:
        by_shard.setdefault(part.shard, []).append(str(path))
    for shard, paths in by_shard.items():
        if len(paths) > 1:
            yield f"{' and '.join(paths)} are both shard {shard}: their rows count once"
    if len(counts := sorted({part.count for _, part in parts})) > 1:
        yield f"parts of {' and of '.join(map(str, counts))} shards overlap: rows that several have count once"
    if union.twice:
        twice = counted(len(union.twice), "image")
        yield f"rows of {twice} were made twice and differ in rounding; one of each is used"
    machines = dict.fromkeys(machine_text(each.machine) for each in stored if each.machine)
    if len(machines) > 1:
        yield f"rows of unlike machines, which differ in rounding: {'; '.join(machines)}"


def lacking(error: LackingTilesError, parts: Sequence[Read]) -> RunError:
    """What is not there yet, with the commands that make it."""
    count = min(part.count for _, part in parts)
    if error.tiles:
        gone = frozenset(error.tiles)
        with_tiles = range(
            1, min(count, len(error.all_tiles)) + 1
        )  # a part may say that there are 10⁹ shards
        left = [n for n in with_tiles if not gone.isdisjoint(Shard(n, count).of(error.all_tiles))]
        commands = [_command(parts, Shard(n, count)) for n in left]
        images = sum(tile.stop - tile.start for tile in error.tiles)
        found = f"rows of {counted(images, 'image')} are not there: shard {', '.join(f'{n}/{count}' for n in left)}"
    else:
        commands = [_command(parts, Shard(1, 1), rows=True)]
        found = (
            f"rows of {counted(error.replacements, 'image')} are not there, which stand in the place of unreadable "
            "ones and of copies"
        )
    return RunError(
        found,
        expected="every part of the audit",
        remedy="\n            ".join([*commands, "then merge again, with the parts that these write"]),
    )


def _command(parts: Sequence[Read], shard: Shard, *, rows: bool = False) -> str:
    """The command that makes a part."""
    path, part = next((each for each in parts if each[1].shard == str(shard)), parts[0])
    words = [*without_part(part.command), "--shard", str(shard)]
    given = value_of(part.command, "--rows")
    if given is not None or rows:
        words += ["--rows", given or "DIR"]
    words += ["--json", str(_file_of(path, part, shard))]
    beside = "   # DIR: a folder with the row files of all parts" if rows and given is None else ""
    return shell_joined(words) + beside


def _file_of(path: Path, part: ShardPart, shard: Shard) -> Path:
    """A file for another part beside that of one: part3.json is followed by part4.json."""
    if str(shard) == part.shard:
        return path
    stem, found = re.subn(rf"(?<!\d){part.number}(?!\d)(?!.*\d)", str(shard.number), path.stem)
    name = stem if found and shard.count == part.count else f"{path.stem}-{shard.name}"
    return path.with_name(name + path.suffix)
