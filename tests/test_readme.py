"""The README shows what the program really prints, and its commands are the ones that CI runs."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support.checkpoints import read_in_this_process, without_process
from typer.testing import CliRunner

from geed_cli.cli.app import EXAMPLE, app
from geed_cli.result.file import read_result

__all__ = ["read_in_this_process"]

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")


def shown(*arguments: str) -> str:
    """What a command prints at 100 columns, without trailing blanks."""
    done = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "100"}, prog_name="geed")
    assert done.exit_code == 0, done.stderr
    return "\n".join(line.rstrip() for line in done.stdout.splitlines()).strip("\n")


def block(start: str) -> str:
    """The README's fenced block that begins with that text."""
    found = [
        text
        for text in re.findall(r"```text\n(.*?)\n```", README, re.DOTALL)
        if text.strip().startswith(start)
    ]
    assert len(found) == 1
    return found[0]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What the first command prints, and the JSON that it writes."""
    folder = tmp_path_factory.mktemp("first")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GEED_CACHE_DIR", str(folder / "cache"))
        without_process(patch)
        printed = shown(*EXAMPLE.split()[1:], "--json", str(folder / "out.json"))
    return printed, folder / "out.json"


def test_the_table_is_what_the_first_command_prints(first: tuple[str, Path]) -> None:
    """The words are the same; numbers agree to 3%, whole percents to 1 (other processors round differently)."""
    printed, expected = (
        [re.sub(r"\s+", " ", re.sub(r"[╌●━▶]+", "", line)) for line in text.splitlines()]
        for text in (first[0], block("flip  Features"))
    )
    assert [NUMBER.sub("#", line) for line in printed] == [NUMBER.sub("#", line) for line in expected]
    for line, other in zip(printed, expected, strict=True):
        for one, same in zip(NUMBER.findall(line), NUMBER.findall(other), strict=True):
            assert float(one) == pytest.approx(float(same), rel=0.03, abs=0.0 if "." in same else 1.0)


def test_the_picture_is_the_same_page() -> None:
    """docs/figures/terminal.svg has the words and numbers of the block below it, and loads no font."""
    path = ROOT / "docs" / "figures" / "terminal.svg"
    drawn = [
        "".join(text.itertext())
        for text in ElementTree.parse(path).getroot().iter("{http://www.w3.org/2000/svg}text")
        if "title" not in text.get("class", "")
    ]
    assert "".join("".join(drawn).split()) == "".join(block("flip  Features").split())
    assert "url(http" not in path.read_text(encoding="utf-8")


def test_real_weights_on_the_bundled_sample(first: tuple[str, Path]) -> None:
    """The first command's values of one published network, to two digits.

    From an independent float64 loop over other crops of the same kind of photographs: latent.l2 0.099,
    softmax.kl 0.0187 nats, channelwise −0.713 to −0.963; the bundled crops come close, not equal.
    """
    printed, target = first
    assert "flip: left-right mirror, exact" in printed
    assert "the bundled sample" in printed
    result = read_result(target)
    values = {(entry.metric, entry.layer): entry.value for entry in result.results}
    assert values["latent.l2", None] == pytest.approx(0.0936, abs=0.002)
    assert values["softmax.kl", None] == pytest.approx(0.0115, abs=0.001)
    assert values["channelwise.cosine", "blocks.0"] == pytest.approx(-0.700, abs=0.003)
    assert values["channelwise.cosine", "blocks.6"] == pytest.approx(-0.964, abs=0.003)
    assert result.data.count == result.data.found == 40
    assert result.model.weights.sha256 is not None
    assert result.model.weights.sha256.startswith("57934424")


def test_geed_alone_names_the_first_command() -> None:
    """The example of ``geed`` without a command is what the README begins with, and ran above."""
    assert f'python -m pip install ".[demo]" && {EXAMPLE}' in README


def test_ci_runs_the_readmes_test_command() -> None:
    """.ci/run takes its command from here, so the two cannot drift."""
    pattern = r'^ *python -m pip install -e "\.\[dev\]" && pytest$'
    assert len(re.findall(pattern, README, re.MULTILINE)) == 1
    assert pattern.replace(r"\.\[dev\]", r"\.\[dev\]") in (ROOT / ".ci" / "run").read_text()


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(((?!http)[^)#]+)\)", README))))
def test_links_lead_somewhere(link: str) -> None:
    """Every relative link is a file of the repository."""
    assert (ROOT / link).exists()


@pytest.mark.usefixtures("read_in_this_process")
@pytest.mark.parametrize("samples", [2, pytest.param(40, marks=pytest.mark.heavy)])
def test_the_python_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, samples: int) -> None:
    """As printed, of fewer images; among the heavy tests exactly as printed, where every value has its interval."""
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert code.count("samples=40") == 1
    exec(compile(code.replace("samples=40", f"samples={samples}"), "README.md", "exec"), {})
    result = read_result(tmp_path / "result.json")
    assert result.data.count == samples
    if samples == 40:
        assert all(entry.ci is not None for entry in result.results)
