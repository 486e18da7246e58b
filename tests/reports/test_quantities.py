"""All measurements go to the reports, each under its name and in its unit."""

from __future__ import annotations

from ecgcli.exports import findings
from ecgcli.reports.quantities import DIGITS, QUANTITIES
from ecgcli.signals.assemble import UNITS

COLUMN = {
    "ms": "ms",
    "/min": "per_min",
    "%": "percent",
    "deg": "deg",
    "mV": "mv",
    "mV ms": "mv_ms",
    "V": "v",
    "Hz": "hz",
}


def test_every_measurement_has_a_name_and_digits() -> None:
    names = [quantity.field for quantity in QUANTITIES]
    assert sorted(names) == sorted(UNITS)
    assert len({quantity.short for quantity in QUANTITIES}) == len(QUANTITIES)
    assert set(UNITS.values()) <= set(DIGITS)


def test_columns_of_findings_name_the_unit() -> None:
    for name, unit in UNITS.items():
        assert findings.MEASUREMENTS[name] == f"{name}_{COLUMN[unit]}"
