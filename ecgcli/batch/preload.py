"""What the process that workers are forked from loads before the first of them.

Its only importer is the fork server: forking a loaded process makes a worker in milliseconds where
importing costs seconds, and the workers share its memory.
"""

import contextlib
import signal

# systemd and job schedulers send SIGTERM to the whole group. Stopping is for the supervising
# process to arrange; this one and its workers end when that one does.
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGINT, signal.SIG_IGN)

# Where this fails every worker fails alike, and says why to the one who can tell the user.
with contextlib.suppress(Exception):
    import ecgcli.batch.pipeline  # noqa: F401
