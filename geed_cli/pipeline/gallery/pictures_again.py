"""The pictures of a result, read again: only files that still are what was audited."""

from collections.abc import Iterable
from pathlib import Path, PurePosixPath, PureWindowsPath

from torch import Tensor

from geed_cli.choices import NAMED, Decode
from geed_cli.documents.document import printable
from geed_cli.errors import InputError, RunError
from geed_cli.images.picture import ImageRefused
from geed_cli.images.place_options import PlaceOptions
from geed_cli.images.preprocess import to_pixels
from geed_cli.images.reader import Folder, Reader
from geed_cli.images.source import ImageSet, list_images, sample_folder
from geed_cli.input_settings import InputSettings
from geed_cli.phrases import counted
from geed_cli.result.samples import entry_noun
from geed_cli.result.schema import Data, Settings

MOST_NAMED = 5


def read_again(
    data: Data,
    settings: Settings,
    shown: InputSettings,
    places: Iterable[int],
    *,
    side: int | None,
    folder: Path | ImageSet | None,
    follow_links: bool,
) -> tuple[dict[int, Tensor], tuple[str, ...]]:
    """The pixels of some of the audited pictures, shape (C, P, P), bytes, and one sentence on those that are left out.

    Args:
        data: of the result.
        settings: of the result, which say how pictures were decoded.
        shown: the network's preprocessing.
        places: of the pictures among ``data.images``.
        side: P, where a boundary reads what lies around the crop.
        folder: where they are now; None for where they were in the audit, which in memory is nowhere any more.
        follow_links: whether a symbolic link is read as what it leads to.
    """
    if folder is None and data.source == "memory":
        return {}, (
            f"no pictures in the gallery: those of {printable(data.root, 300)} were in memory, and in no file",
        )
    try:
        folder = _in_a_file(data, folder) or folder
    except (InputError, RunError) as error:  # it is gone, cannot be reached, or holds none any more
        return {}, (f"no pictures in the gallery: {error.found}",)
    reader, root = _reader(data, folder, follow_links=follow_links)
    decode: Decode = "exact" if settings.decode == "exact" else "fast"
    found: dict[int, Tensor] = {}
    missing: list[str] = []
    for place in sorted(set(places)):
        record = data.images[place]
        try:
            _require_among(record.path, data, folder)
            picture, sha256 = reader.picture(record.path, decode)
            if sha256 != record.sha256:
                raise ImageRefused(f"it is another {entry_noun(data)} than was audited")
            found[place] = to_pixels(picture, shown, side=side, decode=decode)
        except ImageRefused as refusal:
            missing.append(f"{printable(record.path)} ({refusal.reason})")
        except RunError as error:
            missing.append(f"{printable(record.path)} ({error.found})")
    return found, _left_out(missing, root)


def _in_a_file(data: Data, folder: Path | ImageSet | None) -> ImageSet | None:
    """The pictures of the archive, list or array that holds them; None where no file does.

    Raises:
        InputError: it cannot be used.
    """
    if isinstance(folder, ImageSet) or (folder is None and data.source not in NAMED):
        return None
    if folder is None and data.source != "folder":
        return list_images(_named(data), PlaceOptions(split=data.split, image_key=data.image_key))
    where = folder or Path(data.root)
    return list_images(where) if where.is_file() else None


def _named(data: Data) -> str:
    """What is to be opened: of a hub the commit that was audited, whatever a branch means by now."""
    if data.source != "hfds" or data.revision is None:
        return data.root
    return f"{data.root.partition('@')[0]}@{data.revision}"


def _reader(data: Data, folder: Path | ImageSet | None, *, follow_links: bool) -> tuple[Reader, str]:
    """What reads the pictures now, and how it is called.

    Files that were named one by one are looked for below the current folder, since a stranger may have named them.
    """
    if isinstance(folder, ImageSet):
        return folder.reader, folder.root
    if folder is None and data.bundled_sample:
        return Folder(sample_folder()), data.root
    where = folder or Path(data.root if data.source == "folder" else ".")
    return Folder(where, follow_links), data.root if data.source == "files" else str(where)


def _require_among(path: str, data: Data, folder: Path | ImageSet | None) -> None:
    """Refuse a picture that is none of those at hand.

    Raises:
        ImageRefused: it is none.
    """
    if isinstance(folder, ImageSet):
        if path not in folder.paths:
            raise ImageRefused("it is not among these pictures")
    elif _leaves(path):
        named = data.source == "files" and folder is None
        raise ImageRefused(f"its path leaves the {'current ' * named}folder")


def _leaves(path: str) -> bool:
    """Whether a path, which the result of a stranger may hold, is none below a folder."""
    parts = PurePosixPath(path).parts
    return (
        not parts or PurePosixPath(path).is_absolute() or ".." in parts or bool(PureWindowsPath(path).drive)
    )


def _left_out(missing: list[str], root: str) -> tuple[str, ...]:
    if not missing:
        return ()
    named = ", ".join(missing[:MOST_NAMED])
    more = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
    count = counted(len(missing), "picture")
    return (f"{count} of {printable(root, 300)} left out of the gallery: {named}{more}",)
