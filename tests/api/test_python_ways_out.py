"""What Python's pages recommend runs as printed, after ``import geed_cli as geed`` and with the names it speaks of."""

import re
from pathlib import Path
from typing import Any

import pytest
from support.networks import MEAN, STD, SmallConvNet
from support.pictures import smooth_pictures

import geed_cli as geed
from geed_cli.verdict.python_names import in_python

POLICY = {"version": 2, "rules": [{"metric": "latent.l2", "max": 5.0}]}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The names that sentences speak of: a network, its module, a result of pictures in DIR, a policy."""
    folder = tmp_path_factory.mktemp("words")
    smooth_pictures(folder / "DIR", 20, 20)
    module = SmallConvNet()
    net = geed.wrap(module, size=16, mean=MEAN, std=STD, layers=["block1"])
    result = geed.audit(net, folder / "DIR", samples=20, cache=False, progress=False)
    names: dict[str, Any] = {each: getattr(geed, each) for each in geed.__all__ if each[0].isupper()}
    return names | {
        "geed": geed, "net": net, "module": module, "other": SmallConvNet(), "result": result, "folder": folder,
        "LATER": result, "FIRST": result, "LAST": result, "POLICY": POLICY, "Path": Path,
        "report": geed.check(result, POLICY),
    }  # fmt: skip


WHOLE = {
    "audit your own images: -d DIR": "{}",
    "the folder has no more: -d DIR --samples 20": "{}",
    "only a sample: --data DIR audits your own images": "{}",
    "keep it so: geed init --ci github writes a gate": "{}",
    "geed compare FIRST LAST pairs layers": "{}",
    "2 notes on weights: -v": "result.{}",
    "keep this report: -o report.md, or -o report.junit.xml": "{}",
    "weights and preprocessing are those that you mean: geed inspect MODEL": "{}",
    "3 more refused; --json lists them all": "{}",
    "3 more of hidden actions; --json has them all": "{}",
}
"""Sentences of the command line whose ways out are a call or a name, and what to do with each."""
OF_AN_AUDIT = (
    "audit again with --samples 20", "--precision fp64 rounds less", "see what training brought: --twin",
    "lose less in turning: --boundary disc", "lose less: --interpolation bicubic", "have no floor: -g flip,c4",
    "--cluster folder mends that", "--phase-correct", "without --follow-links",
)  # fmt: skip
"""Those whose ways out are keywords of an audit."""
CALL = re.compile(
    r"[\w.]+(?:\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)|(?<=result)(?:\.\w+)+)|result(?:\.\w+)+"
)


@pytest.mark.parametrize("sentence", WHOLE)
def test_calls_run(here: dict[str, Any], sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything in the sentence that has parentheses or is part of the result."""
    monkeypatch.chdir(here["folder"])
    calls = CALL.findall(in_python(sentence))
    assert calls
    for call in calls:
        eval(WHOLE[sentence].format(call), dict(here))


@pytest.mark.parametrize("sentence", OF_AN_AUDIT)
def test_keywords_of_an_audit_run(
    here: dict[str, Any], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each keyword by itself, beside what was said already; a random twin is built for networks loaded by name."""
    monkeypatch.chdir(here["folder"])
    said = in_python(sentence).replace("twin=True, or ", "")
    keywords = re.findall(
        r"\w+=(?:\w+=|[\w.]+\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)|\[.*?\]|[^\s,;]+)", said
    )
    assert keywords
    for printed in keywords:
        keyword = printed.replace("(other)", "(other, size=16, mean=MEAN, std=STD)")
        names = {**here, "MEAN": MEAN, "STD": STD}
        if "cluster" in keyword:
            with pytest.raises(geed.InputError, match="all 20 images are in one cluster"):  # one folder
                eval(f"geed.audit(net, 'DIR', {keyword}, cache=False, progress=False)", names)
        else:
            eval(f"geed.audit(net, 'DIR', {keyword}, cache=False, progress=False)", names)


def test_the_others_keywords_run(here: dict[str, Any]) -> None:
    """Of comparing and checking; another size of the input by both of its names."""
    names = {**here, "MEAN": MEAN, "STD": STD}
    for sentence, call in (
        ("whether it is small: --margin 5%", "geed.compare({{'a': result, 'b': LATER}}, {})"),
        (
            "By --ci bounded, which holds",
            "geed.compare({{'a': result, 'b': LATER}}, interval={}, metrics='prediction.*')",
        ),
        ("--on-undecided pass lets that through", "geed.check(result, POLICY, {})"),
    ):
        (keyword,) = re.findall(r"\w+=\"[^\"]+\"|\w+\(.*?\)", in_python(sentence))
        eval(call.format(keyword), names)
    loading, wrapping = re.findall(r"\w+\(.*?\)", in_python("--img-size 33 avoids it"))
    eval(f"geed.{wrapping.replace('…', 'module, mean=MEAN, std=STD')}", names)
    network = eval(
        f"geed.{loading.replace('…', repr('timm:test_resnet') + ', weights=' + repr('random'))}", names
    )
    assert network.input.size == 33
    for sentence in ("--checkpoint FILE", "without --weights random, or --checkpoint FILE"):
        assert 'checkpoint=Path("FILE")' in in_python(sentence)
