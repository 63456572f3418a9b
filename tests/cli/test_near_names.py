"""A name of a closed set that is not in it: the message has the name that was meant."""

import shlex
import shutil
from pathlib import Path

import pytest
from support.cache import digest_of, values
from support.command import Geed

from geed_cli.cache.store import RowStore
from geed_cli.errors import did_you_mean, meant, nearest, nearest_are

SAVED = Path(__file__).parents[1] / "saved"
SPEC = "model: {source: timm, name: test_resnet}\nweights: {origin: random}\ninput: {size: 16}\nlayers: [layer1]\n"
RULE = "metric: latent.l2, group: flip, max: 0.1, level: error"
POLICY = f"version: 2\nrequire: {{min_images: 3}}\nrules: [{{id: a, {RULE}}}]\n"
DOCUMENTS = {
    "key.yaml": SPEC.replace("weights:", "weigths:"),
    "inner.yaml": SPEC.replace("origin:", "orign:"),
    "source.yaml": SPEC.replace("timm", "tim", 1),
    "origin.yaml": SPEC.replace("random", "randm"),
    "filter.yaml": SPEC.replace("size: 16", "interpolation: bicubc"),
    "layer.yaml": SPEC.replace("layer1", "layer11"),
    "split.yaml": SPEC + "split: {output: logit}\n",
    "action.yaml": SPEC + "actions: {layer1: {regulr: c4}}\n",
    "require.yaml": POLICY.replace("min_images", "min_image"),
    "metric.yaml": POLICY.replace("latent.l2", "latent.l3"),
    "group.yaml": POLICY.replace("flip", "filp"),
    "level.yaml": POLICY.replace("level: error", "level: eror"),
    "rule.yaml": RULE.join(POLICY.split(RULE)).replace("latent.l2", "channelwise.cosine, layer: frst"),
    "weight.csv": "pth,weight\na.png,1\n",
    "cluster.csv": "path,clustr\na.png,1\n",
}
"""Files in which one name is wrong."""
TYPED = {
    # commands and options
    "audt": "audit",
    "cache prun": "prune",
    "ls spec": "specs",
    "audit --grup flip": "--group",
    "check r.json --polcy p.yaml": "--policy",
    # models and files
    "audit resnett50": "resnet50",
    "audit timm:resnett50": "resnet50",
    "audit timm:resnet18.a1_in1": "a1_in1k",
    "audit torchvision:resnett50": "resnet50",
    "audit torchvision:resnet50/IMAGENET1K_V3": "IMAGENET1K_V2",
    "audit tim:resnet50": "timm:NAME",
    "audit good.yml": "good.yaml",
    "audit r.jsn": "r.json",
    "audit ./r.jsn": "r.json",
    "audit good.yanl": "good.yaml",
    "compare r.jsn o.json": "r.json",
    "inspect --checkpoint w.safetensors --arch resnet181": "resnet18",
    "check s.json --policy group.yaml": "r.json",
    "check r.json --policy rule.yml": "rule.yaml",
    # what is measured
    "audit good.yaml -g flp": "flip",
    "audit good.yaml --set blurr:1": "blur",
    "audit good.yaml --set torchvision:gausian_blur(sigma=1)": "gaussian_blur",
    "audit good.yaml --set torchvision:gaussian_blur(sgma=1)": "sigma",
    "audit good.yaml --metric latent.l3": "latent.l2",
    "audit good.yaml --layer layer11": "layer1",
    "compare r.json o.json --metric latnt.l2": "latent.l2",
    "compare r.json o.json --layer frst": "first",
    "compare r.json o.json --margin latnt.l2=1": "latent.l2",
    "plan r.json --metric latnt.l2 --width 1": "latent.l2",
    "report r.json -o x.svg --plot depth --group flp": "flip",
    # choices
    "audit good.yaml --precision fp23": "fp32",
    "audit good.yaml --ci bootstrp-t": "bootstrap-t",
    "audit good.yaml --on-unsteady eror": "error",
    "audit good.yaml --boundary dsc": "disc",
    "audit good.yaml --discover permutaton": "permutation",
    "audit good.yaml --device cud": "cuda",
    "audit good.yaml --decode fst": "fast",
    "audit good.yaml --batch-size aut": "auto",
    "audit good.yaml --devices al": "all",
    "audit good.yaml --image-weights balancd": "balanced",
    "init --ci gthub": "github",
    "report r.json -o x.svg --plot dpth": "depth",
    # documents
    "validate key.yaml": "weights",
    "validate inner.yaml": "origin",
    "validate source.yaml": "timm",
    "validate origin.yaml": "random",
    "validate filter.yaml": "bicubic",
    "validate layer.yaml": "layer1",
    "validate split.yaml": "logits",
    "validate action.yaml": "regular",
    "validate require.yaml": "min_images",
    "validate level.yaml": "error",
    "check r.json --policy metric.yaml": "latent.l2",
    "check r.json --policy group.yaml": "flip",
    "check r.json --policy rule.yaml": "first",
    "audit good.yaml --image-weights weight.csv": "pth",
    "audit good.yaml --cluster cluster.csv": "clustr",
    # lists and explanations
    "explain latnt.l2": "latent.l2",
    "explain corected-t": "corrected-t",
    "explain none.yaml": "inner.yaml",
    "explain pinwhel.yaml": "pinwheel.yaml",
    "explain r.jsn": "r.json",
    "explain rr.json": "r.json",
    "ls groups flpp": "flip",
    "ls metrics latnt": "latent",
    "ls specs resnt50": "resnet50",
    "ls sets blrr": "blur",
    "ls models resnt18.a1_in1k": "resnet18.a1_in1k",
    # what is kept
    "cache prune --model resnt": "resnet18",
}
"""What is typed, and the name that the message has to offer."""


@pytest.fixture
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    shutil.copy(SAVED / "result.json", "r.json")
    shutil.copy(SAVED / "other.json", "o.json")
    shutil.copy(SAVED / "step_1.safetensors", "w.safetensors")
    shutil.copy(SAVED / "pinwheel.yaml", "pinwheel.yaml")
    monkeypatch.setenv("GEED_CACHE_DIR", "cache")
    with RowStore(Path("cache")) as store:
        store.register(digest_of("net"), "timm:resnet18.a1_in1k", {})
        store.put_many(digest_of("net"), values(1, 1))
    for name, text in {"good.yaml": SPEC, **DOCUMENTS}.items():
        Path(name).write_text(text, encoding="utf-8")


@pytest.mark.usefixtures("_files")
@pytest.mark.parametrize("typed", list(TYPED))
def test_the_name_that_was_meant_is_offered(geed: Geed, typed: str) -> None:
    """Behind "did you mean" or "nearest are", with exit code 2."""
    done = geed(*(typed.split() if "(" in typed else shlex.split(typed)))
    assert done.exit_code == 2
    said = " ".join((done.stderr or done.stdout).split())
    offered = said.partition("did you mean ")[2] or said.partition("nearest are ")[2]
    assert TYPED[typed] in offered[:300], said


def test_the_words_are_these() -> None:
    """At most three names, the nearest first; nothing where nothing is near."""
    names = ["flip", "flips", "vflip", "slip", "c4"]
    assert nearest("flp", names) == ["flip", "vflip", "flips"]
    assert meant("flp", names) == "did you mean flip or vflip or flips? "
    assert meant("zzz", names) == did_you_mean([]) == nearest_are([]) == ""
    assert nearest_are(["a", "b"]) == "; nearest are a, b"
