"""``hfds/NAME``: a data set of the Hugging Face hub, or a folder that its library ``datasets`` has written.

No script of a repository runs: the library runs none from version 4 on, and an older one is refused. The library makes
Arrow files of what it downloads, in its cache, and these are read where they lie.
"""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi

from geed_cli.documents.document import path_text, printable
from geed_cli.errors import InputError, RunError
from geed_cli.images.data_sets.datasets_library import quiet_datasets
from geed_cli.images.data_sets.hub_rows import HubRows, Origin, Rows
from geed_cli.images.data_sets.row_columns import columns_of
from geed_cli.images.data_sets.splits import chosen_split
from geed_cli.images.picture import ImageRefused
from geed_cli.images.place_options import PlaceOptions
from geed_cli.images.regular_file import open_regular, read_regular
from geed_cli.runtime.network_answer import CONNECT_SECONDS, LOOK_SECONDS, cause_of, within

HUB_NAME = re.compile(r"([\w.-]+(?:/[\w.-]+)?)(?::([\w.-]+))?(?:@([\w./-]+))?")
"""NAME, of which the owner may be a part, :CONFIG and @REVISION."""
DICTIONARY, STATE, INFO = "dataset_dict.json", "state.json", "dataset_info.json"
"""What ``save_to_disk`` writes beside the rows: of several splits, and of one."""
OF_FOLDERS = ("parquet", "arrow")
OF_HUB = (*OF_FOLDERS, "imagefolder", "webdataset")
"""The library's own readers of files that are let read."""
END = b"\xff\xff\xff\xff\x00\x00\x00\x00"
"""How the stream of an Arrow file ends; rows may be missing where it does not."""
FILE_END = b"ARROW1"
Builder = Any
"""A ``datasets.DatasetBuilder``."""


def hub_data_set(rest: str, options: PlaceOptions) -> HubRows:
    """The data set that ``hfds/`` and this text names.

    Raises:
        InputError: no such folder, split or column; files that are not whole or hold something else; no library.
        RunError: the hub cannot be reached, or does not have it.
    """
    options.refuse_but(f"hfds/{rest}", {"split", "image_key", "label_key"})
    where = f"hfds/{printable(rest)}"
    with quiet_datasets(where) as library:
        find = _of_folder if _is_folder(rest) else _of_hub
        rows, origin = find(library, rest, options, where)
        if not len(rows):
            raise InputError(
                f"{where} has no rows", expected="at least one", remedy="--split with another split"
            )
        columns = columns_of(library, rows.features, options.image_key, options.label_key, where)
        _require_sound(rows, [columns.image, *([columns.label] if columns.label else [])], where)
        return HubRows(rows, columns, origin)


def _is_folder(rest: str) -> bool:
    """Whether the text is a path on this machine; a name of the hub has no such beginning."""
    return os.path.isdir(os.path.expanduser(rest)) or rest.startswith((".", "/", "~", "\\"))


def _of_folder(library: Any, rest: str, options: PlaceOptions, where: str) -> tuple[Rows, Origin]:  # noqa: ANN401
    """The rows of a folder, as ``save_to_disk`` or as the library's files."""
    folder = Path(rest).expanduser()
    if not folder.is_dir():
        raise InputError(
            f"no folder {path_text(folder)}",
            expected="a folder that the library datasets has written, or a name of the hub",
            remedy="check the path",
        )
    with _refused(where, InputError):
        split: str | None = None
        there = folder
        if (folder / DICTIONARY).exists():
            split = chosen_split(options.split, _strings(_said(folder / DICTIONARY).get("splits")), where)
            there = folder / _plain(split)
        if (there / STATE).exists():
            parts = _said(there / STATE).get("_data_files")
            for name in _strings(
                [each.get("filename") for each in parts] if isinstance(parts, list) else None
            ):
                _require_whole(there / _plain(name))
            rows = library.load_from_disk(there, keep_in_memory=False).with_format(None)
            if split is None:
                split = _only_split(rows, options, where)
            return rows, Origin(split, None, (folder,))
        builder = library.load_dataset_builder(str(folder))
        split = _split_of(builder, options, where, OF_FOLDERS)
        files = [Path(str(file)) for each in builder.config.data_files.values() for file in each]
        for file in files:
            _require_below(file, folder)
            if file.suffix == ".arrow":
                _require_whole(file)
        return _prepared(builder, split), Origin(split, None, (folder,))


def _of_hub(library: Any, rest: str, options: PlaceOptions, where: str) -> tuple[Rows, Origin]:  # noqa: ANN401
    """The rows of a repository at the commit that it has now, or at the revision that is named."""
    named = HUB_NAME.fullmatch(rest)
    if named is None:
        raise InputError(
            f"{where} is no folder and no name of the hub",
            expected="hfds/NAME or hfds/OWNER/NAME, with :CONFIG and @REVISION behind it where they are meant",
            remedy="check the name",
        )
    name, config, revision = named.groups()
    commit = _commit(name, config, revision, where)
    with _refused(where, RunError):
        try:
            builder = library.load_dataset_builder(name, config, revision=commit)
        except ValueError as error:  # the library's for a configuration, whose names its text has
            if "onfig" not in str(error):
                raise
            raise InputError(
                f"{where}: {printable(' '.join(str(error).splitlines()[:2]), 500)}",
                expected="the name of one of its configurations behind a colon",
                remedy=f"--data hfds/{name}:CONFIG",
            ) from error
        split = _split_of(builder, options, where, OF_HUB)
        rows = _prepared(builder, split)
    caches = (Path(library.config.HF_DATASETS_CACHE), Path(library.config.HF_CACHE_HOME))
    return rows, Origin(split, commit, caches)


