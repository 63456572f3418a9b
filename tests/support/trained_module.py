"""A module in the middle of a training, which holds everything that a run could change."""

import torch
from torch import nn


class Small(nn.Module):
    """Everything that a run could change: dropout, batch statistics, a counter, a cache, in-place writing."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(inplace=True))
        self.body = nn.Conv2d(6, 8, 3, stride=2, padding=1)
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Linear(8, 5)
        self.calls, self.note = 0, "as it was"
        self.seen: dict[str, int] = {}
        self._cache: list[object] = []
        self.history = torch.zeros(3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls, self.note = self.calls + 1, "was run"
        self.seen["last"] = len(x)
        self._cache.append(len(x))
        with torch.inference_mode(False):
            self.history += 1
        return self.fc(self.drop(self.body(self.stem(x)).amax((2, 3))))


def trained() -> Small:
    """In the middle of a training: gradients, statistics, a part in evaluation mode, a frozen weight, hooks."""
    torch.manual_seed(0)
    module = Small()
    module(torch.randn(4, 3, 16, 16)).sum().backward()
    module.stem[1].eval()
    module.body.bias.requires_grad_(False)
    module.fc.register_forward_hook(lambda *_: None)
    module.stem.register_full_backward_hook(lambda *_: None)
    module.register_forward_pre_hook(lambda *_: None)
    return module
