"""Small synthetic recordings in many formats, written by hand from the formats' definitions."""

from __future__ import annotations

import base64
import json
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecgcli.records.leads import LEADS
from tests import synthetic

RATE = 100
STORED = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")


def counts(duration_s: float = 6.0, rate: float = RATE) -> NDArray[np.int16]:
    """Return a normal ECG, (12, samples), in whole 5 uV steps."""
    mv = synthetic.signal(synthetic.beat_times(70, duration_s), duration_s, rate)
    return np.rint(mv * 200).astype(np.int16)


def millivolts(duration_s: float = 6.0) -> NDArray[np.float64]:
    """Return what a reader must find in `counts`."""
    return counts(duration_s) / 200.0


def _checksum(row: NDArray[np.int16]) -> int:
    return int(row.sum(dtype=np.int64)) % 65536


def wfdb(
    folder: Path,
    name: str = "rec",
    signal: NDArray[np.int16] | None = None,
    leads: tuple[str, ...] = LEADS,
    gain: str = "200(0)/mV",
    comments: str = "# Age: 61\n# Sex: F\n",
    rate: str = str(RATE),
    extra: str = "",
    checksum: bool = True,
) -> Path:
    """Write a record in format 16, header and signal file, without any library."""
    signal = counts() if signal is None else signal
    (folder / f"{name}.dat").write_bytes(signal.T.astype("<i2").tobytes())
    lines = [f"{name} {len(leads)} {rate} {signal.shape[1]}{extra}"]
    for lead, row in zip(leads, signal, strict=True):
        total = _checksum(row) if checksum else 0
        lines.append(f"{name}.dat 16 {gain} 16 0 {row[0]} {total} 0 {lead}".rstrip())
    header = folder / f"{name}.hea"
    header.write_text("\n".join(lines) + "\n" + comments, encoding="utf-8")
    return header


def wfdb_212(folder: Path, name: str = "packed") -> Path:
    """Write a record in format 212: two samples of 12 bits in three bytes."""
    signal = np.clip(counts(), -2000, 2000).astype(np.int16)
    flat = signal.T.ravel().astype(np.int64) & 0xFFF
    first, second = flat[::2], flat[1::2]
    packed = np.stack([first & 0xFF, (first >> 8) | ((second >> 8) << 4), second & 0xFF], axis=1)
    (folder / f"{name}.dat").write_bytes(packed.astype(np.uint8).tobytes())
    lines = [f"{name} 12 {RATE} {signal.shape[1]}"]
    lines += [
        f"{name}.dat 212 200/mV 12 0 {row[0]} {_checksum(row)} 0 {lead}"
        for lead, row in zip(LEADS, signal, strict=True)
    ]
    header = folder / f"{name}.hea"
    header.write_text("\n".join(lines) + "\n")
    return header


def challenge(folder: Path, name: str = "A0001") -> Path:
    """Write a record as the PhysioNet challenges do: a .mat file of 24 bytes and int16 samples."""
    signal = counts()
    head = struct.pack("<5i4s", 30, 12, signal.shape[1], 0, 4, b"val\0")
    (folder / f"{name}.mat").write_bytes(head + signal.T.astype("<i2").tobytes())
    lines = [f"{name} 12 {RATE} {signal.shape[1]} 04-Jun-2020 10:11:12"]
    lines += [
        f"{name}.mat 16x1+24 200.0(0)/mV 16 0 {row[0]} {_checksum(row)} 0 {lead}"
        for lead, row in zip(LEADS, signal, strict=True)
    ]
    lines += ["#Age: 300", "#Sex: Male", "#Dx: 426177001,59931005"]
    header = folder / f"{name}.hea"
    header.write_text("\n".join(lines) + "\n")
    return header


