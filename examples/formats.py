"""Write one recording as WFDB, CSV, NPY, HL7 aECG or DICOM.

Every writer takes (path without extension, (12, samples) mV at 500 Hz, age in years, sex, comment,
time of acquisition) and writes the same bytes each time. It knows formats, not what is recorded.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from datetime import datetime
from pathlib import Path

import numpy as np
import wfdb
from heart import INDEPENDENT, LEADS, RATE, Floats
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian, TwelveLeadECGWaveformStorage

HALVED = 2  # CSV is written at every second sample: small files, and a second rate to read
XSI = "http://www.w3.org/2001/XMLSchema-instance"
UID_ROOT = "2.25.1234567890"  # a UUID-derived root that nobody was given


def microvolts(signal: Floats) -> NDArray[np.int16]:
    """Return whole uV, as far as 16 bits reach."""
    return np.clip(np.round(signal * 1000), -32767, 32767).astype(np.int16)


def sidecar(path: Path, rate: float, age: float, sex: str, comment: str) -> None:
    """Write the JSON that says what the bare numbers beside it are."""
    described = {
        "rate_hz": rate,
        "unit": "uV",
        "leads": list(LEADS),
        "age": age,
        "sex": sex,
        "comment": comment,
    }
    path.with_name(path.name + ".json").write_text(json.dumps(described, indent=1) + "\n")


def write_wfdb(
    path: Path, signal: Floats, age: float, sex: str, comment: str, acquired: datetime
) -> None:
    wfdb.wrsamp(
        path.name,
        fs=RATE,
        units=["mV"] * 12,
        sig_name=list(LEADS),
        d_signal=microvolts(signal).T.astype(np.int64),
        fmt=["16"] * 12,
        adc_gain=[1000.0] * 12,
        baseline=[0] * 12,
        comments=[comment, f"Age: {age:g}", f"Sex: {sex.capitalize()}"],
        base_datetime=acquired,
        write_dir=str(path.parent),
    )


def write_csv(
    path: Path, signal: Floats, age: float, sex: str, comment: str, acquired: datetime
) -> None:
    rows = microvolts(halved(signal)).T
    text = "\n".join([",".join(LEADS), *(",".join(map(str, row)) for row in rows)])
    path.with_name(path.name + ".csv").write_text(text + "\n")
    sidecar(path, RATE / HALVED, age, sex, comment)


def halved(signal: Floats) -> Floats:
    """Return every second sample, nothing above the new Nyquist frequency left."""
    spectrum = np.fft.rfft(signal, axis=1)
    spectrum[:, np.fft.rfftfreq(signal.shape[1], 1 / RATE) > 0.45 * RATE / HALVED] = 0
    return np.fft.irfft(spectrum, signal.shape[1], axis=1)[:, ::HALVED]


def write_npy(
    path: Path, signal: Floats, age: float, sex: str, comment: str, acquired: datetime
) -> None:
    np.save(path.with_name(path.name + ".npy"), microvolts(signal).astype("<i2"))
    sidecar(path, RATE, age, sex, comment)


def write_aecg(
    path: Path, signal: Floats, age: float, sex: str, comment: str, acquired: datetime
) -> None:
    """Write an HL7 annotated ECG with the eight independent leads, as many recorders store them."""
    ecg = ET.Element("AnnotatedECG", {"xmlns": "urn:hl7-org:v3", "type": "Observation"})
    ET.SubElement(ecg, "id", root=UID_ROOT, extension=path.name)
    ET.SubElement(ecg, "code", code="93000", codeSystem="2.16.840.1.113883.6.12")
    ET.SubElement(ecg, "text").text = comment
    start = f"{acquired:%Y%m%d%H%M%S}"
    interval(ecg, start, f"{acquired:%Y%m%d%H%M}10")
    person = below(
        ecg,
        "componentOf/timepointEvent/componentOf/subjectAssignment/subject/trialSubject"
        "/subjectDemographicPerson",
    )
    ET.SubElement(person, "name").text = "SYNTHETIC"
    code = {"male": "M", "female": "F"}[sex]
    ET.SubElement(person, "administrativeGenderCode", code=code, codeSystem="2.16.840.1.113883.5.1")
    ET.SubElement(person, "birthTime", value=f"{acquired.year - int(age) - 1}1201")
    series = below(ecg, "component/series")
    ET.SubElement(series, "code", code="RHYTHM", codeSystem="2.16.840.1.113883.5.4")
    interval(series, start, f"{acquired:%Y%m%d%H%M}10")
    leads = below(series, "component/sequenceSet")
    time = below(leads, "component/sequence")
    ET.SubElement(time, "code", code="TIME_ABSOLUTE", codeSystem="2.16.840.1.113883.5.4")
    value = ET.SubElement(time, "value", {f"{{{XSI}}}type": "GLIST_TS"})
    ET.SubElement(value, "head", value=start)
    ET.SubElement(value, "increment", value=f"{1 / RATE:g}", unit="s")
    for lead in INDEPENDENT:
        sequence = below(leads, "component/sequence")
        ET.SubElement(
            sequence, "code", code=f"MDC_ECG_LEAD_{lead}", codeSystem="2.16.840.1.113883.6.24"
        )
        value = ET.SubElement(sequence, "value", {f"{{{XSI}}}type": "SLIST_PQ"})
        ET.SubElement(value, "origin", value="0", unit="uV")
        ET.SubElement(value, "scale", value="1", unit="uV")
        samples = microvolts(signal[LEADS.index(lead)])
        ET.SubElement(value, "digits").text = " ".join(map(str, samples))
    ET.register_namespace("xsi", XSI)
    ET.indent(ecg, " ")
    ET.ElementTree(ecg).write(
        path.with_name(path.name + ".xml"), encoding="utf-8", xml_declaration=True
    )


def below(parent: ET.Element, path: str) -> ET.Element:
    """Add a chain of elements and return the last."""
    for tag in path.split("/"):
        parent = ET.SubElement(parent, tag)
    return parent


def interval(parent: ET.Element, low: str, high: str) -> None:
    """Add the time that something covers."""
    time = ET.SubElement(parent, "effectiveTime")
    ET.SubElement(time, "low", value=low)
    ET.SubElement(time, "high", value=high)


def write_dicom(
    path: Path, signal: Floats, age: float, sex: str, comment: str, acquired: datetime
) -> None:
    """Write a DICOM 12-lead ECG object (PS3.3 A.34.3), 1 uV per unit."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = TwelveLeadECGWaveformStorage
    meta.MediaStorageSOPInstanceUID = UID(f"{UID_ROOT}.3")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    # Stated, because pydicom would state its own version: the same bytes from every version.
    meta.ImplementationClassUID = UID(f"{UID_ROOT}.9")
    meta.ImplementationVersionName = "SYNTHETIC"
    data = Dataset()
    data.file_meta = meta
    data.SOPClassUID = meta.MediaStorageSOPClassUID
    data.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    data.StudyInstanceUID, data.SeriesInstanceUID = f"{UID_ROOT}.1", f"{UID_ROOT}.2"
    data.Modality, data.SeriesNumber, data.InstanceNumber = "ECG", 1, 1
    data.StudyID, data.AccessionNumber, data.ReferringPhysicianName = "1", "", ""
    data.PatientName, data.PatientID, data.PatientBirthDate = "SYNTHETIC", "SYNTHETIC", ""
    data.PatientSex = {"male": "M", "female": "F"}[sex]
    data.PatientAge = f"{int(age):03d}Y"
    data.StudyDate = data.ContentDate = f"{acquired:%Y%m%d}"
    data.StudyTime = data.ContentTime = f"{acquired:%H%M%S}"
    data.AcquisitionDateTime = f"{acquired:%Y%m%d%H%M%S}"
    data.Manufacturer, data.StudyDescription = "ecgcli examples", comment[:64]
    data.AcquisitionContextSequence = Sequence([])
    data.WaveformSequence = Sequence([waveform(signal)])
    data.save_as(path.with_name(path.name + ".dcm"), enforce_file_format=True)


