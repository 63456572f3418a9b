"""A step of every training here: gradient descent whose rate falls in a line."""

from torch import Tensor
from torch.optim import Optimizer


def descend(optimizer: Optimizer, loss: Tensor, rate: float) -> None:
    """One step down the loss, at that rate."""
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