def csv(folder: Path, name: str = "table.csv", sidecar: dict[str, object] | None = None) -> Path:
    """Write a table with a header line and a time column, and its sidecar."""
    signal = counts() * 5
    lines = ["time," + ",".join(LEADS)]
    lines += [f"{i / RATE}," + ",".join(map(str, row)) for i, row in enumerate(signal.T)]
    path = folder / name
    path.write_text("\n".join(lines) + "\n")
    said = {"rate_hz": RATE, "unit": "uV", "age": 7, "age_unit": "months", "sex": "male"}
    (folder / f"{name}.json").write_text(json.dumps(said if sidecar is None else sidecar))
    return path


def npy(folder: Path, name: str = "array.npy") -> Path:
    """Write an array (samples, leads) and its sidecar."""
    path = folder / name
    np.save(path, millivolts().T.astype(np.float32))
    said = {"rate_hz": RATE, "unit": "mV", "leads": list(LEADS)}
    path.with_suffix(".json").write_text(json.dumps(said))
    return path


def muse(folder: Path, name: str = "muse.xml", doctype: str = "") -> Path:
    """Write a GE MUSE document with eight stored leads."""
    waves = "".join(
        f"<LeadData><LeadByteCountTotal>{row.nbytes}</LeadByteCountTotal>"
        f"<LeadSampleCountTotal>{row.size}</LeadSampleCountTotal>"
        "<LeadAmplitudeUnitsPerBit>5</LeadAmplitudeUnitsPerBit>"
        f"<LeadAmplitudeUnits>MICROVOLTS</LeadAmplitudeUnits><LeadID>{lead}</LeadID>"
        f"<WaveFormData>{base64.b64encode(row.astype('<i2').tobytes()).decode()}</WaveFormData>"
        "</LeadData>"
        for lead, row in zip(LEADS, counts(), strict=True)
        if lead in STORED
    )
    path = folder / name
    path.write_text(
        '<?xml version="1.0" encoding="ISO-8859-1"?>\n'
        + (doctype or '<!DOCTYPE RestingECG SYSTEM "restecg.dtd">\n')
        + "<RestingECG><PatientDemographics><PatientID>X1</PatientID><PatientAge>7</PatientAge>"
        "<AgeUnits>MONTHS</AgeUnits><Gender>FEMALE</Gender><PatientLastName>Doe</PatientLastName>"
        "</PatientDemographics><TestDemographics><AcquisitionDate>05-17-2024</AcquisitionDate>"
        "<AcquisitionTime>08:30:00</AcquisitionTime></TestDemographics>"
        "<Diagnosis><DiagnosisStatement><StmtFlag>ENDSLINE</StmtFlag><StmtText>Sinus rhythm"
        "</StmtText></DiagnosisStatement></Diagnosis>"
        "<Waveform><WaveformType>Rhythm</WaveformType>"
        f"<SampleBase>{RATE}</SampleBase><SampleExponent>0</SampleExponent>{waves}</Waveform>"
        "</RestingECG>"
    )
    return path


def aecg(folder: Path, name: str = "aecg.xml", increment: str = '0.01" unit="s') -> Path:
    """Write an HL7 annotated ECG with MDC lead codes."""
    leads = "".join(
        f'<component><sequence><code code="MDC_ECG_LEAD_{lead.upper()}"/><value>'
        '<origin value="0" unit="uV"/><scale value="5" unit="uV"/><digits>'
        f"{' '.join(map(str, row))}</digits></value></sequence></component>"
        for lead, row in zip(LEADS, counts(), strict=True)
    )
    path = folder / name
    path.write_text(
        '<AnnotatedECG xmlns="urn:hl7-org:v3"><effectiveTime><center value="20240517083000"/>'
        "</effectiveTime><component><series><code code='RHYTHM'/><component><sequenceSet>"
        '<component><sequence><code code="TIME_ABSOLUTE"/><value>'
        f'<head value="20240517083000"/><increment value="{increment}"/></value></sequence>'
        f"</component>{leads}</sequenceSet></component></series></component></AnnotatedECG>"
    )
    return path


