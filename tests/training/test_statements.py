"""The recipe of the statement network: it learns, goes on where it stopped, and writes its file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

torch = pytest.importorskip("torch")

from ecgcli.cli.evaluate import evaluate  # noqa: E402
from ecgcli.cli.train import train as command  # noqa: E402
from ecgcli.errors import ModelError  # noqa: E402
from ecgcli.models import statements as model  # noqa: E402
from ecgcli.training import statements  # noqa: E402
from ecgcli.training.ptbxl_rows import Recordings  # noqa: E402
from ecgcli.training.statement_batches import Disturbance, Rows, draw  # noqa: E402
from tests.training import small_ptbxl  # noqa: E402

RECIPE = statements.Recipe(epochs=20, batch=16, warm_up=2, average=0.9, widths=(16, 16, 16, 32))


def rows(records: int = 64) -> Rows:
    """Return recordings of which half have a tall second lead, and say so in their label."""
    rng = np.random.default_rng(1)
    tall = np.arange(records) % 2 == 1
    signal = rng.normal(0.0, 0.05, (records, 12, 1000))
    signal[tall, 1] += np.sin(np.arange(1000) / 5.0)
    numbers = rng.normal(0.0, 1.0, (records, 5)).astype(np.float32)
    numbers[:, 2] = np.nan
    target = np.stack((tall, ~tall), axis=1).astype(np.float32)
    twin = np.full(records, -1)
    twin[:2] = (0, 1)
    return Rows(signal.astype(np.float16), numbers, target, twin, signal[:2].astype(np.float16),
                numbers[:2])  # fmt: skip


def test_it_learns_and_a_stopped_training_ends_like_an_undisturbed_one(tmp_path: Path) -> None:
    whole = statements.train(RECIPE, rows(), tmp_path / "whole", lambda line: None)

    class StopError(Exception):
        pass

    def stop(network: object, epoch: int) -> None:
        if epoch == 2:
            raise StopError

    with pytest.raises(StopError):
        statements.train(RECIPE, rows(), tmp_path / "stopped", lambda line: None, stop)
    again = statements.train(RECIPE, rows(), tmp_path / "stopped", lambda line: None)
    signal = torch.from_numpy(rows().signal.astype(np.float32))
    numbers = torch.from_numpy(rows().numbers)
    with torch.inference_mode():
        logits, same = whole.eval()(signal, numbers), again.eval()(signal, numbers)
    # Dropout is drawn anew after the stop, so only what was learned is alike.
    for said in (logits, same):
        assert ((said[:, 0] > said[:, 1]).numpy() == (rows().target[:, 0] > 0.5)).mean() > 0.9


def test_a_fine_network_learns_and_can_teach(tmp_path: Path) -> None:
    recipe = replace(RECIPE, fine=True, epochs=1, widths=(8, 8, 16, 16))
    made = statements.train(recipe, rows(), tmp_path, lambda line: None)
    labels = np.zeros((2, 2), dtype=np.float32)
    held = replace(recordings(labels), numbers=np.zeros((2, 5), np.float32))
    again = statements.trained(tmp_path, held)
    assert again.shape.fine
    assert np.array_equal(statements.predict(again, held), statements.predict(made.eval(), held))


def test_a_checkpoint_of_another_recipe_is_refused(tmp_path: Path) -> None:
    short = replace(RECIPE, epochs=1)
    statements.train(short, rows(), tmp_path, lambda line: None)
    with pytest.raises(ModelError, match="another recipe"):
        statements.train(replace(short, rate=1e-4), rows(), tmp_path, lambda line: None)


def test_batches_lose_inputs_and_never_gain_any() -> None:
    change = Disturbance(lose_leads=1.0, lose_lead=0.5, lose_number=0.5, lose_patient=1.0, mix=0.0)
    whole = rows()
    whole.signal[:, 7] = whole.twins[:, 7] = 0.0  # a lead that was never there
    signal, numbers, target = draw(whole, np.arange(32), change, np.random.default_rng(2))
    assert signal.shape == (32, 12, change.crop)
    assert not signal[:, 7].any()
    gone = ~signal.any(dim=2)
    assert 0.3 < float(gone[:, :7].float().mean()) < 0.7
    assert bool(numbers[:, -2:].isnan().all())
    assert bool(numbers[:, 2].isnan().all())
    assert (target.numpy() == whole.target[:32]).all()


def test_recordings_are_blended_with_their_targets() -> None:
    whole = rows()
    change = Disturbance(mix=1.0, lose_numbers=0.0, lose_number=0.0, lose_patient=0.0)
    _, numbers, target = draw(whole, np.arange(64), change, np.random.default_rng(4))
    between = (target > 0.01) & (target < 0.99)
    assert 8 < int(between.any(dim=1).sum()) < 64  # the others met one of the same label
    assert target.sum(dim=1).numpy() == pytest.approx(1.0)  # one label each, however blended
    assert not np.array_equal(numbers.numpy()[:, 0], whole.numbers[:, 0])


def test_the_same_seed_draws_the_same_batch() -> None:
    drawn = [draw(rows(), np.arange(16), Disturbance(), np.random.default_rng(3)) for _ in range(2)]
    assert torch.equal(drawn[0][0], drawn[1][0])


def test_a_label_of_no_likelihood_counts_half() -> None:
    labels = np.array([[0.0, np.nan], [1.0, 0.5]], dtype=np.float32)
    made = statements.rows_of(recordings(labels), recordings(labels[:0]), statements.Recipe())
    assert made.target.tolist() == [[0.5, 0.0], [1.0, 0.75]]
    assert made.twin.tolist() == [-1, -1]


def test_a_student_believes_its_teachers_and_not_the_labels(tmp_path: Path) -> None:
    whole = rows()
    teacher = statements.train(RECIPE, whole, tmp_path / "teacher", lambda line: None).eval()
    wrong = replace(whole, target=1.0 - whole.target)
    student = statements.train(
        RECIPE, wrong, tmp_path / "student", lambda line: None, teachers=[teacher, teacher]
    ).eval()
    with torch.inference_mode():
        logits = student(
            torch.from_numpy(whole.signal.astype(np.float32)), torch.from_numpy(whole.numbers)
        )
    assert ((logits[:, 0] > logits[:, 1]).numpy() == (whole.target[:, 0] > 0.5)).mean() > 0.9


def recordings(labels: np.ndarray) -> Recordings:
    count = len(labels)
    return Recordings(
        np.arange(count),
        np.ones(count, dtype=np.int64),
        np.zeros((count, 12, 1000), np.float16),
        np.zeros((count, 3), np.float32),
        labels,
    )


def test_the_commands_make_a_model_and_judge_it(tmp_path: Path) -> None:
    data = small_ptbxl.make(tmp_path / "ptbxl", 80)
    out = tmp_path / "out"
    run = CliRunner().invoke(
        command, ["statements", "--data", str(data), "--out", str(out), "--epochs", "1"]
    )
    assert run.exit_code == 0, run.output
    made = model.load(out / model.FILE)
    assert made.card["thresholds"] == [None] * len(made.card["outputs"]) or any(
        count >= 30 for count in made.card["examples"]
    )
    file = tmp_path / "scores.json"
    run = CliRunner().invoke(
        evaluate, ["statements", str(data), "--folds", "9", "--model", str(out), "--out", str(file)]
    )
    assert run.exit_code == 0, run.output
    assert "macro-AUROC" in run.output
    assert file.is_file()


def test_a_student_learns_from_what_an_earlier_training_left(tmp_path: Path) -> None:
    data = small_ptbxl.make(tmp_path / "ptbxl", 80)
    out = tmp_path / "out"
    first = ["statements", "--data", str(data), "--out", str(out), "--epochs", "1"]
    assert CliRunner().invoke(command, first).exit_code == 0
    student = [*first, "--seed", "2", "--start", str(out / "seed-1"), "--rate", "1e-3"]
    student += ["--teacher", str(out / "seed-1")]
    run = CliRunner().invoke(command, student)
    assert run.exit_code == 0, run.output
    run = CliRunner().invoke(command, [*student[:-1], str(data)])
    assert isinstance(run.exception, ModelError)
