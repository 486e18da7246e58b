"""Fixtures that every room's tests share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def ecg_data() -> Path:
    """Return the folder of real recordings, or skip: a stranger's clone has none."""
    folder = Path(os.environ.get("ECG_DATA", Path.home() / ".cache" / "ecg-data"))
    if not (folder / "ptbxl").is_dir():
        pytest.skip(f"no real recordings: set ECG_DATA to a folder that holds them (now {folder})")
    return folder
