"""Angles on the circle of the frontal plane, where -180 and 180 degrees are the same.

It knows how far one is from another; it does not know what they are angles of (`axes`).
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Degrees = TypeVar("Degrees", float, NDArray[np.float64])


def turn(difference: Degrees) -> Degrees:
    """Return a difference of two angles on the shorter way (degrees, -180 to below 180)."""
    return (difference + 180.0) % 360.0 - 180.0
