"""The picture is to scale, shows the signal and nothing else, and is the same whenever drawn."""

from __future__ import annotations

import hashlib
import io
import struct
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from ecgcli.engines import paper
from ecgcli.engines.picture import picture, shown
from ecgcli.records.leads import LEADS
from ecgcli.records.record import Patient
from ecgcli.signals.analyse import analyse
from ecgcli.signals.results import Analysis, Conditioned, Fault, Grade, LeadQuality, Quality
from tests import synthetic

# Not from the code: 200 dots per inch, 25 mm/s, 10 mm/mV.
DOTS_PER_MM = 200 / 25.4
DOTS_PER_S = 25 * DOTS_PER_MM
DOTS_PER_MV = 10 * DOTS_PER_MM
PLACE = {
    lead: (row, column)
    for row, leads in enumerate(paper.LAYOUT[:3])
    for column, lead in enumerate(leads)
}

Image8 = NDArray[np.uint8]


def analysis(
    signal: NDArray[np.float32],
    present: NDArray[np.bool_] | None = None,
    valid: NDArray[np.bool_] | None = None,
) -> Analysis:
    """Return what the signals room would hand over, without its filter."""
    conditioned = Conditioned(
        signal=signal,
        raw=signal,
        present=np.ones(12, dtype=bool) if present is None else present,
        valid=np.ones(signal.shape, dtype=bool) if valid is None else valid,
        start_s=0.0,
    )
    quality = Quality(Grade.USABLE, 1.0, (), tuple(LeadQuality(lead, True) for lead in LEADS))
    return Analysis(synthetic.normal(), conditioned, quality, None, None, None)


def flat(samples: int = 5001) -> NDArray[np.float32]:
    return np.zeros((12, samples), dtype=np.float32)


def pixels(png: bytes) -> Image8:
    return np.asarray(Image.open(io.BytesIO(png)))


