"""How often the statements agree with cardiologists' labels: `python -m ecgcli.clinical.evaluate`.

It runs the whole chain on a folder of PTB-XL and prints sensitivity, precision and specificity per
statement, and what is said of the records that are labelled normal. It knows PTB-XL's table; the
numbers are those of the records chosen, so precision follows how common a statement is among them.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ecgcli.clinical.interpret import interpret
from ecgcli.clinical.statement import Interpretation, Urgency
from ecgcli.errors import RecordError
from ecgcli.processes import processes
from ecgcli.records.record import Patient, Sex
from ecgcli.training.ptbxl_table import table

# What PTB-XL's labels are called there, and the statements of ours that say the same.
GROUPS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    name: (frozenset(labels.split()), frozenset((ours or labels).split()))
    for name, labels, ours in (
        ("NORM", "NORM", "NORM ONORM"),
        ("SR", "SR SARRH", "SR SARRH"),
        ("SBRAD", "SBRAD", ""),
        ("STACH", "STACH", ""),
        ("SARRH", "SARRH", ""),
        ("AFIB", "AFIB", ""),
        ("AFIB/AFLT", "AFIB AFLT", "AFIB"),
        ("SVTAC/PSVT", "SVTAC PSVT AFLT", "NCT"),
        ("PACE", "PACE", ""),
        ("PVC", "PVC", ""),
        ("PAC", "PAC", ""),
        ("BIGU", "BIGU", ""),
        ("TRIGU", "TRIGU", ""),
        ("1AVB", "1AVB LPR", "1AVB LPR"),
        ("3AVB", "3AVB 2AVB", "AVBSUS"),
        ("WPW", "WPW", ""),
        ("CRBBB", "CRBBB", ""),
        ("IRBBB", "IRBBB", ""),
        ("CLBBB", "CLBBB", ""),
        ("ILBBB", "ILBBB", ""),
        ("IVCD", "IVCD", ""),
        ("LAFB", "LAFB", ""),
        ("LPFB", "LPFB", ""),
        ("LVOLT", "LVOLT", ""),
        ("LVH", "LVH", ""),
        ("LVH or voltage", "LVH VCLVH HVOLT", "LVH VCLVH"),
        ("RVH", "RVH", ""),
        ("LAO/LAE", "LAO/LAE", ""),
        ("RAO/RAE", "RAO/RAE", ""),
        ("IMI", "IMI ILMI IPMI IPLMI", "IMI ILMI"),
        ("AMI/ASMI", "AMI ASMI ALMI", "AMI ASMI ALMI"),
        ("LMI", "LMI ALMI ILMI IPLMI", "LMI"),
        ("ST depression", "STD_ ISC_ ISCAL ISCIN ISCIL ISCAS ISCLA ISCAN", "STD_"),
        ("T inversion", "INVT TAB_ NT_ ISC_ ISCAL ISCIN ISCIL ISCAS ISCLA ISCAN", "INVT"),
        ("ST elevation", "STE_ INJAS INJAL INJIN INJIL INJLA", "STELEV STE_"),
        ("LNGQT", "LNGQT", ""),
    )
}


@dataclass(frozen=True, slots=True)
class Case:
    """One record with its labels; `uncertain` are those of a likelihood below 50 %.

    `number` is that of the table, `axis` the word in its column `heart_axis`, often empty.
    """

    path: Path
    age: float | None
    sex: Sex | None
    present: frozenset[str]
    uncertain: frozenset[str]
    number: int = 0
    axis: str = ""


@dataclass(slots=True)
class Counts:
    """How a group's statements fell against its labels."""

    hit: int = 0
    missed: int = 0
    false: int = 0
    rejected: int = 0

    def add(self, labelled: bool, stated: bool) -> None:
        """Count one record."""
        self.hit += labelled and stated
        self.missed += labelled and not stated
        self.false += stated and not labelled
        self.rejected += not labelled and not stated


def cases(folder: Path, folds: range, rate: int) -> list[Case]:
    """Return the records of some folds that are there at 100 or 500 Hz, in the table's order."""
    statements = _table(folder / "scp_statements.csv")
    without_likelihood = {row[""] for row in statements if not row["diagnostic"]}
    found = []
    for row in table(folder, rate):
        if row.fold not in folds:
            continue
        # Rhythm and form carry no likelihood: PTB-XL writes 0 there.
        present = frozenset(
            code for code, sure in row.codes.items() if sure >= 50 or code in without_likelihood
        )
        found.append(
            Case(
                path=row.path,
                age=row.patient.age_years,
                sex=row.patient.sex,
                present=present,
                uncertain=frozenset(row.codes) - present,
                number=row.number,
                axis=row.axis,
            )
        )
    return found


def _table(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream)


def choose(found: Sequence[Case], limit: int, at_least: int) -> list[Case]:
    """Return `limit` cases spread evenly over the table, and of every group `at_least` more."""
    everything = not limit and not at_least
    chosen = set(_spread(range(len(found)), len(found) if everything else limit))
    for labels, _ in GROUPS.values():
        of_group = [at for at, case in enumerate(found) if case.present & labels]
        chosen.update(_spread(of_group, at_least))
    return [found[at] for at in sorted(chosen)]


