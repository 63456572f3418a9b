"""What a long run reports while it runs; the command line draws it, the Python API ignores it."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class Progress(Protocol):
    """Receives the state of a run."""

    def step(self, what: str) -> None:
        """A stage without a count has begun, such as loading weights."""

    def images(self, done: int, total: int) -> None:
        """So many of the run's images are done."""

    def note(self, text: str) -> None:
        """Something happened that the user should know; one line."""

    def stopping(self) -> bool:
        """Whether the run should finish the images it has begun and end; a result is then ``partial``."""


class Silent:
    """Progress that is not shown."""

    def step(self, what: str) -> None:
        """Nothing."""

    def images(self, done: int, total: int) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""

    def stopping(self) -> bool:
        """Never."""
        return False
