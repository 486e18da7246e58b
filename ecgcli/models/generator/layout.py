"""What the generator's networks agree on: leads, rates, patches, conditions; light to import.

It knows shapes and names; it does not know any network.
"""

from __future__ import annotations

import math

INDEPENDENT = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
"""Leads that are generated; the other four follow from Einthoven and Goldberger."""
RATE = 100.0
"""Samples per second (Hz) of what the flow's decoder gives."""
FINE_RATE = 500.0
"""Samples per second (Hz) of what is written."""
PATCH = 16
"""Samples of one latent vector, 160 ms."""
LATENT = 32
"""Numbers of one latent vector."""
BEAT_CHANNELS = 3
"""Rows of a beat track: beats of the basic rhythm, ventricular ectopic, supraventricular ones."""
BEAT_WIDTH_S = 0.015
"""Standard deviation (s) of the bump that marks a beat: 1.5 samples, so that its time shows."""

SCALARS = (
    "age",
    "female",
    "heart_rate",
    "pr",
    "qrs",
    "qt",
    "axis_cos",
    "axis_sin",
    "quality",
)
CENTRE = (55.0, 0.5, math.log(75.0), 160.0, 95.0, 390.0, 0.0, 0.0, 0.9)
SPREAD = (20.0, 0.5, 0.3, 30.0, 20.0, 40.0, 0.7, 0.7, 0.1)
"""By which each scalar (years, 1 for female, log of /min, ms, score) is brought near to -1 .. 1."""
