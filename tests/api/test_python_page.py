"""docs/python.md: the examples of its section on saved results run as they are printed."""

import re
import traceback
from pathlib import Path

import numpy as np
import pytest
from support.gate import result, spread

from geed_cli import InputError, compare
from geed_cli.result.file import write_result
from geed_cli.result.schema import Result

PAGE = Path(__file__).resolve().parents[2] / "docs" / "python.md"
POLICY = """\
version: 2
rules: [{metric: latent.l2, group: flip, max: 0.5}]
baseline: {rules: [{metric: "*", max_increase: 50%}]}
"""


SECTION = PAGE.read_text(encoding="utf-8").partition("\n## Comparing")[2].partition("\n## ")[0]


def of_run(seed: int, count: int = 60) -> Result:
    """A result of three measures, of weights of its own."""
    rows = {
        ("latent.l2", "flip", None): np.abs(spread(0.3, 0.05, count, seed)),
        ("softmax.kl", "flip", None): np.abs(spread(0.2, 0.04, count, seed)),
        ("channelwise.cosine", "flip", "layer1"): spread(-0.8, 0.05, count, seed),
    }
    made = result(rows)
    weights = made.model.weights.model_copy(update={"state_sha256": f"{seed:064}"})
    return made.model_copy(update={"model": made.model.model_copy(update={"weights": weights})})


def test_the_examples_on_results_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All blocks of the section, one after the other, in a folder with the files that they name."""
    monkeypatch.chdir(tmp_path)
    for seed, name in enumerate(("ours", "theirs")):
        write_result(of_run(seed), tmp_path / f"{name}.json")
    for seed in (1, 2, 3):
        for number, name in enumerate(("run", "cnn", "c8")):
            write_result(of_run(10 * number + seed), tmp_path / f"{name}_{seed}.json")
    Path("geed-policy.yaml").write_text(POLICY, encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)
    assert len(blocks) > 2
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, PAGE.name, "exec"), names)


def test_the_refusal_is_printed_as_it_comes() -> None:
    """With its note; hashes of images apart."""
    with pytest.raises(InputError) as refused:
        compare({"ours": of_run(0), "other": of_run(1, count=40)})
    (printed,) = re.findall(r"```text\n(.*?)```", SECTION, re.DOTALL)
    made = "".join(traceback.format_exception_only(refused.value))
    assert re.sub(r"\([0-9a-f]{12}\)", "()", made) == re.sub(r"\([0-9a-f]{12}\)", "()", printed)