def _commit(name: str, config: str | None, revision: str | None, where: str) -> str:
    """The commit that a revision of a repository means now; the configuration is for messages alone.

    Raises:
        RunError: nobody can be asked, or there is no such repository or revision.
    """
    try:
        info = within(
            LOOK_SECONDS, lambda: HfApi().dataset_info(name, revision=revision, timeout=CONNECT_SECONDS)
        )
    except Exception as error:  # the HTTP library and its errors change between versions of the hub's client
        asked = [repr(each) for each in (name, config) if each]
        asked += [f"revision={revision!r}"] if revision else []
        raise RunError(
            f"{where} could not be looked up\n  cause:    {cause_of(error)}",
            expected="access to the hub, and a data set of that name and revision there",
            remedy=f'where it can be had, python -c "import datasets; datasets.load_dataset({", ".join(asked)}).'
            "save_to_disk('DIR')\"; and then --data hfds/./DIR",
        ) from error
    return str(info.sha)


def _split_of(builder: Builder, options: PlaceOptions, where: str, readers: tuple[str, ...]) -> str:
    """The split that is meant, of files that are let read.

    Raises:
        InputError: they are read by other parts of the library, or there is no such split.
    """
    kind = type(builder).__module__.rpartition(".")[2]
    if kind not in readers:
        raise InputError(
            f"the files of {where} are read as {kind}",
            expected=f"files of the kinds {', '.join(readers)}, or what save_to_disk has written",
            remedy="the folder itself, if its files are pictures: without hfds/ in front",
        )
    files: Mapping[str, Any] = builder.config.data_files or {}
    return chosen_split(options.split, tuple(map(str, files)), where)


def _prepared(builder: Builder, split: str) -> Rows:
    """The rows of a split, mapped from the library's cache; it is downloaded where it is not there."""
    builder.download_and_prepare()
    return builder.as_dataset(split)


def _require_sound(rows: Rows, columns: list[str], where: str) -> None:
    """Refuse rows whose files are cut short, or whose offsets lead outside of them.

    Raises:
        InputError: naming the file or the column.
    """
    with _refused(where, InputError):
        for file in rows.cache_files:
            _require_whole(Path(file["filename"]))
        for column in columns:
            rows.data.column(column).validate(full=True)


def _require_whole(file: Path) -> None:
    """Refuse an Arrow file without its end.

    Raises:
        InputError: rows may be missing.
    """
    try:
        with open_regular(Path(os.path.realpath(file))) as opened:
            size = opened.seek(0, os.SEEK_END)
            opened.seek(max(size - len(END), 0))
            end = opened.read()
    except (OSError, ImageRefused) as error:
        why = error.reason if isinstance(error, ImageRefused) else error.strerror
        raise _damaged(f"{path_text(file)}: {why}") from error
    if end != END and not end.endswith(FILE_END):
        raise _damaged(f"{path_text(file)} is truncated: rows may be missing")


def _said(file: Path) -> dict[str, Any]:
    """What a JSON file of the library says."""
    said = json.loads(read_regular(Path(os.path.realpath(file))))
    if not isinstance(said, dict):
        raise _damaged(f"{path_text(file)} is not as the library writes it")
    return said


def _strings(names: object) -> tuple[str, ...]:
    """Names in a file of the library.

    Raises:
        InputError: there are none, or other things.
    """
    if not (isinstance(names, list) and names and all(isinstance(name, str) for name in names)):
        raise _damaged("a file that names what is there does not name it")
    return tuple(names)


def _plain(name: str) -> str:
    """A name of a file in the folder itself.

    Raises:
        InputError: it leads elsewhere.
    """
    if Path(name).name != name or name == "..":
        raise _damaged(f"the name {printable(name)} leads out of the folder")
    return name


def _require_below(file: Path, folder: Path) -> None:
    """Refuse files that a card names and that lie elsewhere, such as on the web."""
    if not Path(os.path.realpath(file)).is_relative_to(os.path.realpath(folder)):
        raise _damaged(f"{printable(str(file))} lies outside of {path_text(folder)}")


def _only_split(rows: Rows, options: PlaceOptions, where: str) -> str | None:
    """The split that one set of rows is said to be; None where nothing is said."""
    if rows.split is not None:
        return chosen_split(options.split, (str(rows.split),), where)
    options.refuse_but(f"{where}, whose rows are of no split", {"image_key", "label_key"})
    return None


def _damaged(found: str) -> InputError:
    """The refusal of files that are not as the library writes them."""
    return InputError(
        found,
        expected="a data set as the library datasets writes it",
        remedy="write it again: data_set.save_to_disk(DIR)",
    )


@contextmanager
def _refused(where: str, kind: Callable[..., InputError | RunError]) -> Iterator[None]:
    """Whatever the library raises on what it reads, as one error of ours."""
    try:
        yield
    except (InputError, RunError, MemoryError):
        raise
    except Exception as error:  # of the library, Arrow, the file system or the network
        reason = error.reason if isinstance(error, ImageRefused) else str(error)
        lines = reason.splitlines() or [type(error).__name__]
        raise kind(
            f"{where} cannot be read: {printable(lines[0], 300)}",
            expected="a data set as the library datasets reads it",
            remedy="write or download it again; datasets.load_dataset and load_from_disk have to read it, too",
        ) from error
