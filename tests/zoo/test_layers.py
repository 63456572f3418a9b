"""Layers whose calls, rows or numbers are out of the ordinary: read right, or refused by name."""

from pathlib import Path

import pytest
import torch
from support.command import Geed
from support.zoo import Reading, Refused, Right, Specimen, audit_specimen
from torch import Tensor, nn
from torch.nn import functional


def as_they_are(maps: Tensor) -> Tensor:
    return maps


class _Twice(nn.Module):
    """One block that runs twice, with a ReLU that runs three times in all and writes over its input."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 3, padding=1)
        self.block = nn.Sequential(nn.Conv2d(6, 6, 3, padding=1), nn.BatchNorm2d(6))
        self.relu = nn.ReLU(inplace=True)
        self.unused = nn.Linear(2, 2)
        self.fc = nn.Linear(6, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.stem(x))
        x = self.relu(self.block(x)) + x
        x = self.relu(self.block(x)) + x
        y: Tensor = self.fc(x.mean((2, 3)))
        return y


def twice() -> nn.Module:
    return _Twice()


class _Small(nn.Module):
    """A stem of eight channels on pictures of 12 pixels, something odd, pooled features, and a head."""

    def __init__(self, odd: nn.Module, channels: int = 8) -> None:
        super().__init__()
        self.stem, self.odd = nn.Conv2d(3, channels, 3, padding=1), odd
        self.fc = nn.Linear(channels, 10)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.fc(self.odd(functional.relu(self.stem(x))).mean((2, 3)))
        return y


class _Cube(nn.Module):
    """Something that keeps 12 channels of 12×12 pixels, channels last inside where it is asked to."""

    def __init__(self, inner: nn.Module, *, last: bool) -> None:
        super().__init__()
        self.inner, self.last = inner, last

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.inner(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2) if self.last else self.inner(x)
        return y


class _OneSize(nn.Module):
    """Adds positions, which there are for pictures of 12 pixels alone."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.positions = nn.Parameter(torch.randn(1, channels, 12, 12))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.positions


class _Strip(nn.Module):
    """Pools rows in fours: 12×3 maps."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.max_pool2d(x, (1, 4))


class _Transposed(nn.Module):
    """Exchanges height and width, of the map or of all that a network sees."""

    def forward(self, x: Tensor) -> Tensor:
        return x.transpose(2, 3)


class _Folded(nn.Module):
    """Rows of a width that is written down: a wide picture makes more of them, and so does a high one."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.rows(x.flatten(2).unflatten(2, (-1, 12)))
        return y


