"""What the arguments of ``geed track`` name."""

from pathlib import Path

import pytest

from geed_cli.errors import InputError
from geed_cli.tracking.inputs import Input, expand


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with files, which is the working folder as well."""
    names = ["a/step_9.pt", "a/step_10.pt", "a/step_100.pt", "b/step_9.pt", "epoch=3-step=15.ckpt", "[1].pt"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def named(*arguments: str) -> list[tuple[str | None, str]]:
    """Labels and paths."""
    return [(one.label, one.path.as_posix()) for one in expand(arguments)]


@pytest.mark.usefixtures("runs")
def test_globs_are_expanded_in_natural_order() -> None:
    """step_9 before step_10, whatever the file system says; a file named twice counts once."""
    assert [path for _, path in named("a/*.pt", "a/step_9.pt")] == [
        "a/step_9.pt", "a/step_10.pt", "a/step_100.pt",
    ]  # fmt: skip
    assert [path for _, path in named("**/step_9.pt")] == ["a/step_9.pt", "b/step_9.pt"]


@pytest.mark.usefixtures("runs")
def test_labels_group_and_existing_names_are_no_labels() -> None:
    """LABEL=GLOB; a file whose name has an equals sign or brackets stays a file."""
    assert named("sgd=a/step_9.pt", "adam=b/*") == [("sgd", "a/step_9.pt"), ("adam", "b/step_9.pt")]
    assert named("epoch=3-step=15.ckpt", "epoch=*") == [(None, "epoch=3-step=15.ckpt")]
    assert named("x=epoch=*.ckpt") == [("x", "epoch=3-step=15.ckpt")]
    assert named("[1].pt") == [(None, "[1].pt")]


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("a/step_11.pt", "there is no file a/step_11.pt"),
        ("c/*.pt", "no file matches"),
        ("run=c/*.pt", "no file matches"),
        ("a", "is a folder"),
        ("run=a", "is a folder"),
    ],
)
def test_what_is_not_there_is_refused(argument: str, message: str) -> None:
    """With what to try: near names, a glob in the folder."""
    with pytest.raises(InputError, match=message):
        expand([argument])


def test_saved_files_are_known_by_their_suffix() -> None:
    """JSON is a result or a track, anything else a checkpoint."""
    assert Input(None, Path("r.json")).saved
    assert not Input(None, Path("r.pt")).saved
