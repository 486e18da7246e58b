"""What comes from outside and means harm, or is merely broken."""

import hashlib
import pickle
import random
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecgcli.errors import Category, RecordError
from ecgcli.records.find import Source, find
from ecgcli.records.read import content_hash, read, read_path
from ecgcli.records.read import files as files_of
from ecgcli.records.record import Record
from tests.records import files
from tests.records.test_wfdb import fails

LAUGHS = (
    '<!DOCTYPE RestingECG [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    + "".join(f'<!ENTITY {y} "{f"&{x};" * 10}">' for x, y in zip("bcdefgh", "cdefghi", strict=True))
    + "]>\n"
)


@pytest.mark.parametrize(
    "doctype",
    [
        LAUGHS,
        '<!DOCTYPE RestingECG [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n',
        '<!DOCTYPE RestingECG [<!ENTITY % p SYSTEM "http://127.0.0.1:1/x.dtd"> %p;]>\n',
    ],
)
def test_entity_declarations_are_refused(tmp_path: Path, doctype: str) -> None:
    path = files.muse(tmp_path, doctype=doctype)
    fails(path, Category.UNSAFE)
    path.write_text(path.read_text().replace("ISO-8859-1", "UTF-16"), "utf-16")
    fails(path, Category.UNSAFE)


def test_a_doctype_is_tolerated_and_never_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr("socket.socket.connect", connect)
    path = files.muse(
        tmp_path, doctype='<!DOCTYPE RestingECG SYSTEM "http://127.0.0.1:1/restecg.dtd">\n'
    )
    assert read_path(path).format == "ge-muse"


def test_deep_nesting_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "deep.xml"
    path.write_text("<RestingECG>" + "<a>" * 200_000 + "</a>" * 200_000 + "</RestingECG>")
    fails(path, Category.UNSAFE)


def test_text_in_a_wrong_encoding_is_read_all_the_same(tmp_path: Path) -> None:
    path = files.muse(tmp_path)
    text = path.read_text().replace("ISO-8859-1", "UTF-8").replace("Doe", "Müller")
    path.write_bytes(text.encode("latin-1"))
    assert read_path(path).patient.name == "Müller"


def test_the_hash_is_that_of_the_files_one_after_another(tmp_path: Path) -> None:
    path = files.wfdb(tmp_path)
    record = read_path(path)
    data = path.read_bytes() + (tmp_path / "rec.dat").read_bytes()
    assert record.content_hash == hashlib.sha256(data).hexdigest()
    muse = files.muse(tmp_path)
    assert read_path(muse).content_hash == hashlib.sha256(muse.read_bytes()).hexdigest()


def test_the_same_file_elsewhere_reads_the_same(tmp_path: Path) -> None:
    one = read_path(files.wfdb(tmp_path))
    other = tmp_path / "with" / "neighbours"
    other.mkdir(parents=True)
    for write in files.WRITERS.values():
        write(other)
    two = read_path(other / "rec.hea")
    assert np.array_equal(one.signal, two.signal)
    assert (one.content_hash, one.name, one.notes) == (two.content_hash, two.name, two.notes)


def test_errors_survive_a_process_boundary(tmp_path: Path) -> None:
    error = fails(tmp_path / "gone.xml", Category.NOT_READABLE)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_folders_are_no_records(tmp_path: Path) -> None:
    fails(tmp_path, Category.UNSUPPORTED)


def attempt(folder: Path, main: str) -> None:
    """Read a damaged file: a sound record or a clean error, and nothing else."""
    outcome = outcome_of(folder / main)
    if isinstance(outcome, RecordError):
        assert outcome.category is not Category.INTERNAL, outcome.__cause__
        assert str(folder) not in str(outcome)
    else:
        check(outcome)


def outcome_of(path: Path) -> Record | RecordError:
    try:
        return read_path(path)
    except RecordError as error:
        return error


def check(record: Record) -> None:
    assert record.signal.dtype == np.float32
    assert record.signal.shape[0] == len(record.leads) == len(set(record.leads))
    assert not np.isinf(record.signal).any()
    assert record.duration_s > 4.9
    assert record.patient.age_years is None or 0 <= record.patient.age_years <= 120


damages = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.mark.parametrize("kind", files.WRITERS)
@damages
@given(data=st.data())
def test_any_cut_or_flip_ends_cleanly(tmp_path: Path, kind: str, data: st.DataObject) -> None:
    folder = tmp_path / "x"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    main = files.WRITERS[kind](folder)
    victim = data.draw(st.sampled_from(sorted(folder.iterdir())))
    content = bytearray(victim.read_bytes())
    if data.draw(st.booleans(), label="cut"):
        del content[data.draw(st.integers(0, len(content) - 1), label="at") :]
    else:
        # Headers are small and at the front: half of the flips go there.
        reach = st.integers(0, min(1500, len(content) - 1)) | st.integers(0, len(content) - 1)
        for place in data.draw(st.lists(reach, min_size=1, max_size=4), label="places"):
            content[place] ^= 1 << data.draw(st.integers(0, 7), label="bit")
    victim.write_bytes(content)
    attempt(folder, main.name)


@pytest.mark.parametrize("kind", files.WRITERS)
@pytest.mark.parametrize("seed", range(3))
def test_garbage_after_the_first_bytes_ends_cleanly(tmp_path: Path, kind: str, seed: int) -> None:
    main = files.WRITERS[kind](tmp_path)
    content = main.read_bytes()
    for keep in (8, 140, 400, 1000):
        main.write_bytes(content[:keep] + random.Random(seed).randbytes(3000))
        attempt(tmp_path, main.name)


@pytest.mark.real
def test_any_cut_or_flip_of_real_files_ends_cleanly(tmp_path: Path, ecg_data: Path) -> None:
    rng = random.Random(7)
    found = [item for item in find([ecg_data / "formats"]) if isinstance(item, Source)]
    for turn in range(150):
        source = rng.choice(found)
        folder = tmp_path / str(turn)
        folder.mkdir()
        members = files_of(source)
        for path in members:
            shutil.copy(path, folder)
        victim = folder / rng.choice(members).name
        content = bytearray(victim.read_bytes())
        if rng.random() < 0.4:
            del content[rng.randrange(len(content)) :]
        else:
            reach = rng.choice([len(content), min(2000, len(content))])
            content[rng.randrange(reach)] ^= 1 << rng.randrange(8)
        victim.write_bytes(content)
        attempt(folder, source.path.name)
        shutil.rmtree(folder)


@pytest.mark.real
def test_a_hash_needs_no_reading(ecg_data: Path) -> None:
    for source in find([ecg_data / "formats"]):
        if isinstance(source, Source) and source.format not in ("hl7-aecg", "philips-sierra"):
            assert read(source).content_hash == content_hash(source)
