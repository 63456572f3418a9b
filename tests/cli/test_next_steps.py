"""What an audit advises runs as it is printed: every option and command of the next steps and warnings."""

import re
from pathlib import Path

import pytest
from support.command import Geed

from geed_cli.verdict import advice, cautions, features

pytestmark = pytest.mark.usefixtures("read_in_this_process")
SPEC = """
model: {source: timm, name: test_resnet}
weights: {origin: random}
layers: [layer1]
input: {size: 16}
"""


def advised() -> set[str]:
    """Every option, and every command, in the texts that next steps, warnings and reasons are made of."""
    texts = [Path(module.__file__).read_text(encoding="utf-8") for module in (advice, cautions, features)]
    found = {option for text in texts for option in re.findall(r"(?<![-\w])--?[a-z][a-z-]*", text)}
    return found | {command for text in texts for command in re.findall(r"geed [a-z]+", text)}


def test_advice_runs(geed: Geed, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Options beside an audit of a small network, commands by themselves."""
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(SPEC, encoding="utf-8")
    taken = "-d DIR --samples 6 -g flip,c4 --img-size 17 --phase-correct --twin --precision fp64"
    resampled = "-d DIR --samples 4 -g c8 --boundary disc --interpolation bicubic"
    commands = ["geed inspect MODEL", "geed init --ci github"]
    lines = [f"geed audit MODEL {options}" for options in (taken, resampled)]
    for line in [*lines, *commands]:
        words = line.replace("MODEL", "tiny.yaml").replace("DIR", str(pictures)).split()
        done = geed(*words[1:])
        assert done.exit_code == 0, (line, done.output)
    options = set(re.findall(r"(?<![-\w])--?[a-z][a-z-]*", " ".join([*lines, *commands])))
    assert advised() - {"-v"} <= {*options, *(" ".join(command.split()[:2]) for command in commands)}
