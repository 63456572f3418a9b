"""The reading process: checks a stranger's file, converts it, answers, ends.

Started afresh for each file by ``convert``. The checks of the container come before torch is even imported,
so that most refusals take a tenth of a second, and the memory limit is set again when torch is there, since torch
itself takes some GB of addresses.
"""

from typing import Any

from geed_cli.checkpoints.formats import Container, shown
from geed_cli.checkpoints.reader.archive import SAVE_WEIGHTS_ALONE, check_archive
from geed_cli.checkpoints.reader.messages import Refused, Request, Taken, write_answer
from geed_cli.checkpoints.reader.resource_limits import limit_memory, limit_time_and_output
from geed_cli.errors import InputError

ANSWER_FILE = "answer.json"
NO_CHECKSUMS = (
    "the file is in torch's format of before 1.6, which has no checksums: damage cannot be detected"
)


def main(values: dict[str, Any]) -> None:
    """Carry out one request and leave the answer beside the target."""
    request = Request.of(values)
    limit_time_and_output(request.limits)
    limit_memory(request.limits.memory)
    write_answer(answer_to(request), request.target.parent / ANSWER_FILE)


def answer_to(request: Request) -> Taken | Refused:
    """Check and convert; whatever the file provokes becomes a refusal."""
    try:
        is_zip = request.container == Container.ZIP.value
        record_sizes, notes = check_archive(request.source) if is_zip else (None, (NO_CHECKSUMS,))
        limit_memory(None)
        from geed_cli.checkpoints.reader.extract import extract  # noqa: PLC0415 - imports torch

        limit_memory(request.limits.memory)
        return extract(request, record_sizes, notes)
    except InputError as error:
        return Refused(kind="input", found=error.found, expected=error.expected, remedy=error.remedy)
    except MemoryError:
        return Refused(
            kind="input",
            found=f"reading the file takes more than {request.limits.memory // 2**20} MiB of memory",
            expected="a checkpoint that takes about as much memory as it has bytes",
            remedy=SAVE_WEIGHTS_ALONE,
        )
    except OSError as error:  # the target could not be written: not the file's fault
        return Refused(
            kind="run",
            found=f"the file could not be converted to safetensors ({shown(str(error))})",
            expected="room for a copy of the weights in the folder for temporary files",
            remedy="set TMPDIR to a folder with room, or save the weights as safetensors yourself",
        )
