"""The generator's networks: as they are trained and as they run they are the same; they learn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from ecgcli.errors import ModelError  # noqa: E402
from ecgcli.models.generator import weights  # noqa: E402
from ecgcli.models.generator.decoder import decode  # noqa: E402
from ecgcli.models.generator.draw import Generator  # noqa: E402
from ecgcli.models.generator.flow import Asked, Flow  # noqa: E402
from ecgcli.models.generator.layout import BEAT_CHANNELS, LATENT, PATCH, SCALARS  # noqa: E402
from ecgcli.models.generator.rhythm import HIGHEST, LOWEST, RATES, START, Rhythm  # noqa: E402
from ecgcli.models.generator.upsample import upsampled  # noqa: E402
from ecgcli.training.generator import (  # noqa: E402
    autoencoder,
    flow,
    learn_autoencoder,
    learn_flow,
    learn_rhythm,
    learn_upsample,
    recipe,
    rhythm,
    upsample,
)
from ecgcli.training.generator.rows import BEATS, KINDS, Shard  # noqa: E402
from tests.training import small_ptbxl  # noqa: E402

STATEMENTS = 7
CODES = tuple(f"S{n}" for n in range(STATEMENTS))


def silent(line: str) -> None:
    pass


@pytest.fixture(scope="module")
def networks() -> dict[str, Any]:
    """Return networks whose every number counts."""
    torch.manual_seed(0)
    made: dict[str, Any] = {
        "rhythm": rhythm.Rhythm(STATEMENTS),
        "flow": flow.Flow(STATEMENTS),
        "autoencoder": autoencoder.Autoencoder(),
        "upsampler": upsample.Upsampler(),
    }
    for network in made.values():
        for parameter in network.parameters():
            if parameter.ndim == 1 or not parameter.abs().max():
                torch.nn.init.normal_(parameter, std=0.05)
        network.eval()
    made["autoencoder"].centre.normal_()
    return made


@pytest.fixture(scope="module")
def shipped(networks: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> weights.Weights:
    file = tmp_path_factory.mktemp("generator") / "generator.safetensors"
    card = {"codes": list(CODES), "examples": dict.fromkeys(CODES, 100)}
    weights.save(recipe.tensors_of(networks), card, file)
    return weights.load(file)


@pytest.fixture(scope="module")
def exact(networks: dict[str, Any]) -> weights.Weights:
    """Return the weights without the rounding of the file."""
    return weights.Weights(recipe.tensors_of(networks), CODES, dict.fromkeys(CODES, 100))


def asked(seed: int = 0) -> Asked:
    rng = np.random.default_rng(seed)
    scalars = rng.standard_normal(len(SCALARS)).astype(np.float32)
    scalars[3] = np.nan
    return Asked((rng.random(STATEMENTS) < 0.3).astype(np.float32), scalars)


def test_flow_is_the_same(networks: dict[str, Any], exact: weights.Weights) -> None:
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((20, LATENT)).astype(np.float32)
    track = rng.random((20, BEAT_CHANNELS * PATCH)).astype(np.float32)
    wanted = asked()
    ours = Flow(exact.of("flow")).latents(noise, track, wanted, steps=2, guidance=1.0) - noise
    x = torch.from_numpy(noise)[None]
    rest = [torch.from_numpy(a)[None] for a in (track, wanted.statements, wanted.scalars)]
    with torch.inference_mode():
        half = x + 0.5 * networks["flow"](x, torch.tensor([0.0]), *rest)
        theirs = networks["flow"](half, torch.tensor([0.5]), *rest)[0].numpy()
    np.testing.assert_allclose(ours, theirs, atol=2e-5)


def test_guidance_goes_on_from_what_is_not_asked(exact: weights.Weights) -> None:
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((8, LATENT)).astype(np.float32)
    track = np.zeros((8, BEAT_CHANNELS * PATCH), np.float32)
    run = Flow(exact.of("flow"))
    nothing = Asked(np.zeros(STATEMENTS, np.float32), np.full(len(SCALARS), np.nan, np.float32))
    plain = run.latents(noise, track, nothing, steps=2, guidance=1.0)
    np.testing.assert_allclose(run.latents(noise, track, nothing, steps=2), plain, atol=1e-5)
    assert np.abs(run.latents(noise, track, asked(), steps=2) - plain).max() > 1e-3


def test_decoder_is_the_same(networks: dict[str, Any], exact: weights.Weights) -> None:
    latent = np.random.default_rng(2).standard_normal((9, LATENT)).astype(np.float32)
    with torch.inference_mode():
        theirs = networks["autoencoder"].decode(torch.from_numpy(latent.T.copy())[None])[0]
    ours = decode(exact.of("autoencoder"), latent)
    assert ours.shape == (8, 9 * PATCH)
    np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-5)


def test_step_to_500_hz_is_the_same_but_for_noise(
    networks: dict[str, Any], exact: weights.Weights
) -> None:
    signal = np.random.default_rng(3).normal(0.0, 0.3, (8, 160)).astype(np.float32)
    with torch.inference_mode():
        course, doubt = networks["upsampler"](torch.from_numpy(signal)[None])
    tensors = exact.of("upsampler")
    quiet = {**tensors, "loudness": np.zeros((), np.float32)}
    ours = upsampled(quiet, signal, np.random.default_rng(0))
    np.testing.assert_allclose(ours, course[0].numpy(), atol=1e-5)
    noise = upsampled(tensors, signal, np.random.default_rng(0)) - ours
    assert noise.std() == pytest.approx(float(doubt.exp().mean()), rel=0.1)


def test_rhythm_is_the_same(networks: dict[str, Any], exact: weights.Weights) -> None:
    wanted = asked().statements
    run = Rhythm(exact.of("rhythm"))
    tensors = exact.of("rhythm")
    given = wanted @ tensors["statements.weight"].T + tensors["statements.bias"]
    given = given + tensors["age.weight"] @ np.array([0.5, 1.0], np.float32)
    state = np.zeros_like(given)
    tokens = [START, 10, RATES + 20, RATES + 40]
    for token in tokens:
        state = run._next(token, given, state)
    with torch.inference_mode():
        said, _ = networks["rhythm"](
            torch.tensor([tokens]), torch.from_numpy(wanted)[None], torch.tensor([0.5])
        )
    ours = tensors["out.weight"] @ state + tensors["out.bias"]
    np.testing.assert_allclose(ours, said[0, -1].numpy(), atol=1e-5)


def test_file_holds_what_runs_and_nothing_else(shipped: weights.Weights) -> None:
    assert shipped.codes == CODES
    assert shipped.examples["S1"] == 100
    assert len(shipped.digest) == 16
    assert not any(name.startswith(recipe.UNUSED) for name in shipped.tensors)
    assert {name.split(".")[0] for name in shipped.tensors} == {
        "rhythm",
        "flow",
        "autoencoder",
        "upsampler",
    }


def test_broken_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is no generator"):
        weights.load(tmp_path / "missing.safetensors")
    (tmp_path / "bad.safetensors").write_bytes(b"no weights")
    with pytest.raises(ModelError, match="is no generator"):
        weights.load(tmp_path / "bad.safetensors")


def test_drawing_depends_on_its_seed_alone(shipped: weights.Weights) -> None:
    generator = Generator(shipped)
    first = generator.draw(asked(), (60.0, 90.0), 4.0, (1, 2), steps=2)
    generator.draw(asked(1), (LOWEST, HIGHEST), 5.0, (3,), steps=2)
    again = generator.draw(asked(), (60.0, 90.0), 4.0, (1, 2), steps=2)
    np.testing.assert_array_equal(first.leads, again.leads)
    assert first.leads.shape == (8, 2000)
    other = generator.draw(asked(), (60.0, 90.0), 4.0, (1, 3), steps=2)
    assert np.abs(first.leads - other.leads).max() > 0.0


@pytest.mark.parametrize("rate", [30.0, 72.0, 141.5, 220.0])
def test_heart_beats_at_the_rate_asked_for(shipped: weights.Weights, rate: float) -> None:
    run = Rhythm(shipped.of("rhythm"))
    for seed in range(5):
        chance = np.random.default_rng(seed)
        beats = run.beats(asked().statements, 0.0, 10.0, (rate, rate), chance)
        assert beats.rate(10.0) == pytest.approx(rate, rel=0.01)
        assert (np.diff(beats.times_s) > 0.0).all()
        assert beats.times_s[0] < 0.0
        assert beats.times_s[-1] > 10.0


# -- training


def shard(count: int = 12) -> Shard:
    """Return recordings of a spike at every beat, the rate rising with the row."""
    rng = np.random.default_rng(0)
    leads = rng.normal(0.0, 10.0, (count, 8, 1000))
    beats = np.full((count, BEATS), np.nan, np.float32)
    kinds = np.full((count, BEATS), -1, np.int8)
    for row in range(count):
        times = np.arange(0.3, 9.9, 60.0 / (50 + 5 * row))
        beats[row, : len(times)] = times
        kinds[row, : len(times)] = KINDS.index(KINDS[0])
        for time in times:
            leads[row, :, round(100 * time) - 2 : round(100 * time) + 3] += 1000.0
    measured = np.full((count, 5), np.nan, np.float32)
    measured[:, 0] = 50 + 5 * np.arange(count)
    patient = np.tile(np.array([60.0, 1.0], np.float32), (count, 1))
    whole = leads.astype(np.int16)
    ids = np.arange(count)
    return Shard(ids, whole, beats, kinds, measured, patient, np.ones(count, np.float32))


def test_autoencoder_learns_and_goes_on(tmp_path: Path) -> None:
    rows = shard()
    small = learn_autoencoder.Recipe(epochs=2, batch=4, warm_up=2)
    first = learn_autoencoder.train(small, rows.leads, tmp_path / "a", silent)
    again = learn_autoencoder.train(small, rows.leads, tmp_path / "a", silent)  # nothing left to do
    for one, other in zip(first.state_dict().values(), again.state_dict().values(), strict=True):
        torch.testing.assert_close(one, other)
    with pytest.raises(ModelError, match="another recipe"):
        learn_autoencoder.train(replace(small, seed=2), rows.leads, tmp_path / "a", silent)
    signal = learn_autoencoder.crops(rows.leads, np.arange(4), np.random.default_rng(0))
    torch.manual_seed(0)
    fresh = autoencoder.Autoencoder()
    before = float(learn_autoencoder.loss_of(small, fresh, signal).detach())
    assert float(learn_autoencoder.loss_of(small, first, signal).detach()) < before


def test_flow_learns_from_latents(tmp_path: Path) -> None:
    rows = shard()
    coder = autoencoder.Autoencoder()
    learn_autoencoder.normalise(coder, rows.leads)
    statements = np.eye(len(rows.ids), STATEMENTS, dtype=np.float32)
    found = learn_flow.latents(coder, rows, statements)
    assert found.latent.shape == (12, len(learn_flow.STARTS), learn_autoencoder.PATCHES, LATENT)
    assert found.latent.astype(np.float32).std() == pytest.approx(1.0, abs=0.2)
    assert found.scalars[3, SCALARS.index("age")] == pytest.approx(0.25)
    small = learn_flow.Recipe(epochs=2, batch=6, warm_up=2)
    lines: list[str] = []
    made = learn_flow.train(small, found, tmp_path / "f", lines.append)
    assert sum(p.numel() for p in made.parameters()) > 3e6
    assert "from step 0" in lines[0]
    learn_flow.train(small, found, tmp_path / "f", lines.append)
    assert "from step 4" in lines[-1]


def test_beats_become_sentences() -> None:
    rows = shard()
    words = learn_rhythm.sentences(rows)
    assert words[0, 0] == rhythm.START
    middle = rhythm.rate_of(torch.tensor(float(words[4, 1]) + 0.5))
    assert float(middle) == pytest.approx(70.0, rel=0.05)
    even = rhythm.FIRST + int(rhythm.interval_class(torch.tensor(1.0)))
    count = int((~np.isnan(rows.beats[0])).sum())
    assert abs(words[0, 2 : count + 1] - even).max() <= 1
    assert (words[0, count + 1 :] == learn_rhythm.NOTHING).all()


def test_rhythm_learns() -> None:
    rows = shard()
    statements = np.zeros((12, STATEMENTS), np.float32)
    ages = np.zeros(12, np.float32)
    torch.manual_seed(0)
    words = learn_rhythm.sentences(rows)
    fresh = rhythm.Rhythm(STATEMENTS)
    before = float(learn_rhythm.loss_of(fresh, words, statements, ages).detach())
    small = learn_rhythm.Recipe(epochs=30, batch=12, warm_up=5)
    made = learn_rhythm.train(small, rows, statements, ages, silent)
    after = float(learn_rhythm.loss_of(made, words, statements, ages).detach())
    assert after < 0.5 * before


def test_step_to_500_hz_learns_the_colour_of_noise() -> None:
    rng = np.random.default_rng(0)
    fine = rng.normal(0.0, 20.0, (6, 8, 5001))
    alike = (fine[..., 1:] + fine[..., :-1]).astype(np.int16)  # neighbours are
    small = learn_upsample.Recipe(steps=30, batch=4, warm_up=5)
    made = learn_upsample.train(small, alike[..., ::5].copy(), alike, silent)
    assert float(made.colour[0]) > 0.1
    noise = made.noise(torch.zeros(2, 8, 4000), torch.Generator().manual_seed(0))
    near = float((noise[..., 1:] * noise[..., :-1]).mean() / noise.square().mean())
    assert near > 0.1


@pytest.mark.slow
def test_all_stages_make_a_generator(tmp_path: Path) -> None:
    data = small_ptbxl.make(tmp_path / "ptbxl", 18)
    stages = recipe.Recipe(
        learn_autoencoder.Recipe(epochs=1, batch=8),
        learn_rhythm.Recipe(epochs=1, batch=8),
        learn_flow.Recipe(epochs=1, batch=8),
        learn_upsample.Recipe(steps=2, batch=2),
    )
    lines: list[str] = []
    file = tmp_path / "generator.safetensors"
    recipe.make(stages, data, file, tmp_path / "work", 1, lines.append)
    made = weights.load(file)
    assert made.examples["SBRAD"] == 6
    assert made.codes == ("NORM", "IMI", "ASMI", "LVH", "CLBBB", "NDT", "LVOLT", "SR", "SBRAD")
    told = Asked(np.eye(9, dtype=np.float32)[8], np.full(len(SCALARS), np.nan, np.float32))
    drawn = Generator(made).draw(told, (45.0, 45.0), 10.0, 1, steps=2)
    assert drawn.beats.rate(10.0) == pytest.approx(45.0, rel=0.01)
    recipe.make(stages, data, file, tmp_path / "work", 1, lines.append)
    assert any("from step 2" in line for line in lines)  # the flow had nothing left to do