def edf(folder: Path, name: str = "rest.edf", records: int = 6) -> Path:
    """Write an EDF file: twelve leads called "ECG I" and so on, and a slower signal."""
    signal = counts()

    def field(texts: list[str], width: int) -> str:
        return "".join(text.ljust(width) for text in texts)

    labels = [f"ECG {lead}" for lead in LEADS] + ["Resp"]
    n = len(labels)
    head = (
        "0".ljust(8) + "X F 17-MAY-1990 X".ljust(80) + "Startdate 17-MAY-2024 X X X".ljust(80)
        + "17.05.2408.30.00" + str(256 * (n + 1)).ljust(8) + " " * 44
        + str(records).ljust(8) + "1".ljust(8) + str(n).ljust(4)
        + field(labels, 16) + field([""] * n, 80) + field(["uV"] * n, 8)
        + field(["-163840"] * n, 8) + field(["163835"] * n, 8)
        + field(["-32768"] * n, 8) + field(["32767"] * n, 8) + field([""] * n, 80)
        + field([str(RATE)] * 12 + ["10"], 8) + field([""] * n, 32)
    )  # fmt: skip
    body = b""
    for second in range(6):
        block = signal[:, second * RATE : (second + 1) * RATE].astype("<i2")
        body += block.tobytes() + np.zeros(10, "<i2").tobytes()
    path = folder / name
    path.write_bytes(head.encode("ascii") + body)
    return path


def ishne(folder: Path, name: str = "holter.ecg", duration_s: float = 6.0) -> Path:
    """Write an ISHNE Holter file with leads I, II and V1, without a checksum."""
    signal = counts(duration_s)[[0, 1, 6]]
    block = bytearray(512)

    def put(offset: int, kind: str, *values: int) -> None:
        struct.pack_into(f"<{kind}", block, offset - 10, *values)

    put(10, "iiii", 0, signal.shape[1], 522, 522)
    put(26, "h", 1)
    put(128, "h", 2)
    put(138, "3h", 17, 5, 2024)
    put(156, "h", 3)
    put(158, "12h", 5, 6, 11, *[-9] * 9)
    put(182, "12h", *[1] * 12)
    put(206, "12h", *[5000] * 12)
    put(272, "h", RATE)
    path = folder / name
    path.write_bytes(b"ISHNE1.0" + b"\0\0" + bytes(block) + signal.T.astype("<i2").tobytes())
    return path


def mfer(folder: Path, name: str = "rest.mwf") -> Path:
    """Write an MFER file: eight leads, little endian."""
    rows = dict(zip(LEADS, counts(), strict=True))
    codes = {"I": 1, "II": 2, **{f"V{i}": i + 2 for i in range(1, 7)}}

    def tlv(tag: int, value: bytes) -> bytes:
        size = len(value)
        length = bytes([size]) if size < 0x80 else b"\x84" + struct.pack(">I", size)
        return bytes([tag]) + length + value

    samples = len(rows["I"])
    data = tlv(0x40, b"MFR " + b"synthetic".ljust(28)) + tlv(0x01, b"\x01")
    data += tlv(0x0B, b"\x01\xfe" + struct.pack("<h", 1)) + tlv(0x0C, b"\x00\xfa" + b"\x05\x00")
    data += tlv(0x05, b"\x08") + tlv(0x04, struct.pack("<I", samples)) + tlv(0x06, b"\x01")
    for channel, lead in enumerate(STORED):
        inner = tlv(0x09, bytes([codes[lead]]))
        data += b"\x3f" + bytes([channel, len(inner)]) + inner
    data += tlv(0x1E, b"".join(rows[lead].astype("<i2").tobytes() for lead in STORED))
    path = folder / name
    path.write_bytes(data + b"\x80\x00")
    return path


