"""A synthetic heart: a dipole that turns through the cardiac cycle, seen by twelve leads.

Each wave is a Gaussian bump (steeper after its peak than before, where a wave is) of the heart
vector in the Frank frame: x to the patient's left, y to the feet, z to the back, in mV. Dower's
matrix projects it to the eight independent leads. The chest moves with breathing, the rhythm varies
as a sinus node does, and noise is added where it arises: at the electrodes, so that the limb leads
obey Einthoven's law as recorded ones do.

It knows hearts and electrodes; it knows neither cases nor files.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Vector = tuple[float, float, float]

INDEPENDENT = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
RATE = 500
SECONDS = 10

# Frank XYZ to the eight independent leads: Dower GE, Machado HB, Osborne JA. "On deriving the
# electrocardiogram from vectorcardiographic leads", Clin Cardiol 1980;3:87-95.
DOWER = np.array(
    [
        (0.632, -0.235, 0.059),
        (0.235, 1.066, -0.132),
        (-0.515, 0.157, -0.917),
        (0.044, 0.164, -1.387),
        (0.882, 0.098, -1.277),
        (1.213, 0.127, -0.601),
        (1.125, 0.127, -0.086),
        (0.831, 0.076, 0.230),
    ]
)


@dataclass(frozen=True)
class Wave:
    """A bump of the heart vector: its peak (ms from QRS onset), widths (SD, ms), height (mV)."""

    at: float
    rise: float
    fall: float
    vector: Vector

    def shape(self, ms: Floats) -> Floats:
        width = np.where(ms < self.at, self.rise, self.fall)
        return np.exp(-0.5 * ((ms - self.at) / width) ** 2)


@dataclass(frozen=True)
class Plateau:
    """The ST segment: a step up at the J point that the falling T wave takes down again."""

    start: float
    end: float
    vector: Vector

    def shape(self, ms: Floats) -> Floats:
        up = 1 / (1 + np.exp(-np.clip((ms - self.start) / 4, -50, 50)))
        down = 1 / (1 + np.exp(np.clip((ms - self.end) / 18, -50, 50)))
        return up * down


@dataclass(frozen=True)
class Beat:
    """One cardiac cycle; times count from QRS onset, so those of the P wave are negative."""

    p: tuple[Wave, ...]
    qrs: tuple[Wave, ...]
    t: tuple[Wave, ...]
    st: tuple[Plateau, ...] = ()

    def leads(self, ms: Floats, part: str = "all", late: float = 0.0) -> Floats:
        """Return (8, samples) mV at `ms` from QRS onset; `late` moves the T wave (ms)."""
        waves: list[Wave | Plateau] = []
        if part in ("all", "p"):
            waves += self.p
        if part in ("all", "qrs"):
            waves += self.qrs
        if part in ("all", "t"):
            waves += [replace(wave, at=wave.at + late) for wave in self.t]
            waves += [replace(plateau, end=plateau.end + late) for plateau in self.st]
        out = np.zeros((8, ms.size))
        for wave in waves:
            out += np.outer(DOWER @ np.array(wave.vector), wave.shape(ms))
        return out

    def turned(self, degrees: float, size: float = 1.0) -> Beat:
        """Return the same beat of another chest: the frontal axis turned (clockwise), scaled."""
        turn, (cos, sin) = np.deg2rad(degrees), (np.cos, np.sin)

        def of(wave: Wave) -> Wave:
            x, y, z = wave.vector
            across, down = x * cos(turn) - y * sin(turn), x * sin(turn) + y * cos(turn)
            return replace(wave, vector=(across * size, down * size, z * size))

        return replace(self, qrs=tuple(map(of, self.qrs)), t=tuple(map(of, self.t)))

    def truth(self) -> dict[str, int | None]:
        """Return PR, QRS and QT in ms, read off the noiseless beat.

        P and QRS begin and end where they pass 10 and 20 uV (a fifth of a millimetre) in any lead;
        T ends where the tangent at its steepest descent meets the baseline, in the lead with the
        latest end of those with a T of 0.1 mV.
        """
        ms = np.arange(-400.0, 800.0, 0.5)
        qrs = ms[(np.abs(self.leads(ms, "qrs")) > 0.02).any(axis=0)]
        p = ms[(np.abs(self.leads(ms, "p")) > 0.01).any(axis=0)]
        ends = []
        for row in self.leads(ms, "t"):
            after = ms > qrs[-1] + 60
            peak = int(np.argmax(np.abs(row) * after))
            if abs(row[peak]) < 0.1:
                continue
            slope = np.gradient(row, ms)
            steepest = peak + int(np.argmax(-np.sign(row[peak]) * slope[peak:]))
            ends.append(ms[steepest] - row[steepest] / slope[steepest])
        return {
            "pr_ms": round(float(qrs[0] - p[0])) if p.size else None,
            "qrs_ms": round(float(qrs[-1] - qrs[0])),
            "qt_ms": round(float(max(ends) - qrs[0])),
        }


@dataclass(frozen=True)
class Noise:
    """What electrodes add, as SD in mV: muscle, mains (its amplitude), slow drift; and faults."""

    muscle: float = 0.006
    mains: float = 0.003
    drift: float = 0.03
    bursts: float = 0.0
    loose: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scene:
    """What is recorded: QRS onsets (s) and their beats, in order, and what lies underneath."""

    onsets: Floats
    beats: tuple[Beat, ...]
    noise: Noise = field(default_factory=Noise)
    fibrillation: float = 0.0  # mV in V1
    flutter_hz: float = 6.2


def rhythm(
    rng: np.random.Generator, rate: float, breathing: float = 0.03, jitter: float = 0.012
) -> Floats:
    """Return QRS onsets (s) of a sinus rhythm: RR varies with breathing and a little at random."""
    onsets, phase = [-1.0 + rng.uniform(0, 0.6)], rng.uniform(0, 2 * np.pi)
    while onsets[-1] < SECONDS + 1:
        sway = breathing * np.sin(2 * np.pi * 0.24 * onsets[-1] + phase)
        onsets.append(onsets[-1] + 60 / rate * (1 + sway + jitter * rng.standard_normal()))
    return np.array(onsets)


def record(rng: np.random.Generator, scene: Scene) -> Floats:
    """Return (12, samples) in mV at `RATE`."""
    t = np.arange(SECONDS * RATE) / RATE
    breath = np.sin(2 * np.pi * 0.24 * t + rng.uniform(0, 2 * np.pi))
    hearts = np.zeros((8, t.size))
    rr_before = np.diff(scene.onsets, prepend=scene.onsets[0] - np.median(np.diff(scene.onsets)))
    for onset, rr, beat in zip(scene.onsets, rr_before, scene.beats, strict=True):
        # Repolarisation follows the cycle before it, a fifth of the way that Bazett would have it.
        late = 60.0 * float(np.clip(rr - np.median(rr_before), -0.3, 0.3))
        hearts += beat.leads((t - onset) * 1000, late=late)
    hearts *= 1 + 0.035 * breath * rng.uniform(0.6, 1.4, (8, 1))
    hearts += fibrillation(rng, t, scene)
    return twelve(hearts + electrodes(rng, t, scene.noise, breath))


def fibrillation(rng: np.random.Generator, t: Floats, scene: Scene) -> Floats:
    """Return (8, samples): fibrillatory waves of changing rate and height, largest in V1."""
    if not scene.fibrillation:
        return np.zeros((8, t.size))
    vector = np.array([-0.30, 0.45, -0.75])
    out = np.zeros((8, t.size))
    for harmonic, share in ((1, 0.75), (2, 0.3), (3, 0.12)):
        wobble = 0.35 * np.cumsum(slow(rng, t.size, 1.5)) / RATE * 2 * np.pi
        phase = 2 * np.pi * scene.flutter_hz * t + 3 * wobble
        height = scene.fibrillation * share * (1 + 0.3 * slow(rng, t.size, 0.8))
        lag = rng.uniform(-0.4, 0.4, (8, 1))
        out += (DOWER @ vector)[:, None] * height * np.sin(harmonic * (phase + lag))
    return out


def slow(rng: np.random.Generator, size: int, cutoff: float) -> Floats:
    """Return noise of unit SD below `cutoff` Hz."""
    return band(rng, size, 0.0, cutoff)


def band(rng: np.random.Generator, size: int, low: float, high: float) -> Floats:
    """Return noise of unit SD between `low` and `high` Hz."""
    spectrum = np.fft.rfft(rng.standard_normal(size))
    frequencies = np.fft.rfftfreq(size, 1 / RATE)
    spectrum[(frequencies < low) | (frequencies > high)] = 0
    noise = np.fft.irfft(spectrum, size)
    unit: Floats = noise / noise.std()
    return unit


def electrodes(rng: np.random.Generator, t: Floats, noise: Noise, breath: Floats) -> Floats:
    """Return (8, samples): noise of nine electrodes as the leads see it."""
    names = ("RA", "LA", "LL", "V1", "V2", "V3", "V4", "V5", "V6")
    mains_phase = rng.uniform(0, 2 * np.pi)
    at: dict[str, Floats] = {}
    for name in names:
        muscle = noise.muscle * (1 + 0.35 * slow(rng, t.size, 0.6)) * band(rng, t.size, 20, 140)
        drift = noise.drift * (0.6 * slow(rng, t.size, 0.3) + 0.5 * rng.uniform(-1, 1) * breath)
        mains = noise.mains * rng.uniform(0.3, 1.3) * np.sin(2 * np.pi * 50 * t + mains_phase)
        at[name] = muscle + drift + mains + burst(rng, t, noise.bursts)
        if name in noise.loose:
            at[name] = at[name] + loose_contact(rng, t)
    central = (at["RA"] + at["LA"] + at["LL"]) / 3
    chest = [at[name] - central for name in names[3:]]
    return np.stack([at["LA"] - at["RA"], at["LL"] - at["RA"], *chest])


def burst(rng: np.random.Generator, t: Floats, size: float) -> Floats:
    """Return muscle tremor that comes and goes, of `size` mV, and movement with it."""
    if not size:
        return np.zeros_like(t)
    envelope = np.clip(0.8 + 0.6 * slow(rng, t.size, 0.7), 0.2, None)
    return size * envelope * (band(rng, t.size, 15, 140) + 1.2 * band(rng, t.size, 0.5, 8))


def loose_contact(rng: np.random.Generator, t: Floats) -> Floats:
    """Return the steps of an electrode that comes off and on, each of some mV."""
    steps = np.zeros_like(t)
    for at in rng.uniform(0, SECONDS, 14):
        steps += rng.uniform(-3, 3) * (t > at) * np.exp(-np.clip((t - at) / 0.5, 0, None))
    return steps


def twelve(rows: Floats) -> Floats:
    """Return the twelve standard leads of the eight independent ones."""
    one, two = rows[0], rows[1]
    limb = [one, two, two - one, -(one + two) / 2, one - two / 2, two - one / 2]
    return np.vstack([*limb, rows[2:]])
