"""ecgcli: clinical batch work on 12-lead ECGs.

Importing this package imports nothing heavy: NumPy, SciPy, WeasyPrint and the rest are imported
where they are used, so that ``ecgcli --help`` answers at once.
"""

__version__ = "0.1.0"