# Codes of the leads in MDC (ISO/IEEE 11073-10102), context group 3001 of DICOM.
MDC_LEADS = {
    "I": "2:1",
    "II": "2:2",
    "III": "2:61",
    "aVR": "2:62",
    "aVL": "2:63",
    "aVF": "2:64",
    "V1": "2:3",
    "V2": "2:4",
    "V3": "2:5",
    "V4": "2:6",
    "V5": "2:7",
    "V6": "2:8",
}


def waveform(signal: Floats) -> Dataset:
    """Return the one multiplex group that holds the twelve leads."""
    group = Dataset()
    group.WaveformOriginality = "ORIGINAL"
    group.NumberOfWaveformChannels, group.NumberOfWaveformSamples = signal.shape
    group.SamplingFrequency = RATE
    group.ChannelDefinitionSequence = Sequence([channel(lead) for lead in LEADS])
    group.WaveformBitsAllocated, group.WaveformSampleInterpretation = 16, "SS"
    group.WaveformData = microvolts(signal).T.astype("<i2").tobytes()
    return group


def channel(lead: str) -> Dataset:
    """Return the definition of one lead's channel."""
    source = Dataset()
    source.CodeValue, source.CodeMeaning = MDC_LEADS[lead], f"Lead {lead}"
    source.CodingSchemeDesignator = "MDC"
    unit = Dataset()
    unit.CodeValue, unit.CodeMeaning, unit.CodingSchemeDesignator = "uV", "microvolt", "UCUM"
    of = Dataset()
    of.ChannelSourceSequence = Sequence([source])
    of.ChannelSensitivity, of.ChannelSensitivityUnitsSequence = 1, Sequence([unit])
    of.ChannelSensitivityCorrectionFactor, of.ChannelBaseline = 1, 0
    of.ChannelSampleSkew = 0
    of.WaveformBitsStored = 16
    return of