class _Attention(nn.Module):
    """One or several heads of attention over 9 patches of 4×4 pixels; the weights are a module's output."""

    def __init__(self, heads: int, width: int, *, squeeze: bool) -> None:
        super().__init__()
        self.heads, self.squeeze = heads, squeeze
        self.patch, self.qkv = nn.Conv2d(3, width, 4, 4), nn.Linear(width, 3 * width)
        self.scores, self.weights, self.out = nn.Identity(), nn.Softmax(-1), nn.Linear(width, width)
        self.mixed = nn.Conv2d(heads, heads, 1)
        self.fc = nn.Linear(width, 10)
        self.grid_size = (3, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch(x).flatten(2).transpose(1, 2)
        b, t, d = x.shape
        q, k, v = self.qkv(x).view(b, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-1, -2)
        weights = self.weights(self.scores(scores.squeeze(1) if self.squeeze else scores))
        weights = weights[:, None] if self.squeeze else self.mixed(weights)
        x = x + self.out((weights @ v).transpose(1, 2).reshape(b, t, d))
        y: Tensor = self.fc(x.mean(1))
        return y


class _Spectrum(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.fft.fft2(x)


class _Amplitudes(_Small):
    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.fc(self.odd(self.stem(x)).abs().mean((2, 3)))
        return y


class _Branch(_Small):
    """Bright pictures go through a convolution more."""

    def forward(self, x: Tensor) -> Tensor:
        y = self.stem(x)
        bright = x.mean((1, 2, 3)) > 0
        if bright.any():
            y = y.clone()
            y[bright] = self.odd(y[bright])
        z: Tensor = self.fc(y.mean((2, 3)))
        return z


class _Sequence(nn.Module):
    """Steps × features of a recurrent reading of rows, of which nothing says where they lie."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.read = nn.Linear(36, width)
        self.steps, self.fc = nn.Tanh(), nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.fc(self.steps(self.read(x.transpose(1, 2).flatten(2))).mean(1))
        return y


class _Pair(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x, x


class _Forked(_Small):
    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.fc(self.odd(self.stem(x))[0].mean((2, 3)))
        return y


def cube(*, last: bool = False, one_size: bool = False) -> nn.Module:
    inner = nn.Sequential(nn.Linear(12, 12) if last else nn.Conv2d(12, 12, 3, padding=1), nn.Tanh())
    parts = (_OneSize(12), _Cube(inner, last=last)) if one_size else (_Cube(inner, last=last),)
    return _Small(nn.Sequential(*parts), channels=12)


def strip(channels: int) -> nn.Module:
    return _Small(nn.Sequential(_Strip(), nn.Tanh()), channels)


def strip_at_one_size() -> nn.Module:
    return _Small(nn.Sequential(_OneSize(8), _Strip(), nn.Tanh()))


class _OneByOne(_Small):
    """Takes the pictures of a batch one after another, the whole batch through the stem again."""

    def forward(self, x: Tensor) -> Tensor:
        y = torch.cat([self.odd(self.stem(one[None])) for one in x]) + self.stem(x)
        z: Tensor = self.fc(y.mean((2, 3)))
        return z


def one_by_one() -> nn.Module:
    return _OneByOne(nn.Conv2d(8, 8, 3, padding=1))


class _Turned(nn.Module):
    """Tokens on a grid that is transposed, or is not."""

    def __init__(self, *, over: bool) -> None:
        super().__init__()
        self.over, self.patch, self.mix = over, nn.Conv2d(3, 8, 2, 2), nn.Linear(8, 8)
        self.fc = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        maps = self.patch(x)
        tokens = (maps.transpose(2, 3) if self.over else maps).flatten(2).transpose(1, 2)
        y: Tensor = self.fc(functional.relu(self.mix(tokens)).mean(1))
        return y


def turned(*, over: bool) -> nn.Module:
    return _Turned(over=over)


def transposed(*, back: bool = False, one_size: bool = False) -> nn.Module:
    last = _Transposed() if back else nn.Tanh()
    odd = [_OneSize(8)] * one_size + [_Transposed(), nn.Conv2d(8, 8, 3, padding=1), last]
    return _Small(nn.Sequential(*odd))


def folded() -> nn.Module:
    return _Small(_Folded())


def attention(*, heads: int = 2, width: int = 8, squeeze: bool = False) -> nn.Module:
    return _Attention(heads, width, squeeze=squeeze)


def attention_at_one_size() -> nn.Module:
    return nn.Sequential(_Fixed(), _Attention(2, 8, squeeze=False))


class _Fixed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.mask = nn.Parameter(torch.rand(1, 1, 12, 12))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.mask


def complex_layer() -> nn.Module:
    return _Amplitudes(_Spectrum())


class _Sparse(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.to_sparse()


class _Sparsely(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.odd, self.fc = _Sparse(), nn.Linear(3, 10)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.fc(self.odd(x).to_dense().mean((2, 3)))
        return y


def sparse_layer() -> nn.Module:
    return _Sparsely()


def part_of_the_batch() -> nn.Module:
    return _Branch(nn.Conv2d(8, 8, 3, padding=1))


def sequence(*, width: int = 5) -> nn.Module:
    return _Sequence(width)


def forked() -> nn.Module:
    return _Forked(_Pair())


def last_first(maps: Tensor) -> Tensor:
    return maps.permute(0, 3, 1, 2)


def reading(*layers: str) -> Reading:
    return Reading(layers=dict.fromkeys(layers, as_they_are))


LAYERS = (
    Specimen(
        "calls-by-name",
        twice,
        Right(reading("relu#1", "relu#3", "block#2")),
        options=("--layer", "relu#3", "--layer", "relu#1", "--layer", "block#2", "--batch-size", "3"),
    ),
    Specimen(
        "calls-inside-calls",
        twice,
        Right(reading("block.0#1", "block.0#2", "block.1#1", "block.1#2")),
        options=("--layer", "block.*"),
        group="c4",
    ),
    Specimen(
        "calls-in-a-spec",
        twice,
        Right(reading("relu#1", "relu#2", "relu#3")),
        spec={"layers": ["re*"], "actions": {"relu": "spatial"}},
    ),
    Specimen(
        "an-only-call-has-no-number",
        twice,
        Refused("'stem' runs once in one forward pass of python/test_layers:twice, so there is no stem#1"),
        options=("--layer", "stem#1"),
    ),
    Specimen(
        "several-calls",
        twice,
        Refused("module 'relu' runs 3 times in one forward pass"),
        options=("--layer", "relu"),
    ),
    Specimen(
        "too-many-calls",
        twice,
        Refused(
            "so there is no block#3 expected: one of its calls: block#1, block#2 try: layers: [block#1] in the spec"
        ),
        spec={"layers": ["block#3"]},
    ),
    Specimen("never-run", twice, Refused("module 'unused' runs 0 times"), options=("--layer", "unused")),
    Specimen("a-vector", twice, Refused("layer 'fc' of"), options=("--layer", "fc")),
    Specimen(
        "features-of-one-call",
        twice,
        Refused(
            "expected: one of its calls: relu#1, relu#2, relu#3 try: split: {features: relu#1} in the spec"
        ),
        spec={"split": {"features": "relu", "classifier": "fc"}},
    ),
    Specimen(
        "an-action-of-one-call",
        twice,
        Refused("the action of relu#2 is regular under c4, and 6 channels are no multiple of 4"),
        spec={"layers": ["re*"], "actions": {"relu#2": {"regular": "c4"}}},
    ),
    Specimen("cube", cube, Right(reading("odd.0.inner")), options=("--layer", "odd.0.inner"), group="c4"),
    Specimen(
        "cube-with-channels-last",
        cube,
        Right(Reading(layers={"odd.0.inner": last_first})),
        {"last": True},
        options=("--layer", "odd.0.inner"),
        group="c4",
    ),
    Specimen(
        "cube-of-one-size",
        cube,
        Refused(
            "its output of shape 12×12×12 does not say which of its axes are height and width "
            "expected: channels × height × width maps; if these are such, a declaration "
            "try: layouts: {odd.1.inner: nchw} in the spec"
        ),
        {"one_size": True},
        options=("--layer", "odd.1.inner"),
    ),
    Specimen(
        "declared-cube",
        cube,
        Right(Reading(layers={"odd.1.inner": last_first})),
        {"one_size": True, "last": True},
        {"layouts": {"odd.1.*": "nhwc"}},
        options=("--layer", "odd.1.inner"),
    ),
    Specimen(
        "declared-of-another-kind",
        cube,
        Refused("the spec declares tokens for odd.0.inner, and its output of shape 12×12×12 has 3 axes"),
        spec={"layouts": {"odd.0.inner": "tokens"}},
        options=("--layer", "odd.0.inner"),
    ),
    Specimen("strip", strip, Right(reading("odd")), {"channels": 8}, options=("--layer", "odd")),
    Specimen(
        "strip-as-wide-as-its-channels",
        strip,
        Right(reading("odd")),
        {"channels": 12},
        options=("--layer", "odd"),
    ),
    Specimen(
        "strip-of-one-size",
        strip_at_one_size,
        Refused("its output of shape 8×12×3 does not say which of its axes are height and width"),
        options=("--layer", "odd"),
    ),
    Specimen(
        "transposed",
        transposed,
        Refused(
            "layer 'odd.1' of python/test_layers:transposed cannot be measured: its output has the picture's height"
        ),
        options=("--layer", "odd.1"),
    ),
    Specimen(
        "transposed-at-one-size",
        transposed,
        Refused(
            "layer 'odd.2' of python/test_layers:transposed cannot be measured: its output has the picture's height"
        ),
        {"one_size": True},
        options=("--layer", "odd.2"),
    ),
    Specimen(
        "transposed-and-back-at-one-size",
        transposed,
        Right(reading("odd.0", "odd")),
        {"back": True, "one_size": True},
        options=("--layer", "odd.0", "--layer", "odd"),
        group="c4",
    ),
    Specimen(
        "tokens-of-a-transposed-map",
        turned,
        Refused(
            "layer 'mix' of python/test_layers:turned cannot be measured: its output has the picture's height"
        ),
        {"over": True},
        {"tokens": {"mix": {"grid": [6, 6]}}},
        options=("--layer", "mix"),
    ),
    Specimen(
        "tokens-of-a-map",
        turned,
        Right(Reading(layers={"mix": lambda x: x.transpose(1, 2).unflatten(2, (6, 6))})),
        {"over": False},
        {"tokens": {"mix": {"grid": [6, 6]}}},
        options=("--layer", "mix"),
        group="c4",
    ),
    Specimen("beside-a-transposed-one", transposed, Right(reading("stem")), options=("--layer", "*")),
    Specimen(
        "transposed-and-back",
        transposed,
        Right(reading("stem", "odd")),
        {"back": True},
        options=("--layer", "stem", "--layer", "odd"),
        group="c4",
    ),
    Specimen(
        "folded",
        folded,
        Right(reading("odd.rows")),
        spec={"layouts": {"odd.rows": "nchw"}},
        options=("--layer", "odd.rows"),
        group="c4",
    ),
    *(
        Specimen(
            f"attention-{layer}",
            attention,
            Refused(f"layer '{layer}' of python/test_layers:attention cannot be measured: {says}"),
            options=("--layer", layer),
        )
        for layer, says in (
            ("weights", "its output of shape 2×9×9 does not grow with the picture as a map does"),
            ("scores", "its output of shape 2×9×9 does not grow with the picture as a map does"),
            ("mixed", "its output of shape 2×9×9 does not grow with the picture as a map does"),
        )
    ),
    Specimen(
        "attention-of-one-size",
        attention_at_one_size,
        Refused("its output of shape 2×9×9 may be the weights of attention"),
        options=("--layer", "1.weights"),
        spec={"split": {"classifier": "1.fc"}},
    ),
    Specimen(
        "attention-of-one-head",
        attention,
        Refused("its output of shape 9×9 is not tokens × channels"),
        {"heads": 1, "squeeze": True},
        options=("--layer", "weights"),
    ),
    Specimen(
        "as-many-tokens-as-channels",
        attention,
        Right(Reading(layers={"out": lambda x: x.transpose(1, 2).unflatten(2, (3, 3))})),
        {"heads": 1, "width": 9},
        options=("--layer", "out"),
    ),
    Specimen(
        "sequence",
        sequence,
        Refused(
            "none has 12 tokens expected: channels × height × width maps; if these are such, a declaration"
        ),
        options=("--layer", "steps"),
    ),
    Specimen(
        "complex",
        complex_layer,
        Refused("its output is complex, and what a group does to phases is not known"),
        options=("--layer", "odd"),
    ),
    Specimen("sparse", sparse_layer, Refused("its output is sparse"), options=("--layer", "odd")),
    Specimen(
        "complex-features",
        complex_layer,
        Refused("module 'odd' of python/test_layers:complex_layer cannot be read: its output is complex"),
        spec={"split": {"features": "odd", "classifier": "fc"}},
    ),
    Specimen(
        "none-of-a-glob",
        twice,
        Refused("layer 'unused' of python/test_layers:twice cannot be measured: it does not run"),
        options=("--layer", "u*"),
    ),
    Specimen("beside-a-complex-one", complex_layer, Right(reading("stem")), options=("--layer", "*")),
    Specimen(
        "part-of-the-batch",
        part_of_the_batch,
        Refused(
            "layer 'odd' of python/test_layers:part_of_the_batch cannot be measured: it runs on part of the batch"
        ),
        options=("--layer", "odd"),
    ),
    Specimen(
        "beside-a-part-of-the-batch", part_of_the_batch, Right(reading("stem")), options=("--layer", "*")
    ),
    Specimen(
        "one-by-one",
        one_by_one,
        Refused(
            "module 'odd' runs 2 times in one forward pass of python/test_layers:one_by_one; of odd#1, it runs on "
            "part of the batch: its output has the shape 1×8×12×12 for 2 images expected: a module with a row for "
            "each image of a batch try: choose another: geed inspect"
        ),
        options=("--layer", "odd"),
    ),
    Specimen(
        "one-by-one-and-all",
        one_by_one,
        Refused(
            "module 'stem' runs 3 times in one forward pass of python/test_layers:one_by_one; of stem#1, it runs"
        ),
        options=("--layer", "stem"),
    ),
    Specimen("a-pair", forked, Refused("its output is a tuple, not one tensor"), options=("--layer", "odd")),
    Specimen("beside-a-pair", forked, Right(reading("stem")), options=("--layer", "*")),
)


@pytest.mark.parametrize("specimen", LAYERS, ids=lambda specimen: specimen.name)
def test_layers_are_read_right_or_refused(specimen: Specimen, geed: Geed, tmp_path: Path) -> None:
    audit_specimen(specimen, geed, tmp_path)


@pytest.mark.parametrize(("name", "printed"), [("cube-of-one-size", "undeclared"), ("declared-cube", "nhwc")])
def test_inspect_prints_layouts(name: str, printed: str, geed: Geed, tmp_path: Path) -> None:
    (specimen,) = (each for each in LAYERS if each.name == name)
    table = geed("inspect", specimen.write_spec(tmp_path), "--allow-code", "--layers").stdout
    lines = [line.split() for line in table.splitlines()]
    assert ["odd.1.inner", "12×12×12", printed, "Sequential"] in lines
