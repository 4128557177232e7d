#!/usr/bin/env bash
# asgiref 3.13.0: a task that is cancelled while `sync_to_async` runs in it ends when its thread does, and not before.
#
# The call itself gives up at once. The ThreadSensitiveContext around it, which Django puts around each request, then waits
# for the thread, as if nobody had cancelled: a server has to cancel a second time.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "asgiref==3.13.0"
cat > "$folder/cancel.py" <<'PYTHON'
import asyncio
import threading

from asgiref.sync import ThreadSensitiveContext, sync_to_async

said = []


async def request(begun, may_end):
    def work():
        begun.set()
        may_end.wait(30)

    async with ThreadSensitiveContext():
        try:
            await sync_to_async(work)()
        except asyncio.CancelledError:
            said.append("the call gives up")
            raise


async def main():
    for cancels in (1, 2):
        begun, may_end = threading.Event(), threading.Event()
        task = asyncio.create_task(request(begun, may_end))
        await asyncio.to_thread(begun.wait, 30)
        for _ in range(cancels):
            task.cancel()
            await asyncio.wait([task], timeout=1)
        said.append(f"cancelled {cancels} times, the task {'has ended' if task.done() else 'waits'}")
        may_end.set()
        await asyncio.wait([task], timeout=30)
    print("; ".join(said))


asyncio.run(main())
PYTHON
said=$("$folder/venv/bin/python" "$folder/cancel.py")
echo "$said"
[ "$said" = "the call gives up; cancelled 1 times, the task waits; the call gives up; cancelled 2 times, the task has ended" ]
