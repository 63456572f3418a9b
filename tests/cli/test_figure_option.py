"""``--figure`` of compare, track and sweep: what it writes and says, and refusals before anything is audited."""

from pathlib import Path

import pytest
from support.command import Geed
from support.figures import text_of
from support.results import result_at

from geed_cli.result.file import write_result

COMMANDS = (
    ("compare", "no_such_net", "no_such_one"),
    ("track", "no_such_1.pt"),
    ("sweep", "no_such_net", "--out", "o"),
)


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two saved results, ``a.json`` and ``b.json``, in the folder in which commands run."""
    monkeypatch.chdir(tmp_path)
    for name, seed in (("a", 0), ("b", 1)):
        write_result(result_at(3, seed), tmp_path / f"{name}.json")
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_what_cannot_be_drawn_is_refused_before_any_audit(
    geed: Geed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """Before models are looked for; a missing matplotlib is exit 3, all else exit 2, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    for words, said in (
        (("--figure", "f.gif"), "expected: a name that ends in .svg, .pdf or .png"),
        (("--figure", "no/f.svg"), "cannot write no/f.svg"),
        (("--share-y",), "--share-y without --figure"),
        (("--figure", "f.svg", "--csv", "f.svg"), "f.svg would be replaced"),
    ):
        done = geed(*command, *words)
        assert (done.exit_code, done.stdout) == (2, ""), done.stderr
        assert said in done.stderr
    monkeypatch.setattr("geed_cli.report.figures.figure_file.find_spec", lambda _: None)
    done = geed(*command, "--figure", "f.svg")
    assert (done.exit_code, done.stdout) == (3, ""), done.stderr
    assert 'python -m pip install "geed-cli[plot]"' in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_compare_draws_what_it_shows(geed: Geed, results: Path) -> None:
    """The measures that --metric names, under their groups; the caption is printed and stands in the file."""
    words = ("compare", "a.json", "other=b.json", "--metric", "softmax.kl", "--figure", "f.svg", "--share-y")
    done = geed(*words)
    assert done.exit_code == 0, done.stderr
    svg = (results / "f.svg").read_bytes()
    drawn = text_of(svg)
    for part in ("softmax.kl (nats)", "under flip", "under c4", "a", "other"):
        assert part in drawn
    assert "latent.l2" not in drawn
    caption = (
        "Values of softmax.kl under flip and c4. 24 images. 95% intervals over images. "
        "Lower is nearer to invariance."
    )
    assert f"caption: {caption}" in " ".join(done.stderr.split())
    assert caption.encode() in svg
    assert "wrote f.svg" in done.stderr
    assert geed(*words).exit_code == 0
    assert (results / "f.svg").read_bytes() == svg
    together = geed(
        "compare", "a.json", "b.json", "--metric", "softmax.kl", "--simultaneous", "--figure", "g.svg"
    )
    assert "95% intervals that hold together, over images." in " ".join(together.stderr.split())
