"""The comparison compares what it says: the same recordings, whole reports on both sides."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from bench import compare

ROOT = Path(__file__).parent.parent


def test_without_real_recordings_it_takes_the_examples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECG_DATA", str(tmp_path / "nothing here"))
    folder = tmp_path / "records"
    folder.mkdir()
    records, what = compare.recordings(50, folder)
    assert "synthetic" in what
    assert len(records) >= 3
    assert all(record.with_suffix(".dat").is_file() for record in records)
    assert "synthetic-broken" not in {record.name for record in records}


@pytest.mark.real
def test_real_recordings_are_the_same_every_time(tmp_path: Path, ecg_data: Path) -> None:
    chosen = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        records, _ = compare.recordings(50, tmp_path / name)
        chosen.append([record.name for record in records])
    assert chosen[0] == chosen[1]
    assert len(set(chosen[0])) == 50


def test_our_side_writes_a_report_of_every_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECG_DATA", str(tmp_path / "nothing here"))
    folder = tmp_path / "records"
    folder.mkdir()
    records, _ = compare.recordings(2, folder)
    timing = compare.ours(folder, len(records), 1, tmp_path / "out")
    assert timing.whole > 0
    with pytest.raises(SystemExit, match="of 3"):
        compare.ours(folder, 3, 1, tmp_path / "again")


@pytest.mark.slow
@pytest.mark.skipif(find_spec("neurokit2") is None, reason="needs the extra `bench`")
def test_the_plain_way_writes_whole_reports_too(tmp_path: Path) -> None:
    record = ROOT / "examples" / "records" / "synthetic-sinus-rhythm"
    command = [sys.executable, "-m", "bench.plain", tmp_path, "1", record]
    subprocess.run(list(map(str, command)), cwd=ROOT, check=True, capture_output=True)
    found = json.loads((tmp_path / "synthetic-sinus-rhythm.json").read_text())
    assert found["overall"]["rate"] == pytest.approx(67.9, abs=2)
    assert len(found["leads"]) == 12
    assert (tmp_path / "synthetic-sinus-rhythm.pdf").read_bytes().startswith(b"%PDF")
    assert "data:image/svg+xml" in (tmp_path / "synthetic-sinus-rhythm.html").read_text()


@pytest.mark.slow
def test_a_deeper_model_says_the_same(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    from bench.deeper import deepen
    from ecgcli.models.files import ECGLM

    deepen(ECGLM, tmp_path / "deeper", 3)  # registers the model's classes
    ids = torch.tensor([[*[transformers.AutoConfig.from_pretrained(ECGLM).ecg_token_id] * 32, 40]])
    signal = torch.randn(1, 12, 1000, generator=torch.Generator().manual_seed(1))
    said = []
    for folder in (ECGLM, tmp_path / "deeper"):
        model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        said.append(
            (len(model.language_model.model.layers), model.eval()(ids, ecg_values=signal).logits)
        )
    (layers, plain), (more, deep) = said
    assert more == layers + 3
    assert torch.allclose(plain, deep, atol=1e-5)