def mortara(folder: Path, name: str = "mortara.xml") -> Path:
    """Write a Mortara document with an age in months."""
    channels = "".join(
        f'<CHANNEL NAME="{lead}" UNITS_PER_MV="200" SAMPLE_FREQ="{RATE}" DURATION="{row.size}" '
        'BITS="16" FORMAT="SIGNED" ENCODING="BASE64" '
        f'DATA="{base64.b64encode(row.astype("<i2").tobytes()).decode()}"/>'
        for lead, row in zip(LEADS, counts(), strict=True)
    )
    path = folder / name
    path.write_text(
        '<?xml version="1.0"?><ECG ACQUISITION_TIME="20240517083000" AGE="7" AGE_UNITS="MONTHS">'
        f'<SUBJECT GENDER="Female"/>{channels}</ECG>'
    )
    return path


def kardia(folder: Path, name: str = "kardia.json") -> Path:
    """Write a Kardia recording of six limb leads."""
    rows = dict(zip(LEADS, counts(), strict=True))
    samples = {f"lead{lead}": rows[lead].tolist() for lead in LEADS[:6]}
    path = folder / name
    path.write_text(
        json.dumps(
            {
                "id": "x", "recordedAt": "2024-05-17T08:30:00Z", "duration": 6000,
                "algorithmDetermination": "normal", "heartRate": 70,
                "data": {"raw": {"frequency": RATE, "mainsFrequency": 50,
                                 "amplitudeResolution": 5000, "numLeads": 6, "samples": samples}},
            }
        )
    )  # fmt: skip
    return path


def dicom(folder: Path, name: str = "rest.dcm", padding: int | None = None) -> Path:
    """Write a DICOM 12-lead ECG with pydicom; the age is "007M"."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import UID, ExplicitVRLittleEndian

    def code(value: str, scheme: str, meaning: str) -> Dataset:
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
        return item

    signal = counts()
    group = Dataset()
    group.WaveformOriginality, group.NumberOfWaveformChannels = "ORIGINAL", 12
    group.NumberOfWaveformSamples, group.SamplingFrequency = signal.shape[1], RATE
    group.WaveformBitsAllocated, group.WaveformSampleInterpretation = 16, "SS"
    group.ChannelDefinitionSequence = []
    for lead in LEADS:
        channel = Dataset()
        channel.ChannelSourceSequence = [code("2:1", "MDC", f"Lead {lead}")]
        channel.ChannelSourceSequence[0].CodeValue = f"MDC_ECG_LEAD_{lead.upper()}"
        channel.ChannelSensitivity = "5"
        channel.ChannelSensitivityUnitsSequence = [code("uV", "UCUM", "microvolt")]
        channel.ChannelSensitivityCorrectionFactor = "1"
        channel.ChannelBaseline, channel.WaveformBitsStored = "0", 16
        group.ChannelDefinitionSequence.append(channel)
    if padding is not None:
        group.add_new(0x5400100A, "OW", struct.pack("<h", padding))
    group.add_new(0x54001010, "OW", signal.T.astype("<i2").tobytes())
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.9.1.1")
    data.file_meta.MediaStorageSOPInstanceUID = UID("2.25.1")
    data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.9.1.1"
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID
    data.PatientName, data.PatientID, data.PatientSex, data.PatientAge = "Doe^Jo", "X1", "F", "007M"
    data.AcquisitionDateTime, data.Modality = "20240517083000", "ECG"
    data.WaveformSequence = [group]
    path = folder / name
    data.save_as(path, enforce_file_format=True)
    return path


WRITERS = {
    "wfdb": wfdb,
    "wfdb-212": wfdb_212,
    "challenge": challenge,
    "csv": csv,
    "npy": npy,
    "ge-muse": muse,
    "hl7-aecg": aecg,
    "edf": edf,
    "ishne": ishne,
    "mfer": mfer,
    "mortara": mortara,
    "kardia": kardia,
    "dicom": dicom,
}
"""Writers of one small recording each, by a name; all hold (some of) the leads of `counts`."""
