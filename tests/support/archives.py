"""Archives of a folder, made by Python's own writers, and single entries that no honest writer makes."""

import io
import tarfile
import zipfile
from pathlib import Path


def zipped(folder: Path, target: Path, method: int = zipfile.ZIP_DEFLATED) -> Path:
    """A zip of the files below a folder, under their paths in it, last first."""
    with zipfile.ZipFile(target, "w", method) as archive:
        for file in sorted(folder.rglob("*"), reverse=True):
            archive.write(file, file.relative_to(folder).as_posix())
    return target


def tarred(folder: Path, target: Path) -> Path:
    """A tar of a folder as ``tar -C folder -cf target .`` makes it, whose names begin with ``./``."""
    with tarfile.open(target, "w") as archive:
        archive.add(folder, ".")
    return target


def zip_of(target: Path, *entries: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    """A zip of these entries, one name as often as it comes."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            if isinstance(name, str):  # not writestr, which warns of names that are there
                name = zipfile.ZipInfo(name)  # noqa: PLW2901 - the entry of that name
                name.compress_type = zipfile.ZIP_DEFLATED
            if name.filename in archive.NameToInfo:
                del archive.NameToInfo[name.filename]
            archive.writestr(name, data)
    return target


def tar_of(target: Path, *entries: tuple[str | tarfile.TarInfo, bytes]) -> Path:
    """A tar of these entries, one name as often as it comes."""
    with tarfile.open(target, "w") as archive:
        for name, data in entries:
            info = tarfile.TarInfo(name) if isinstance(name, str) else name
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return target
