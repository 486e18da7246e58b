import pytest

from ecgcli.clinical.territory import territory


@pytest.mark.parametrize(
    ("leads", "name"),
    [
        (["III", "aVF", "II"], "inferior leads (II, III, aVF)"),
        (["V2", "V1"], "septal leads (V1, V2)"),
        (["V2", "V3"], "anteroseptal leads (V2, V3)"),
        (["V3", "V4"], "anterior leads (V3, V4)"),
        (["V4", "V5", "V6"], "anterolateral leads (V4, V5, V6)"),
        (["I", "aVL"], "lateral leads (I, aVL)"),
        (["V6", "II", "aVF"], "inferolateral leads (II, aVF, V6)"),
        (["V1", "V2", "V3", "V4", "V5", "I"], "extensive anterior leads (I, V1, V2, V3, V4, V5)"),
        (["II", "V2"], "leads II, V2"),
        (["I", "-aVR", "II"], "inferolateral leads (I, II)"),
    ],
)
def test_walls(leads: list[str], name: str) -> None:
    assert territory(leads) == name
