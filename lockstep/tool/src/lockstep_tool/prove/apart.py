"""Work with servers in a thread of its own: Ctrl-C, which Python raises anywhere in the main thread, then never meets it
halfway, and what hangs in spite of every patience has an end.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

from lockstep_serve.errors import COULD_NOT_LOOK, Refusal
from lockstep_tool.prove.process import end_servers

__all__ = ["LIMIT_SECONDS", "work_apart"]

LIMIT_SECONDS = 1800.0  # a hundred times what it takes; a busy machine does not come near

Result = TypeVar("Result")


def work_apart(act: Callable[[], Result], seconds: float | None = None) -> Result:
    """What it returns or raises; before KeyboardInterrupt, or a Refusal after so many seconds, every server is ended."""
    pool = ThreadPoolExecutor(1)
    try:
        pool.submit(int).result()  # an executor that is interrupted while its thread starts would not wait for it
        work = pool.submit(act)
        if not wait([work], seconds).done:
            end_servers()
            wait([work])
            raise too_long(seconds, work.exception())
        return work.result()
    except KeyboardInterrupt:
        end_servers()  # whoever waits for one then fails at once
        raise
    finally:
        pool.shutdown()


def too_long(seconds: float | None, failure: BaseException | None) -> Refusal:
    """With what was being done when time was over."""
    where = failure.where if isinstance(failure, Refusal) else [("last", str(failure))]
    wrong = failure.wrong if isinstance(failure, Refusal) else "It was ended."
    return Refusal(
        f"It took longer than {seconds:g} s and was ended. {wrong}",
        where,
        "Run it again with nothing else on the machine; if it stays, look at the step that is named.",
        code=COULD_NOT_LOOK,
    )
