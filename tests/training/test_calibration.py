"""Calibrated probabilities mean what they say; thresholds follow the rule that is stated."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ecgcli.training.calibration import (
    calibration_error,
    cross_fitted,
    fit,
    reliability,
    thresholds,
)


def overconfident(records: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return logits twice as large as they should be, and shifted, with labels."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(-2.0, 1.5, (records, 3))
    labels = rng.random(truth.shape) < 1.0 / (1.0 + np.exp(-truth))
    return 2.0 * truth + 1.0, labels


def test_the_logits_are_put_right() -> None:
    logits, labels = overconfident(20000, 1)
    fitted = fit(logits, labels)
    assert fitted.slope == pytest.approx(0.5, abs=0.03)
    assert fitted.offset == pytest.approx(-0.5, abs=0.06)
    raw = 1.0 / (1.0 + np.exp(-logits))
    error = calibration_error(fitted(logits), labels)
    assert (error < 0.01).all()
    assert (error < calibration_error(raw, labels) / 3.0).all()


def test_cross_fitting_never_sees_the_record_itself() -> None:
    logits, labels = overconfident(400, 2)
    before = cross_fitted(logits, labels, seed=3)
    changed = labels.copy()
    changed[7] = ~changed[7]
    assert cross_fitted(logits, changed, seed=3)[7] == pytest.approx(before[7], abs=1e-12)


def test_a_statement_with_few_examples_follows_the_others() -> None:
    logits, labels = overconfident(3000, 4)
    labels[:, 2] = False
    labels[int(np.argmin(logits[:, 2])), 2] = True  # one example, in the wrong place
    fitted = fit(logits, labels)
    assert fitted.slope[2] > 0.1


@given(arrays(np.float64, 50, elements=st.floats(0.0, 1.0)))
def test_no_other_threshold_promises_more(column: np.ndarray) -> None:
    chosen = thresholds(column[:, None])[0]

    def promised(limit: float) -> float:
        above = column >= limit
        total = above.sum() + column.sum()
        return 2.0 * column[above].sum() / total if total > 0.0 else 0.0

    assert promised(chosen) >= max(promised(float(value)) for value in column) - 1e-9


def test_the_error_of_a_perfect_and_of_a_useless_forecast() -> None:
    labels = np.array([[True], [False], [True], [False]])
    assert calibration_error(labels.astype(float), labels)[0] == 0.0
    assert calibration_error(1.0 - labels, labels)[0] == 1.0
    assert calibration_error(np.full((4, 1), 0.5), labels)[0] == 0.0


def test_the_diagram_counts_every_probability_once() -> None:
    logits, labels = overconfident(5000, 6)
    rows = reliability(fit(logits, labels)(logits), labels)
    assert sum(count for count, _, _ in rows) == labels.size
    assert all(abs(said - true) < 0.06 for count, said, true in rows if count > 200)