def _spread(items: Sequence[int], number: int) -> list[int]:
    """Return a number of items (all, where there are fewer) evenly spread."""
    if len(items) <= number:
        return list(items)
    return [items[at * len(items) // number] for at in range(number)]


def run(chosen: Sequence[Case], jobs: int) -> list[Interpretation | None]:
    """Return the interpretation of each case, `None` where the record could not be read."""
    if jobs == 1:
        return [interpret_case(case) for case in chosen]
    with processes(jobs) as pool:
        return list(pool.map(interpret_case, chosen, chunksize=16))


def interpret_case(case: Case) -> Interpretation | None:
    """Run the whole chain on one case."""
    from ecgcli.records.read import read_path  # the chain costs a second to import
    from ecgcli.signals.analyse import analyse

    try:
        # PTB-XL keeps age and sex in its table, not in the recordings.
        record = replace(read_path(case.path), patient=Patient(None, None, case.age, case.sex))
        return interpret(analyse(record))
    except RecordError:
        return None


def compare(
    chosen: Sequence[Case], said: Sequence[Interpretation | None]
) -> tuple[dict[str, Counts], list[tuple[Case, Interpretation]]]:
    """Return the counts per group, and the pairs that were counted.

    A label of a likelihood below 50 % counts neither for nor against.
    """
    counts = {name: Counts() for name in GROUPS}
    pairs = [(c, i) for c, i in zip(chosen, said, strict=True) if i is not None and i.statements]
    for case, interpretation in pairs:
        stated = {statement.code for statement in interpretation.statements}
        for name, (labels, ours) in GROUPS.items():
            labelled = bool(labels & case.present)
            if labelled or not labels & case.uncertain:
                counts[name].add(labelled, bool(ours & stated))
    return counts, pairs


def report(counts: dict[str, Counts], pairs: Sequence[tuple[Case, Interpretation]]) -> str:
    """Return the table as text."""
    lines = [f"{'statement':16}{'labelled':>9}{'stated':>8}{'sens':>7}{'prec':>7}{'spec':>7}"]
    for name, n in counts.items():
        lines.append(
            f"{name:16}{n.hit + n.missed:9}{n.hit + n.false:8}"
            + _share(n.hit, n.hit + n.missed)
            + _share(n.hit, n.hit + n.false)
            + _share(n.rejected, n.rejected + n.false)
        )
    normal = [i for case, i in pairs if "NORM" in case.present]
    lines += ["", f"of {len(pairs)} interpreted, {len(normal)} are labelled normal; of these"]
    for text, wanted in (
        ("a critical value", {Urgency.CRITICAL}),
        ("urgent", {Urgency.URGENT}),
        ("abnormal", {Urgency.ABNORMAL}),
        ("borderline", {Urgency.BORDERLINE}),
        ("normal", {Urgency.NORMAL}),
    ):
        number = sum(i.urgency in wanted for i in normal)
        lines.append(f"  {text:18}{number:5}{_share(number, len(normal))}")
    worrying = (
        s.code for i in normal for s in i.statements if s.urgency not in _HARMLESS or s.critical
    )
    lines.append("  abnormal or worse by: " + _tally(worrying))
    everywhere = (s.code for _, i in pairs for s in i.statements if s.critical)
    number = sum(any(s.critical for s in i.statements) for _, i in pairs)
    lines.append(
        f"critical values in all: {number}{_share(number, len(pairs))}: " + _tally(everywhere)
    )
    lines.append("not assessed: " + _tally(n.code for _, i in pairs for n in i.not_assessed))
    return "\n".join(lines)


_HARMLESS = {Urgency.NORMAL, Urgency.BORDERLINE}


def _share(part: int, whole: int) -> str:
    return f"{part / whole:7.3f}" if whole else f"{'-':>7}"


def _tally(codes: Iterable[str]) -> str:
    number: dict[str, int] = {}
    for code in codes:
        number[code] = number.get(code, 0) + 1
    ranked = sorted(number.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{code} {n}" for code, n in ranked) or "none"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table for a folder of PTB-XL."""
    parser = argparse.ArgumentParser(prog="python -m ecgcli.clinical.evaluate", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder that holds ptbxl_database.csv")
    parser.add_argument("--folds", default="1-8", help="folds, as in 1-8 or 9")
    parser.add_argument("--limit", type=int, default=0, help="number of records spread evenly")
    parser.add_argument("--at-least", type=int, default=0, help="records for every statement")
    parser.add_argument("--rate", type=int, choices=(100, 500), default=500)
    parser.add_argument("--jobs", type=int, default=1)
    chosen = parser.parse_args(arguments)
    first, _, last = chosen.folds.partition("-")
    found = cases(chosen.folder, range(int(first), int(last or first) + 1), chosen.rate)
    picked = choose(found, chosen.limit, chosen.at_least)
    said = run(picked, chosen.jobs)
    unread, unusable = said.count(None), sum(i is not None and not i.statements for i in said)
    print(f"{len(picked)} records; {unread} not read, {unusable} without any statement")
    print(report(*compare(picked, said)))


if __name__ == "__main__":
    main(sys.argv[1:])
