"""The digest of a result: 64 hexadecimal digits that two results share where they say the same, however they were made.

It is the SHA-256 of the result as JSON with sorted names, without blanks, in ASCII, each number as the shortest text of
the same double. What says on which machine, how fast and in what parts the result was made is left out, and so is
whatever has its default, so that a key that a later version adds leaves the digests of earlier files as they are.
"""

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # whose property this is
    from geed_cli.result.schema import Result

OF_EXECUTION = {"batch_size", "channels_last", "device", "threads"}
"""Settings that say how a run was executed, and not what was asked for."""
LEFT_OUT: dict[str, bool | set[str]] = {
    "environment": True,
    "timing": True,
    "command": True,
    "settings": OF_EXECUTION,
}


def digest_of(result: "Result") -> str:
    """SHA-256 over everything but environment, timing, the command line and the settings of execution."""
    content = result.model_dump(mode="json", by_alias=True, exclude=LEFT_OUT, exclude_defaults=True)
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
