"""What the benchmarks ask timm's own script and read from it, with a small script that speaks as that one does."""

import json
import os
from pathlib import Path

import pytest

from benchmarks.speed.__main__ import cases_of, parsed
from benchmarks.speed.timm_script import Asked, ScriptError, rate_in, script_rate
from benchmarks.table import Line

ASKED = Asked("resnet18", 8, 224, "bf16", "cpu", 5)
SPEAKING = """
import argparse, json, logging, os
parser = argparse.ArgumentParser()
for name in ("bench", "model", "precision", "device"):
    parser.add_argument(f"--{name}")
for name in ("batch-size", "img-size", "num-bench-iter", "num-warm-iter"):
    parser.add_argument(f"--{name}", type=int)
parser.add_argument("--channels-last", action="store_true")
asked = parser.parse_args()
logging.warning("words on stderr")
print("words on stdout")
found = {"model": asked.model, "infer_samples_per_sec": 123.4, "infer_batch_size": asked.batch_size,
         "infer_img_size": asked.img_size, "heard": vars(asked), "tf32": os.environ.get("NVIDIA_TF32_OVERRIDE")}
with open(__file__ + ".heard", "w") as file:
    json.dump(found, file)
print("--result\\n" + json.dumps(found, indent=4))
# a version of it that has the option '--device'
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "benchmark.py"
    path.write_text(SPEAKING, encoding="utf-8")
    return path


@pytest.mark.parametrize(("tf32", "override"), [(False, "0"), (True, os.environ.get("NVIDIA_TF32_OVERRIDE"))])
def test_the_script_is_asked_for_the_audit_s_settings(script: Path, tf32: bool, override: str | None) -> None:
    """Model, batch, size, precision in its own words, device and channels last; TF32 is taken away unless asked for."""
    assert script_rate(script, ASKED, tf32=tf32) == 123.4
    heard = json.loads(Path(f"{script}.heard").read_text(encoding="utf-8"))
    assert heard["heard"] == {
        "bench": "inference",
        "model": "resnet18",
        "precision": "bfloat16",
        "device": "cpu",
        "batch_size": 8,
        "img_size": 224,
        "num_bench_iter": 5,
        "num_warm_iter": 2,
        "channels_last": True,
    }
    assert heard["tf32"] == override


def test_a_script_without_a_choice_of_device_runs_on_cuda_alone() -> None:
    """Older versions have no --device and always take CUDA."""
    old = "parser.add_argument('--model')"
    assert "--device" not in Asked("resnet18", 8, 224, "fp32", "cuda").options(old)
    with pytest.raises(ScriptError, match="cannot run on cpu"):
        ASKED.options(old)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("", "printed no result"),
        ("--result\nnothing", "printed no result"),
        ('--result\n{"model": "resnet18", "error": "out of memory"}', "out of memory"),
        (
            '--result\n{"infer_samples_per_sec": 9, "infer_batch_size": 4, "infer_img_size": 224}',
            "batch_size 4",
        ),
        (
            '--result\n{"infer_samples_per_sec": 9, "infer_batch_size": 8, "infer_img_size": 288}',
            "img_size 288",
        ),
    ],
)
def test_another_run_than_the_one_asked_for_is_no_rate(said: str, message: str) -> None:
    """The script tries smaller batches by itself, and test sizes may differ from an audit's."""
    with pytest.raises(ScriptError, match=message):
        rate_in(said, ASKED)


def test_a_script_that_fails_is_told_with_its_last_words(tmp_path: Path) -> None:
    """The last line of its traceback."""
    path = tmp_path / "benchmark.py"
    path.write_text("# '--device'\nraise RuntimeError('no such model')", encoding="utf-8")
    with pytest.raises(ScriptError, match="RuntimeError: no such model"):
        script_rate(path, ASKED)


def test_the_case_runs_where_there_is_a_script(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Left out by default, in with a path, and asked for without one an error."""
    assert "timm" not in cases_of(parsed([]))
    assert list(cases_of(parsed(["--timm-script", str(script)])))[-1] == "timm"
    assert list(cases_of(parsed(["--only", "timm", "--timm-script", str(script)]))) == ["timm"]
    for wrong in (["--only", "timm"], ["--timm-script", f"{script}.gone"]):
        with pytest.raises(SystemExit):
            parsed(wrong)
        assert "--timm-script" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "verdict", "goal"),
    [
        (Line("rate", "", 95.0, unit="%", least=95.0), "reached", "≥ 95 %"),
        (Line("rate", "", 94.9, unit="%", least=95.0), "**missed**", "≥ 95 %"),
        (Line("ratio", "", 1.05, 1.05), "reached", "≤ 1.05 ×"),
        (Line("ratio", "", 1.06, 1.05), "**missed**", "≤ 1.05 ×"),
        (Line("time", "", 3.0, unit="s"), "", ""),
        (Line("… its time", "forward"), "", ""),
    ],
)
def test_goals_at_most_and_at_least(line: Line, verdict: str, goal: str) -> None:
    """A rate has a lower goal, a ratio of times an upper one; both ends belong to it."""
    assert (line.verdict, line.goal) == (verdict, goal)
