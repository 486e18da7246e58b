"""What the process that workers are forked from loads before the first of them.

Its only importer is the fork server: forking a loaded process makes a worker in milliseconds where
importing costs seconds, and the workers share its memory.
"""

import contextlib
import importlib

MODULES = (
    "ecgcli.batch.pipeline",
    "ecgcli.reports.json_report",
    "ecgcli.reports.html_report",
    "ecgcli.reports.pdf_report",
    "weasyprint",
    "wfdb",
    "ecgdatakit",
    "scipy.signal",  # what rates other than 500 Hz need
    "scipy.interpolate",
)

for name in MODULES:
    # Where this fails every worker that needs it fails alike, and says why to the one who can tell
    # the user.
    with contextlib.suppress(Exception):
        importlib.import_module(name)
