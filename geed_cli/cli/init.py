"""``geed init``: a ready workflow and policy for continuous integration; nothing is overwritten unasked."""

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

import typer

from geed_cli import __version__
from geed_cli.cli.guard import guarded
from geed_cli.cli.panels import Debug
from geed_cli.errors import InputError

POLICY = Path("geed-policy.yaml")
WORKFLOWS = {"github": Path(".github/workflows/geed.yml"), "gitlab": Path(".gitlab-ci.yml")}


@guarded
def init(
    *,
    ci: Annotated[Literal["github", "gitlab"], typer.Option(help="The service to write the workflow for.")],
    folder: Annotated[
        Path, typer.Option("--dir", metavar="DIR", help="The repository's root folder.")
    ] = Path(),
    force: Annotated[bool, typer.Option("--force", help="Overwrite existing files.")] = False,
    debug: Debug = False,
) -> None:
    """Write a CI workflow that audits, keeps the result and gates a release against the last one, and its policy.

    Example: geed init --ci github
    """
    del debug  # read by the guard
    texts = {folder / POLICY: _template("policy.yaml"), folder / WORKFLOWS[ci]: _template(f"{ci}.yml")}
    _check(folder, [] if force else list(texts))
    from geed_cli.result.file import write_atomically  # noqa: PLC0415 - --help stays light

    for path, text in texts.items():
        _make_folder(path.parent)
        write_atomically(text, path)
        typer.echo(f"wrote {path}")
    typer.echo(f"next: set GEED_MODEL and GEED_DATA in {folder / WORKFLOWS[ci]}, limits in {folder / POLICY}")


def _check(folder: Path, kept: list[Path]) -> None:
    """Refuse before anything is written: no such folder, or a file that would be overwritten."""
    if not folder.is_dir():
        raise InputError(
            f"{folder} is not a folder", expected="the repository's root folder", remedy=f"mkdir -p {folder}"
        )
    for path in kept:
        if path.exists() or path.is_symlink():
            raise InputError(
                f"{path} exists already",
                expected="a name that is not taken: nothing is overwritten",
                remedy="--force to overwrite it, or --dir with an empty folder to copy from",
            )


def _make_folder(folder: Path) -> None:
    """Make the folder where it is not there; refuse where a file stands in its way, or it may not be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"the folder {folder} cannot be made: {error.strerror}",
            expected="a repository that you may write to",
            remedy="another --dir",
        ) from error


def _template(name: str) -> str:
    """A file to be written, which names the version that wrote it, so that each release is judged by the same one."""
    text = (files("geed_cli.cli") / "templates" / name).read_text(encoding="utf-8")
    return text.replace("@VERSION@", __version__)
