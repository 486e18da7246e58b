"""Recorders' own formats, read through `ecgdatakit`: one parser by the format that was identified.

Its parser is chosen here by content, never by its own search, which would ask file names too. It
gives ages in whole years; for infants the exact age is looked up where the format keeps it.
"""

from __future__ import annotations

import importlib
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecgcli.errors import Category, RecordError
from ecgcli.records.build import (
    LONGEST_S,
    MAX_FILE_BYTES,
    MAX_SAMPLES,
    Found,
    check_size,
    millivolts_per,
)
from ecgcli.records.leads import standard_name
from ecgcli.records.libraries import COPY_AGAIN, guarded, os_error
from ecgcli.records.patient import Age, age, age_between, parse_age, parse_sex
from ecgcli.records.record import Patient
from ecgcli.records.xml_safety import check_xml

PARSERS = {
    "hl7-aecg": ("hl7_aecg", "HL7aECGParser"),
    "ge-muse": ("ge_muse_xml", "GEMuseXMLParser"),
    "philips-sierra": ("sierra_xml", "SierraXMLParser"),
    "mortara": ("mortara_el250", "MortaraEL250Parser"),
    "scp-ecg": ("scp_ecg", "SCPECGParser"),
    "dicom": ("dicom_waveform", "DICOMWaveformParser"),
    "edf": ("edf", "EDFParser"),
    "ishne": ("ishne_holter", "ISHNEHolterParser"),
    "mfer": ("mfer", "MFERParser"),
    "kardia": ("alivecor_kardia", "AliveCorKardiaParser"),
}
XML_FORMATS = ("hl7-aecg", "ge-muse", "philips-sierra", "mortara")

# Waveform Padding Value (5400,100A) of value 0, in explicit (OB, OW) or implicit VR
_DICOM_ZERO_PADDING = re.compile(
    rb"\x00\x54\x0a\x10(?:O[BW]\0\0)?(?:\x02\0\0\0\0\0|\x04\0\0\0\0\0\0\0)"
)
_NOTE_ZEROS = "The file declares 0 to mean a missing sample; isolated zeros were kept as signal."

# Below it a whole number of years is too coarse: limits change by the month.
_INFANT_YEARS = 3


def parser(format: str) -> Any:
    """Return `ecgdatakit`'s parser class of a format."""
    module, name = PARSERS[format]
    return getattr(importlib.import_module(f"ecgdatakit.parsing.parsers.{module}"), name)


