"""Where spec files live, and reading one.

A spec's name is its file name without the suffix. A spec in the user's folder hides a bundled one of that name.
"""

from pathlib import Path

from geed_cli.documents.strict_yaml import read_yaml
from geed_cli.documents.validation import validate
from geed_cli.errors import InputError
from geed_cli.models.spec import ModelSpec

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
    """Every known spec by name, sorted; those in ``spec_dir`` hide bundled ones.

    Args:
        spec_dir: the user's folder of specs, if any.

    Returns:
        name → file.

    Raises:
        InputError: ``spec_dir`` is not a folder.
    """
    if spec_dir is not None and not spec_dir.is_dir():
        raise InputError(
            f"{spec_dir} is not a folder", expected="a folder of YAML specs", remedy="check --spec-dir"
        )
    folders = [spec_directory()] + ([spec_dir] if spec_dir is not None else [])
    found = {
        path.stem: path for folder in folders for path in folder.iterdir() if path.suffix in SPEC_SUFFIXES
    }
    return dict(sorted(found.items()))


def read_spec(path: Path) -> ModelSpec:
    """Read and validate a spec file; an ``InputError`` names the line of what does not fit."""
    return validate(read_yaml(path), ModelSpec)
