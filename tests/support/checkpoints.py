"""Reading checkpoints without the two seconds that every reading process takes to import torch."""

import pytest

from geed_cli.checkpoints.reader import child, convert
from geed_cli.checkpoints.reader.messages import Request, write_answer


@pytest.fixture
def read_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Carry out the reading process's own code here, without its limits.

    For tests of what is read; test_weights_process.py and test_hostile_code.py are about the process.
    """
    without_process(monkeypatch)


def without_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the fixture does, for fixtures of a whole module."""

    def run(request: Request, _folder: object) -> None:
        answer = child.answer_to(request)
        write_answer(answer, request.target.parent / child.ANSWER_FILE)

    monkeypatch.setattr(child, "limit_memory", lambda _extra: None)
    monkeypatch.setattr(convert, "_run", run)