def read(path: Path, format: str) -> Found:
    """Read a recorder's file.

    Raises:
        RecordError: Whatever is wrong with it.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise RecordError(
                Category.UNSAFE,
                f"the file is larger than {MAX_FILE_BYTES / 1e6:.0f} MB",
                f"cut the recording into pieces of {LONGEST_S / 60:.0f} minutes or less",
            )
        data = path.read_bytes()
    except OSError as error:
        raise os_error(error) from None
    if format in XML_FORMATS:
        check_xml(data)
    if format == "ishne":
        _check_holter_length(data)
    with guarded() as warned:
        record = parser(format)().parse(path)
        found = _convert(record, format, data)
    _heed([str(warning.message) for warning in warned], found)
    return found


def _heed(warned: list[str], found: Found) -> None:
    """Act on what `ecgdatakit` only warns of: a recording in part is not taken for the whole."""
    for message in warned:
        if re.search(r"truncated|shorter than the frame", message, re.I):
            raise RecordError(
                Category.DAMAGED, "the file is shorter than its header says", COPY_AGAIN
            )
        if "gaps between data records" in message:
            raise RecordError(
                Category.UNSUPPORTED,
                "the recording has gaps, so its times cannot be trusted",
                "export it as a continuous recording",
            )
        if re.search(r"not loaded|only the first is read|waveform ignored", message):
            found.notes.append("The file holds further recordings, which were not read.")


def _convert(record: Any, format: str, data: bytes) -> Found:
    notes: list[str] = []
    rate, leads = _leads_of_one_rate(record, notes)
    names, rows = [], []
    zero_is_padding = format == "dicom" and _DICOM_ZERO_PADDING.search(data) is not None
    for lead in leads:
        row = _millivolts(lead)
        if row is not None:
            if zero_is_padding and _restore_zeros(row, lead, rate):
                notes.append(_NOTE_ZEROS)
            names.append(_plain_label(lead.label, leads))
            rows.append(row)
        elif standard_name(lead.label):
            raise RecordError(
                Category.INCOMPLETE,
                "the file states no unit or no gain, so the amplitudes are not calibrated",
                "export the recording with its calibration",
            )
    years, note = _age(record, format, data)
    person, device = record.patient, record.recording.device
    model = " ".join(dict.fromkeys(word for word in (device.manufacturer, device.model) if word))
    return Found(
        format=format,
        rate=rate,
        names=names,
        rows=rows,
        patient=Patient(
            id=person.patient_id or None,
            name=" ".join(part for part in (person.first_name, person.last_name) if part) or None,
            age_years=years,
            sex=parse_sex(person.sex or ""),
        ),
        acquired=record.recording.date,
        device=model or None,
        statements=tuple(
            " - ".join(part for part in statement if part)
            for statement in record.interpretation.statements
        ),
        notes=notes + ([note] if note else []),
    )


def _leads_of_one_rate(record: Any, notes: list[str]) -> tuple[float, list[Any]]:
    """Keep the signals that share the sampling rate of the standard leads."""
    named = [lead for lead in record.leads if standard_name(lead.label)]
    rates = {lead.sampling_rate for lead in named}
    if not named:
        raise RecordError(
            Category.INCOMPLETE,
            "none of the signals has the name of a standard lead",
            "export an ECG whose leads are named I, II, III, aVR, aVL, aVF or V1 to V6",
        )
    if len(rates) > 1:
        raise RecordError(
            Category.UNSUPPORTED,
            "the leads have different sampling rates",
            "export all leads with one sampling rate",
        )
    rate = rates.pop()
    kept = [lead for lead in record.leads if lead.sampling_rate == rate]
    if len(kept) < len(record.leads):
        notes.append("A signal of another sampling rate than the leads was left out.")
    exact = _exact_rate(record, rate)
    check_size(exact, max(len(lead.samples) for lead in named), 1)
    if sum(len(lead.samples) for lead in kept) > MAX_SAMPLES:
        kept = named
    return exact, kept


def _exact_rate(record: Any, rounded: float) -> float:
    """Return the rate before `ecgdatakit` rounds it to a whole number."""
    meta = record.raw_metadata
    candidates = [(meta.get("rhythm_time") or {}).get("sampling_rate_exact")]
    candidates += [group.get("sampling_frequency") for group in meta.get("multiplex_groups") or []]
    candidates += (meta.get("exact_sampling_rates") or {}).values()
    candidates += meta.get("sampling_rates") or []
    for exact in candidates:
        if exact and abs(exact - rounded) <= 0.5:
            return float(exact)
    return float(rounded)


def _plain_label(label: str, leads: list[Any]) -> str:
    """Undo the "_2" that `ecgdatakit` gives the second signal of a name, so that it is noticed."""
    base = re.sub(r"_\d+$", "", label)
    repeated = base != label and standard_name(base) and any(x.label == base for x in leads)
    return base if repeated else label


def _millivolts(lead: Any) -> NDArray[np.float64] | None:
    """Return the samples in mV, `None` where the file does not say how to."""
    unit = lead.resolution_unit if lead.is_raw else lead.units
    factor = millivolts_per(unit or "")
    if factor is None or (lead.is_raw and not lead.resolution):
        return None
    samples = np.asarray(lead.samples, dtype=np.float64)
    if lead.is_raw:
        samples = samples * lead.resolution + lead.offset
    scaled: NDArray[np.float64] = samples * factor
    return scaled


def _restore_zeros(row: NDArray[np.float64], lead: Any, rate: float) -> bool:
    """Put back the zeros of a DICOM file that declares 0 its padding; say whether there were any.

    Converters write that although every ECG passes through 0. A run of zeros shorter than 50 ms is
    signal, a longer one is padding as declared.
    """
    missing = np.flatnonzero(np.isnan(row))
    runs = np.split(missing, np.flatnonzero(np.diff(missing) > 1) + 1)
    short = [run for run in runs if 0 < run.size < 0.05 * rate]
    zero = lead.offset * (millivolts_per(lead.resolution_unit if lead.is_raw else lead.units) or 0)
    for run in short:
        row[run] = zero
    return bool(short)


def _age(record: Any, format: str, data: bytes) -> Age:
    """Return the age: exact where stated or where the dates give it, else in whole years."""
    stated = record.patient.age
    if stated is None or stated <= _INFANT_YEARS:
        exact = _stated_age(record, format, data)
        if exact is not None:
            return exact
    birth, acquired = record.patient.birth_date, record.recording.date
    if birth is not None and acquired is not None:
        by_dates, note = age_between(birth.date(), acquired.date())
        if stated is None:
            return by_dates, note
        if by_dates is not None and abs(by_dates - stated) <= 1.5:
            return by_dates, None
        years, note = age(stated)
        return years, note or "The stated age differs from the age by date of birth; it is used."
    return age(stated) if stated is not None else (None, None)


def _stated_age(record: Any, format: str, data: bytes) -> Age | None:
    """Look up an age in months, weeks or days, which `ecgdatakit` rounds down to years."""
    if format == "ge-muse":
        number = re.search(rb"<PatientAge>\s*(\d+)\s*<", data)
        unit = re.search(rb"<AgeUnits>\s*([A-Za-z]+)\s*<", data)
        return parse_age(f"{number[1].decode()} {unit[1].decode()}") if number and unit else None
    if format == "hl7-aecg":
        for key, value in (record.raw_metadata.get("related_observations") or {}).items():
            if "age" in key.casefold() or key == "21612-7":
                return parse_age(str(value))
    if format == "mortara" and isinstance(record.raw_metadata.get("age"), dict):
        kept = record.raw_metadata["age"]
        return parse_age(f"{kept.get('value', '')} {kept.get('units', '')}")
    if format == "dicom":
        # PatientAge (0010,1010), VR AS: three digits and D, W, M or Y
        found = re.search(rb"\x10\x00\x10\x10(?:AS\x04\x00|\x04\x00\x00\x00)(\d{3}[DWMY])", data)
        return parse_age(found[1].decode()) if found else None
    if format == "scp-ecg":
        return _scp_age(data)
    return None


def _scp_age(data: bytes) -> Age | None:
    """Read tag 4 of section 1 of an SCP-ECG file (EN 1064): value, then a code for the unit."""
    # The pointer to section 1 is the second of section 0: id, length, place counted from 1.
    section, length, start = struct.unpack_from("<HII", data, 32)
    if section != 1:
        return None
    position, end = start - 1 + 16, start - 1 + length
    while position + 3 <= min(end, len(data)):
        tag, size = struct.unpack_from("<BH", data, position)
        if tag == 255:
            break
        if tag == 4 and size >= 3:
            value, code = struct.unpack_from("<HB", data, position + 3)
            unit = {1: "y", 2: "mo", 3: "w", 4: "d", 5: "h"}.get(code)
            return age(value, unit) if unit and value else None
        position += 3 + size
    return None


def _check_holter_length(data: bytes) -> None:
    """Refuse a long ISHNE recording before it is decoded: most of them last a day."""
    if len(data) < 522:
        raise RecordError(Category.DAMAGED, "the file ends within its header", COPY_AGAIN)
    (leads,) = struct.unpack_from("<h", data, 156)
    (rate,) = struct.unpack_from("<h", data, 272)
    if leads > 0 and rate > 0:
        check_size(rate, (len(data) - 522) // 2 // leads, 1)
