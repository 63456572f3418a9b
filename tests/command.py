"""The type of the ``geed`` fixture: ``geed("audit", "resnet50")`` → exit code, stdout, stderr."""

from collections.abc import Callable

from typer.testing import Result

Geed = Callable[..., Result]
