"""Where a spec's weights file is on this machine: beside the spec, in the current folder, or in a package."""

from importlib.util import find_spec
from pathlib import Path

from geed_cli.errors import InputError, RunError
from geed_cli.models.spec import WeightsPart


def weights_path(weights: WeightsPart, folder: Path) -> Path:
    """The file of weights with origin ``file`` or ``package``.

    Args:
        weights: the spec's section.
        folder: the spec's folder; the current folder is looked in after it.

    Returns:
        an existing file.

    Raises:
        InputError: a path that leads out of the package.
        RunError: there is no such file or package; the message says where to get it.
    """
    if weights.origin == "package":
        return _in_package(str(weights.package), str(weights.path))
    path = Path(str(weights.path)).expanduser()
    for candidate in (folder / path, path):
        if candidate.exists():
            return candidate
    looked = f"{path}" if path.is_absolute() else f"{path} in {folder.absolute()} and in {Path.cwd()}"
    raise RunError(
        f"the weights file is not there: looked for {looked}",
        expected=weights.obtain or "the checkpoint file that the spec names",
        remedy="--checkpoint FILE, with the place where you have it",
    )


def _in_package(package: str, inside: str) -> Path:
    if Path(inside).is_absolute() or ".." in Path(inside).parts:
        raise InputError(
            f"weights.path {inside} leads out of the package {package}",
            expected="a relative path inside the package",
            remedy="correct weights.path in the spec, or use origin: file",
        )
    try:
        found = find_spec(package) if package.isidentifier() else None
    except ValueError:  # a module that was not imported from a package, such as __main__
        found = None
    folders = list(found.submodule_search_locations or ()) if found else []
    paths = [Path(place) / inside for place in folders]
    existing = next((path for path in paths if path.is_file()), None)
    if existing is None:
        what = (
            f"the package {package} has no file {inside}" if folders else f"no package {package} is installed"
        )
        raise RunError(
            what,
            expected=f"{inside} in the installed package {package}",
            remedy=f"python -m pip install {package.replace('_', '-')}",
        )
    return existing
