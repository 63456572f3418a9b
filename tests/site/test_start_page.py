"""docs/start.md: its commands, run as printed and in their order."""

import re
import shlex
from pathlib import Path

import pytest
import timm
from safetensors.torch import save_file
from support.command import Geed, geed
from support.pictures import smooth_pictures

__all__ = ["geed"]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "start.md"
FENCE = re.compile(r"^```\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def commands() -> list[list[str]]:
    """The words of each line that begins with geed, comments left out."""
    lines = [line for block in FENCE.findall(PAGE.read_text(encoding="utf-8")) for line in block.splitlines()]
    return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith("geed ")]


@pytest.mark.heavy
def test_the_commands_run_as_printed(geed: Geed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every one ends with 0, in a folder with photos and a checkpoint; 64 images, and a policy for as many."""
    monkeypatch.chdir(tmp_path)
    smooth_pictures(tmp_path / "photos", 64, 48)
    save_file(timm.create_model("mobilenetv3_small_050").state_dict(), tmp_path / "last.safetensors")
    ran = {}
    for words in commands():
        if words[0] == "check":
            policy = tmp_path / "geed-policy.yaml"
            policy.write_text(policy.read_text().replace("min_images: 200", "min_images: 64"))
        done = geed(*words)
        assert done.exit_code == 0, (words, done.stdout, done.stderr)
        ran[words[0]] = done
    assert set(ran) == {"audit", "explain", "inspect", "compare", "init", "check"}
    assert (tmp_path / "first.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
