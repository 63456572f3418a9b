"""Where files of specs live: the specs themselves, and the weights that they name.

A spec's name is its file name without the suffix. A spec in the user's folder hides a bundled one of that name. Weights
lie beside the spec, in the current folder, or in a package.
"""

from importlib.util import find_spec
from pathlib import Path

from geed_cli.documents.document import path_of
from geed_cli.documents.strict_yaml import read_yaml
from geed_cli.documents.validation import validate
from geed_cli.errors import InputError, RunError
from geed_cli.models.spec import ModelPart, ModelSpec, WeightsPart

SPEC_SUFFIXES = (".yaml", ".yml")


def spec_directory() -> Path:
    """The folder of the bundled specs: inside the installed package, or beside it in a checkout.

    Raises:
        InputError: neither exists, so the installation is incomplete.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "model_specs", package.parent / "model_specs"):
        if folder.is_dir():
            return folder
    raise InputError(
        f"the bundled specs are missing from {package}",
        expected="a folder model_specs in the package or beside it",
        remedy="install geed-cli again",
    )


def spec_paths(spec_dir: Path | None = None) -> dict[str, Path]:
    """The file of every known spec by name, sorted; those in the user's ``spec_dir`` hide bundled ones.

    Raises:
        InputError: ``spec_dir`` is not a folder, or a folder has two specs of one name.
    """
    if spec_dir is not None and not spec_dir.is_dir():
        raise InputError(
            f"{spec_dir} is not a folder", expected="a folder of YAML specs", remedy="check --spec-dir"
        )
    folders = [spec_directory()] + ([spec_dir] if spec_dir is not None else [])
    specs: dict[str, Path] = {}
    for folder in folders:
        specs |= _specs_in(folder)
    return dict(sorted(specs.items()))


def _specs_in(folder: Path) -> dict[str, Path]:
    specs: dict[str, Path] = {}
    for path in sorted(path for path in folder.iterdir() if path.suffix in SPEC_SUFFIXES):
        twin = specs.setdefault(path.stem, path)
        if twin != path:
            raise InputError(
                f"{folder} has two specs called {path.stem}: {twin.name} and {path.name}",
                expected="one file for a name",
                remedy="rename or remove one of them",
            )
    return specs


def read_spec(path: Path) -> ModelSpec:
    """Read and validate a spec file; an ``InputError`` names the line of what does not fit."""
    return validate(read_yaml(path), ModelSpec)


def weights_path(weights: WeightsPart, folder: Path) -> Path:
    """The existing file of weights with origin ``file`` or ``package``; the spec's ``folder`` is looked in first.

    Raises:
        InputError: a path that leads out of the package.
        RunError: there is no such file or package; the message says where to get it.
    """
    if weights.origin == "package":
        return _in_package(str(weights.package), str(weights.path))
    path = path_of(str(weights.path)).expanduser()
    for candidate in (folder / path, path):
        if candidate.exists():
            return candidate
    looked = f"{path}" if path.is_absolute() else f"{path} in {folder.absolute()} and in {Path.cwd()}"
    raise RunError(
        f"the weights file is not there: looked for {looked}",
        expected=weights.obtain or "the checkpoint file that the spec names",
        remedy="put it there, or correct weights.path in the spec; "
        "geed audit and geed inspect also take --checkpoint FILE",
    )


def classes_path(model: ModelPart, folder: Path) -> Path | None:
    """The file of class names that a spec names, beside it or in the current folder; None where it names none."""
    if model.classes is None:
        return None
    path = path_of(model.classes).expanduser()
    return next((candidate for candidate in (folder / path, path) if candidate.is_file()), path)


def _in_package(package: str, inside: str) -> Path:
    if Path(inside).is_absolute() or ".." in Path(inside).parts:
        raise InputError(
            f"weights.path {inside} leads out of the package {package}",
            expected="a relative path inside the package",
            remedy="correct weights.path in the spec, or use origin: file",
        )
    try:
        module = find_spec(package) if package.isidentifier() else None
    except ValueError:  # a module that was not imported from a package, such as __main__
        module = None
    folders = list(module.submodule_search_locations or ()) if module else []
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