def ink(png: bytes) -> NDArray[np.float64]:
    """Return what a picture adds to the blank paper, 0 to 1."""
    page, blank = pixels(png), paper.blank()
    assert (page // paper.SHADES == blank // paper.SHADES).all()  # the paper itself is untouched
    shade, printed = ((each % paper.SHADES).astype(np.float64) for each in (page, blank))
    added: NDArray[np.float64] = (shade - printed) / (paper.SHADES - 1)
    return added


def cell(page: NDArray[np.float64], lead: str) -> NDArray[np.float64]:
    """Return the part of a page that is a lead's alone: half way to each neighbour."""
    row, column = PLACE[lead]
    top, bottom = ((paper.BASELINES[row] + off) * DOTS_PER_MM for off in (-25, 25))
    left = (20 + 62.5 * column) * DOTS_PER_MM
    right = left + 62.5 * DOTS_PER_MM
    return page[round(top) : round(bottom), round(left) + 2 : round(right) - 2]


def test_a_square_wave_lands_where_the_scale_says() -> None:
    signal = flat()
    signal[LEADS.index("aVL"), 1250 + 500 : 1250 + 700] = 1.0  # 1.0 to 1.4 s of its column
    page = ink(picture(analysis(signal)))
    left = 20 * DOTS_PER_MM + 2.5 * DOTS_PER_S
    baseline = 85 * DOTS_PER_MM

    def height(second: float) -> float:
        column = page[round(baseline) - 120 : round(baseline) + 40, int(left + second * DOTS_PER_S)]
        rows = np.arange(column.size) + round(baseline) - 120 + 0.5
        return float((column * rows).sum() / column.sum())

    for second, millivolts in ((0.5, 0.0), (1.2, 1.0), (2.0, 0.0)):
        assert height(second) == pytest.approx(baseline - millivolts * DOTS_PER_MV, abs=0.5)
    half_way = page[round(baseline - 0.5 * DOTS_PER_MV)]
    columns = np.arange(half_way.size) + 0.5
    for second in (0.999, 1.399):  # between the last sample before and the first after
        x = left + second * DOTS_PER_S
        near = np.abs(columns - x) < 8
        edge = float((half_way * columns)[near].sum() / half_way[near].sum())
        assert edge == pytest.approx(x, abs=0.5)


def test_the_calibration_pulse_is_a_millivolt_of_200_ms() -> None:
    shades = (paper.blank() % paper.SHADES) / (paper.SHADES - 1)
    for baseline in paper.BASELINES:
        top = (baseline - 10) * DOTS_PER_MM
        row = shades[round(top + 5 * DOTS_PER_MM), : round(18 * DOTS_PER_MM)]
        sides = np.flatnonzero(row > 0.5)
        assert sides[-1] - sides[0] == pytest.approx(0.2 * DOTS_PER_S, abs=3)
        column = shades[:, int(sides.mean())]
        rows = np.arange(column.size) + 0.5
        near = np.abs(rows - top) < 10
        assert float((column * rows)[near].sum() / column[near].sum()) == pytest.approx(
            top, abs=0.5
        )


def test_the_grid_has_a_line_every_millimetre_and_a_heavy_one_every_fifth() -> None:
    colours = paper.blank() // paper.SHADES
    across = colours[round(3.5 * DOTS_PER_MM)]  # between two lines that run across
    heavy, any_line = np.flatnonzero(across == 2), np.flatnonzero(across > 0)
    assert heavy == pytest.approx(np.arange(56) * 5 * DOTS_PER_MM, abs=1)
    assert any_line == pytest.approx(np.arange(280) * DOTS_PER_MM, abs=1)
    down = colours[:, round(3.5 * DOTS_PER_MM)]
    assert np.flatnonzero(down == 2) == pytest.approx(np.arange(44) * 5 * DOTS_PER_MM, abs=1)
    red, green, blue = paper.palette()[2 * paper.SHADES * 3 :][:3]
    assert red > 200 > green == blue


def test_a_trace_is_black_and_three_quarters_of_a_point_wide() -> None:
    page = ink(picture(analysis(flat())))
    middle = cell(page, "V2")[:, 50:-50]
    assert middle.sum(axis=0) == pytest.approx(0.75 / 72 * 200, abs=0.05)
    steep = flat()
    steep[LEADS.index("V2"), 2500 + 600 : 2500 + 1200] = 1.5
    crossing = cell(ink(picture(analysis(steep))), "V2")
    row = round((25 - 7.5) * DOTS_PER_MM)
    assert crossing[row].sum() == pytest.approx(2 * 0.75 / 72 * 200, abs=0.1)
    assert crossing.max() == 1.0


def test_no_peak_of_a_single_sample_is_lost() -> None:
    signal = flat()
    signal[LEADS.index("V5"), 3750 + 401] = 1.7
    page = cell(ink(picture(analysis(signal))), "V5")
    first = int(np.flatnonzero(page.max(axis=1) > 0.3)[0])
    assert first == pytest.approx((25 - 17) * DOTS_PER_MM, abs=1.5)


def test_each_lead_stands_in_its_place() -> None:
    for lead, (row, column) in PLACE.items():
        signal = flat()
        index = LEADS.index(lead)
        signal[index, column * 1250 + 200 : column * 1250 + 240] = 1.0
        present = np.zeros(12, dtype=bool)
        present[index] = True
        page = ink(picture(analysis(signal, present=present)))
        above = page[: round((paper.BASELINES[row] - 5) * DOTS_PER_MM)]
        x = np.flatnonzero(above[round((paper.BASELINES[row] - 9) * DOTS_PER_MM) :].sum(axis=0))
        start = (20 + 62.5 * column + 10) * DOTS_PER_MM
        assert x.min() == pytest.approx(start, abs=2)
        assert x.max() == pytest.approx(start + 0.08 * DOTS_PER_S, abs=2)


def test_the_strip_is_lead_ii_of_ten_seconds() -> None:
    signal = flat()
    for sample in (300, 2100, 4900):
        signal[LEADS.index("II"), sample] = 1.0
    page = ink(picture(analysis(signal)))
    row = page[round((185 - 5) * DOTS_PER_MM)]
    columns = np.flatnonzero(row > 0.4)
    wanted = [20 * DOTS_PER_MM + sample / 500 * DOTS_PER_S for sample in (300, 2100, 4900)]
    assert {min(range(3), key=lambda k: abs(wanted[k] - x)) for x in columns} == {0, 1, 2}
    assert all(min(abs(x - want) for want in wanted) < 3 for x in columns)
    baseline = page[round(185 * DOTS_PER_MM) - 1, round(20 * DOTS_PER_MM) : -100]
    assert (baseline[: round(9.9 * DOTS_PER_S)] > 0).mean() > 0.98


def test_absent_leads_leave_their_place_empty_with_the_name() -> None:
    present = np.ones(12, dtype=bool)
    for lead in ("aVF", "V4"):
        present[LEADS.index(lead)] = False
    page = ink(picture(analysis(flat(), present=present)))
    for lead in PLACE:
        assert cell(page, lead).any() == (lead not in ("aVF", "V4"))
    shades = paper.blank() % paper.SHADES
    for lead in PLACE:
        assert cell(shades.astype(float), lead)[round(28 * DOTS_PER_MM) :, :80].any()


def test_a_lead_that_is_off_is_not_drawn_as_a_straight_line() -> None:
    record = synthetic.normal()
    signal = record.signal.copy()
    signal[LEADS.index("V3")] = 0.0
    seen = analyse(replace(record, signal=signal))
    (v3,) = [lead for lead in seen.quality.leads if lead.lead == "V3"]
    assert Fault.FLAT in v3.faults
    page = ink(picture(seen))
    assert not cell(page, "V3").any()
    assert cell(page, "V2").any()


def test_a_disturbed_lead_is_drawn() -> None:
    seen = analysis(flat())
    leads = [
        replace(lead, usable=False, faults=(Fault.NOISY,)) if lead.lead == "V3" else lead
        for lead in seen.quality.leads
    ]
    noisy = replace(seen, quality=replace(seen.quality, leads=tuple(leads)))
    assert cell(ink(picture(noisy)), "V3").any()


def test_what_the_source_lacks_is_blank() -> None:
    valid = np.ones((12, 5001), dtype=bool)
    valid[LEADS.index("V1"), 2500 + 400 : 2500 + 800] = False
    signal = flat()
    signal[LEADS.index("V2"), 2500 + 400 : 2500 + 800] = np.nan
    signal[LEADS.index("V3"), 2500 + 400 : 2500 + 800] = np.inf
    page = ink(picture(analysis(signal, valid=valid)))
    for lead in ("V1", "V2", "V3"):
        part = cell(page, lead)
        drawn = np.flatnonzero(part.any(axis=0))
        hole = drawn[np.argmax(np.diff(drawn)) :][:2]
        assert hole == pytest.approx([0.8 * DOTS_PER_S, 1.6 * DOTS_PER_S], abs=5)


def test_a_short_recording_ends_where_it_ends() -> None:
    page = ink(picture(analysis(flat(3000))))  # 6 s: half of the third column
    assert not cell(page, "V4").any()
    drawn = np.flatnonzero(cell(page, "V1").any(axis=0))
    assert drawn.max() == pytest.approx(1.0 * DOTS_PER_S, abs=4)


def test_a_spike_of_ten_millivolts_covers_nobody() -> None:
    normal = analyse(synthetic.normal()).conditioned.signal
    spiky = normal.copy()
    spiky[LEADS.index("II"), 600:604] = (5.0, 10.0, -10.0, -5.0)
    others = np.array([lead != "II" for lead in LEADS])
    theirs = ink(picture(analysis(normal, present=others))) > 0
    with_spike = ink(picture(analysis(spiky)))
    without = ink(picture(analysis(normal)))
    added = with_spike - without > 0.05
    assert added.any()
    assert not (added & theirs).any()
    assert (with_spike[theirs] == without[theirs]).all()
    # It goes as far as there is room: well beyond its own half.
    x = round(20 * DOTS_PER_MM + 602 / 500 * DOTS_PER_S)
    rows = np.flatnonzero(added[: round(110 * DOTS_PER_MM), x - 3 : x + 4].any(axis=1))
    assert rows.min() < (85 - 28) * DOTS_PER_MM
    assert rows.min() > 35 * DOTS_PER_MM


def test_two_that_need_more_room_than_there_is_get_half_each() -> None:
    signal = flat()
    signal[LEADS.index("II"), 600:640] = -6.0
    signal[LEADS.index("III"), 600:640] = 6.0
    middle = (85 + 135) / 2 * DOTS_PER_MM
    columns = slice(round(20 * DOTS_PER_MM + 1.1 * DOTS_PER_S), round(20 * DOTS_PER_MM + 300))
    for lead, above in (("II", True), ("III", False)):
        alone = np.array([name == lead for name in LEADS])
        both = ink(picture(analysis(signal)))[:, columns]
        one = ink(picture(analysis(signal, present=alone)))[:, columns]
        near = slice(round(middle) - 60, round(middle)) if above else slice(round(middle) + 1, 970)
        assert both[near].any()
        assert (both[near] == one[near]).all()  # the other has nothing on this side


def test_the_bytes_are_the_same_again_and_in_another_process() -> None:
    code = (
        "import hashlib; from tests import synthetic;"
        "from ecgcli.signals.analyse import analyse; from ecgcli.engines.picture import picture;"
        "print(hashlib.sha256(picture(analyse(synthetic.normal()))).hexdigest())"
    )
    seen = analyse(synthetic.normal())
    first = picture(seen)
    picture(analysis(flat()))
    assert picture(seen) == first
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert there.stdout.strip() == hashlib.sha256(first).hexdigest()


def test_it_holds_the_picture_and_nothing_else() -> None:
    png = picture(analyse(synthetic.normal()))
    names, at = [], 8
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        names.append(png[at + 4 : at + 8])
        at += 12 + length
    assert set(names) == {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
    assert pixels(png).shape == (1700, 2200)
    assert Image.open(io.BytesIO(png)).info == {}


def test_it_does_not_depend_on_the_patient() -> None:
    seen = analyse(synthetic.normal())
    patient = Patient(id="4711", name="Mustermann, Erika", age_years=33.0, sex="female")
    named = replace(seen, record=replace(seen.record, name="erika", patient=patient))
    assert picture(named) == picture(seen)


@pytest.mark.slow
def test_it_is_quick() -> None:
    seen = analyse(synthetic.normal())
    picture(seen)
    times = []
    for _ in range(5):
        start = time.process_time()
        picture(seen)
        times.append(time.process_time() - start)
    assert min(times) < 0.1  # 0.03 s where nothing else runs


@settings(max_examples=15, deadline=None)
@given(
    samples=st.integers(min_value=1, max_value=6000),
    size=st.sampled_from([0.0, 1e-6, 1.0, 20.0, 1e6, 1e30]),
    seed=st.integers(min_value=0, max_value=2**32 - 1),
    missing=st.integers(min_value=0, max_value=12),
    holes=st.floats(min_value=0.0, max_value=1.0),
)
def test_whatever_is_recorded_is_drawn_on_the_paper(
    samples: int, size: float, seed: int, missing: int, holes: float
) -> None:
    rng = np.random.default_rng(seed)
    signal = (size * rng.standard_normal((12, samples))).astype(np.float32)
    signal[rng.random(signal.shape) < holes / 2] = np.nan
    signal[rng.random(signal.shape) < holes / 20] = np.inf
    present = rng.permutation(np.arange(12) >= missing)
    valid = rng.random(signal.shape) >= holes / 2
    seen = analysis(signal, present=present, valid=valid)
    page = ink(picture(seen))
    assert page.shape == (1700, 2200)
    assert page.min() >= 0.0
    outside = page.copy()
    outside[int(DOTS_PER_MM) : -int(DOTS_PER_MM), round(19 * DOTS_PER_MM) : -60] = 0.0
    assert not outside.any()
    drawn = ~np.isnan(shown(seen)).all(axis=1)
    assert not (drawn & ~present).any()
    if not drawn.any():
        assert not page.any()


def test_a_sample_between_two_gaps_is_a_dot() -> None:
    signal = flat()
    signal[0, :1251] = np.nan
    signal[0, 600] = 0.5
    signal[0, 700] = 0.5
    page = cell(ink(picture(analysis(signal))), "I")
    radius = 0.75 / 72 * 200 / 2
    assert page.sum() == pytest.approx(2 * np.pi * radius**2, rel=0.05)
