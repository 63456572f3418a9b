"""Data sets of files that torchvision knows: pictures in the folder of their class, or in one list of all."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, final

from geed_cli.choices import ImageSource
from geed_cli.documents.document import path_text, printable, unicode_text
from geed_cli.errors import InputError
from geed_cli.images.candidates import Listing, name_bytes, reason_by_name
from geed_cli.images.folder import list_folder
from geed_cli.images.picture import RefusedFile
from geed_cli.images.reader import Files, file_below

UNLABELLED = "in no folder of a class"


@final
@dataclass(frozen=True)
class ClassFolders(Files):
    """The reader of the files of a data set.

    Attributes:
        folder: names are relative to it.
        listing: all that it holds.
        follow_links: whether symbolic links were followed.
    """

    folder: Path
    listing: Listing
    follow_links: bool = False
    source: ClassVar[ImageSource] = "torch"

    def file(self, name: str) -> Path:
        """The file, or with ``follow_links`` what it leads to."""
        return file_below(self.folder, name, follow_links=self.follow_links)


def class_folders(folder: Path, split: str | None, *, follow_links: bool) -> ClassFolders:
    """Pictures in the folders of their classes, whose numbers are those of the folders' names in order.

    Args:
        folder: that holds the classes' folders.
        split: which split it is.
        follow_links: whether symbolic links below it are followed.

    Raises:
        InputError: the folder cannot be used, or no picture lies in a folder of it.
    """
    found = list_folder(folder, follow_links=follow_links)
    inside = tuple(path for path in found.candidates if "/" in path)
    if not inside:
        raise InputError(
            f"no picture in {path_text(folder)} lies in the folder of a class",
            expected="a folder for each class, with its pictures",
            remedy=f"--data {path_text(folder)}, the folder without its labels",
        )
    bare = [RefusedFile(unicode_text(path), UNLABELLED) for path in found.candidates if "/" not in path]
    refused = sorted((*found.refused, *bare), key=lambda item: name_bytes(item.path))
    labels = {path: path.partition("/")[0] for path in inside}
    classes = tuple(sorted(set(labels.values())))
    listing = Listing(inside, tuple(refused), {"label": labels}, classes=classes, split=split)
    return ClassFolders(folder, listing, follow_links)


def listed_files(
    folder: Path, split: str, files: Mapping[str, int | None], classes: tuple[str, ...]
) -> ClassFolders:
    """Pictures that a data set's own list names, with their classes.

    Args:
        folder: names are relative to it.
        split: which split it is.
        files: the class of each picture by its number; None where the split has no labels.
        classes: their names.

    Raises:
        InputError: the list names a file outside of the folder, or none that is an image by its name.
    """
    outside = next((name for name in files if ".." in Path(name).parts or Path(name).is_absolute()), None)
    reasons = {name: reason_by_name(name) for name in sorted(files, key=name_bytes)}
    candidates = tuple(name for name, reason in reasons.items() if not reason)
    if outside is not None or not candidates:
        what = f"names {printable(outside)}, which" if outside is not None else "names no image, which"
        raise InputError(
            f"the list of {path_text(folder)} {what} lies not in the folder",
            expected="the list as it is published",
            remedy="download it again",
        )
    refused = tuple(RefusedFile(name, reason) for name, reason in reasons.items() if reason)
    numbers = {name: files[name] for name in candidates}
    labels = {name: classes[number] for name, number in numbers.items() if number is not None}
    columns = {"label": labels} if labels else {}
    return ClassFolders(folder, Listing(candidates, refused, columns, classes=classes, split=split))
