"""A further process of a run that several train together: `python -m worker.follow_run <first process> <port>`, started by `worker.followers`."""

import os
import signal
import sys

from worker.process import die_with

if __name__ == "__main__":
    die_with(int(sys.argv[1]))
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the first process says when it is over

    from torch.distributed import TCPStore  # type: ignore[attr-defined]  # documented, and not in its list

    from gan_core import memory, parallel
    from gan_core.follow import follow
    from worker.followers import ADDRESS

    memory.keep_freed()
    with parallel.together(TCPStore(ADDRESS, int(sys.argv[2]), int(os.environ["WORLD_SIZE"]))):
        follow(os.environ.get("GANVAS_DEVICE") or "auto")
