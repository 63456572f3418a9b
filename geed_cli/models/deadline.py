"""A time limit for a call that has none of its own, such as a name look-up in a network that never answers.

Python cannot stop a thread: after the limit the call goes on in the background, as a daemon, and its result is
dropped. Use it for calls that only look.
"""

import threading
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


def within(seconds: float, call: Callable[[], Result]) -> Result:
    """The result of ``call()``.

    Args:
        seconds: how long to wait for it.
        call: run in a thread of its own.

    Returns:
        what it returns.

    Raises:
        TimeoutError: no result in time.
        Exception: whatever the call raised.
    """
    results: list[Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(call())
        except BaseException as error:  # carried over to the caller's thread, below
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise TimeoutError(f"no answer within {seconds:g} seconds")
    return results[0]
