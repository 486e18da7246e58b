"""Distances of sets of points, of which the answers are known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import sqrtm

from ecgcli.generation.manifold import frechet, radii, scores

Floats = NDArray[np.float64]


def cloud(count: int = 60, dimensions: int = 3, seed: int = 1) -> Floats:
    """Return points whose mean is exactly 0 and whose covariance is exactly the identity."""
    points = np.random.default_rng(seed).standard_normal((count, dimensions))
    points -= points.mean(axis=0)
    root = np.linalg.cholesky(np.cov(points, rowvar=False))
    whitened: Floats = np.linalg.solve(root, points.T).T
    return whitened


def test_frechet_distance_of_normal_distributions() -> None:
    here = cloud()
    assert frechet(here, here) == pytest.approx(0.0, abs=1e-9)
    # Moved: the square of the way. Twice as wide: (2 - 1)² in each of three dimensions.
    assert frechet(here, here + np.array([3.0, 4.0, 0.0])) == pytest.approx(25.0)
    assert frechet(here, 2.0 * here) == pytest.approx(3.0)
    assert frechet(2.0 * here, here) == pytest.approx(3.0)


def test_frechet_distance_of_covariances_that_do_not_commute() -> None:
    rng = np.random.default_rng(3)
    one, other = (cloud(seed=seed) @ rng.standard_normal((3, 3)) for seed in (4, 5))
    first, second = np.cov(one, rowvar=False), np.cov(other, rowvar=False)
    shared = np.real(np.trace(sqrtm(first @ second)))
    wanted = np.trace(first) + np.trace(second) - 2.0 * shared
    assert frechet(one, other) == pytest.approx(wanted)


def test_frechet_distance_of_fewer_points_than_dimensions() -> None:
    assert frechet(cloud()[:2], cloud()[:2]) == pytest.approx(0.0, abs=1e-9)


def test_a_radius_reaches_the_kth_other_point() -> None:
    line = np.array([[0.0], [1.0], [3.0], [7.0]])
    assert radii(line, 1).tolist() == [1.0, 1.0, 2.0, 4.0]
    assert radii(line, 2).tolist() == [3.0, 2.0, 3.0, 6.0]
    assert radii(line, 9).tolist() == [7.0, 6.0, 4.0, 7.0]


def test_the_same_set_is_found_whole() -> None:
    found = scores(cloud(), cloud(), 5)
    assert (found["precision"], found["recall"], found["coverage"]) == (1.0, 1.0, 1.0)
    # Each point lies in its own ball and in those of the points that have it among their nearest.
    assert found["density"] == pytest.approx(6 / 5)


def test_sets_apart_share_nothing() -> None:
    found = scores(cloud(), cloud(seed=2) + 100.0)
    assert set(found.values()) == {0.0}


def test_a_generator_that_makes_one_kind_only_is_precise_and_not_diverse() -> None:
    real = np.concatenate((cloud(seed=1), cloud(seed=2) + 100.0))
    found = scores(real, cloud(seed=1))
    assert found["precision"] == 1.0
    assert found["recall"] == found["coverage"] == 0.5


def test_a_generator_that_spreads_too_far_is_diverse_and_not_precise() -> None:
    real = cloud(seed=1)
    found = scores(real, np.concatenate((real, cloud(seed=2) + 100.0)))
    assert found["precision"] == 0.5
    assert found["recall"] == found["coverage"] == 1.0


def test_one_generated_point_far_out_does_not_cover_what_it_reaches_round() -> None:
    # Recall is misled by its huge ball, coverage is not.
    real = np.arange(10.0)[:, None]
    generated = np.array([[-1000.0], [1000.0]])
    found = scores(real, generated, 1)
    assert found["recall"] == 1.0
    assert found["coverage"] == found["density"] == 0.0
