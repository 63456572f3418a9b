"""A user who interrupts."""

from geed_cli.pipeline.progress import Silent


class StopAfter(Silent):
    """A user who asks the run to end once so many images are done."""

    def __init__(self, images: int) -> None:
        self.limit, self.done = images, 0

    def images(self, done: int, total: int) -> None:
        del total
        self.done = done

    def stopping(self) -> bool:
        return self.done >= self.limit
