"""Reading of the tables in `data` beside this module.

It knows where they are; it does not know what any of them mean.
"""

from __future__ import annotations

from importlib.resources import files

from ecgcli.clinical import tables


def read(name: str, columns: tuple[str, ...]) -> tuple[tables.Row, ...]:
    """Return the rows of a table that is shipped in `ecgcli/generation/data`.

    Raises:
        tables.TableError: The header or the number of cells in a row does not fit.
    """
    text = files("ecgcli.generation").joinpath("data", name).read_text("utf-8")
    return tables.parse(name, text, columns)
