"""Makes the process that workers are forked from deaf to signals; it alone imports this.

systemd and job schedulers send SIGTERM to the whole group, a terminal SIGINT. Stopping is for the
supervising process to arrange; this one and its workers end when that one does.
"""

import signal

for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, signal.SIG_IGN)
