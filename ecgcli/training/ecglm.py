"""The recipe of EcgLM: seeded, resumable, on two cores or on a GPU.

It knows how the model is trained; what it is asked and answers is in `ecglm_batches`, what it is
made of in `models.ecglm`. The encoder begins as the statement network and learns slowly; the
decoder begins at random. What was tried stands in `ecglm.md` beside this file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ecgcli.models import statements
from ecgcli.models.ecglm.config import small
from ecgcli.models.ecglm.network import EcgLmForConditionalGeneration
from ecgcli.models.ecglm.tokens import ECG, END, PAD, SPECIAL
from ecgcli.models.files import digest_of_model
from ecgcli.training import ecglm_answers, ecglm_batches, ecglm_tokenizer
from ecgcli.training.network import parameters
from ecgcli.training.ptbxl_rows import load
from ecgcli.training.statements import CHOOSING, TRAINING
from ecgcli.training.steps import worth_compiling
from ecgcli.training.trainer import Trainer, ahead
from ecgcli.training.vocabulary import vocabulary

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

VOCABULARY = 2048


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the model is trained.

    Attributes:
        start: Fingerprint of the model that this one goes on from, "" for none.
        rate: Highest learning rate of what begins at random.
        encoder_rate: That of the encoder, which begins trained.
        shown: Share of the prompts that tell measurements.
        unnamed: Share of the prompts that tell neither age nor sex.
        noise_mv: White noise on the signal, at most; each recording gets a share of it.
    """

    seed: int = 1
    start: str = ""
    epochs: int = 3
    batch: int = 32
    rate: float = 1.5e-3
    encoder_rate: float = 2e-4
    decay: float = 0.05
    warm_up: int = 200
    shown: float = 0.4
    unnamed: float = 0.3
    noise_mv: float = 0.02


def chosen(
    seed: int, epochs: int | None = None, rate: float | None = None, start: Path | None = None
) -> Recipe:
    """Return the recipe with another seed, length, rate or beginning."""
    recipe = replace(Recipe(), seed=seed, start=digest_of_model(start) if start else "")
    recipe = recipe if epochs is None else replace(recipe, epochs=epochs)
    return recipe if rate is None else replace(recipe, rate=rate)


def make(
    recipe: Recipe,
    data: Path,
    out: Path,
    work: Path,
    jobs: int,
    say: Callable[[str], None],
    start: Path | None = None,
) -> Path:
    """Train on folds 1 to 8 and write the model's directory.

    Args:
        recipe: What to do.
        data: Folder of PTB-XL in the official layout.
        out: Directory of the model: weights, configuration, tokenizer.
        work: Folder for the arrays (those of `train statements` serve) and the checkpoint.
        jobs: Processes that measure recordings.
        say: Takes lines about the progress.
        start: Directory of the model to go on from, that of the recipe's fingerprint.
    """
    words = vocabulary(data)
    coarse = load(data, 100, range(1, 10), words, work / "rows", jobs, say)
    learned, held = coarse.of(TRAINING), coarse.of(CHOOSING)
    lessons = ecglm_batches.lessons(learned, words)
    tokenizer = _tokenizer(lessons, start)

    def tokens(recordings: Any, found: Any) -> ecglm_batches.Tokens:
        vectors, end = small(len(tokenizer)).tokens, SPECIAL.index(END)
        ecg = SPECIAL.index(ECG)
        return ecglm_batches.tokens_of(
            recordings, found, lambda text: list(tokenizer(text)["input_ids"]), ecg, vectors, end
        )

    judged = tokens(held, ecglm_batches.lessons(held, words))

    def check(model: EcgLmForConditionalGeneration, epoch: int) -> None:
        say(f"epoch {epoch}, fold 9: loss {loss_on(recipe, model, judged):.4f} a token")

    folder = work / f"ecglm-{recipe.seed}"
    model = train(recipe, tokenizer, tokens(learned, lessons), folder, say, check, start)
    write(model, tokenizer, out)
    return out


def _tokenizer(
    lessons: Sequence[ecglm_batches.Lesson], start: Path | None
) -> PreTrainedTokenizerFast:
    if start is not None:
        from transformers import PreTrainedTokenizerFast

        found: PreTrainedTokenizerFast = PreTrainedTokenizerFast.from_pretrained(start)
        for name in ("is_local", "local_files_only"):  # how it was loaded is not part of it
            found.init_kwargs.pop(name, None)
        return found
    texts = [text for one in lessons for text in (one.asked[1], one.answered)]
    return ecglm_tokenizer.learn(texts, VOCABULARY)


def write(
    model: EcgLmForConditionalGeneration, tokenizer: PreTrainedTokenizerFast, out: Path
) -> None:
    """Write a directory that `transformers` and vLLM load, weights as bfloat16."""
    out.mkdir(parents=True, exist_ok=True)
    model.to(torch.bfloat16)
    model.config.text_config.dtype = None  # that of the whole, whatever the start was loaded as
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)


def train(
    recipe: Recipe,
    tokenizer: PreTrainedTokenizerFast,
    tokens: ecglm_batches.Tokens,
    folder: Path,
    say: Callable[[str], None],
    check: Callable[[EcgLmForConditionalGeneration, int], None] | None = None,
    start: Path | None = None,
) -> EcgLmForConditionalGeneration:
    """Train from the last checkpoint in the folder, else from a model, else from the seed.

    Raises:
        ModelError: The folder's checkpoint is that of another recipe.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(recipe.seed)
    model = _begun(len(tokenizer), start).to(device)
    per_epoch = ecglm_batches.batches(tokens, recipe.batch)
    steps = recipe.epochs * per_epoch
    trainer = Trainer(
        recipe,
        model,
        torch.optim.AdamW(_groups(model, recipe), betas=(0.9, 0.95), fused=True),
        steps=steps,
        warm_up=recipe.warm_up,
        say=say,
        checkpoint=folder / "checkpoint.pt",
    )
    if worth_compiling(steps - trainer.first, device):
        model.language_model.compile(dynamic=True)  # half the time
    size = f"{parameters(model)} parameters, {len(tokens.signal)} recordings"
    say(f"{size}, from step {trainer.first}")
    batches = ahead(_drawing(recipe, tokens, per_epoch), trainer.first, steps)
    for step, batch in zip(trainer, batches, strict=True):
        trainer.take(_loss(recipe, model, batch, step))
        if check and (step + 1) % per_epoch == 0:
            check(model, (step + 1) // per_epoch)
    return model


def _begun(vocabulary: int, start: Path | None) -> EcgLmForConditionalGeneration:
    if start is not None:
        model: EcgLmForConditionalGeneration = EcgLmForConditionalGeneration.from_pretrained(
            start, dtype=torch.float32
        )
        return model
    model = EcgLmForConditionalGeneration(small(vocabulary, tuple(ecglm_answers.rows())))
    model.encoder.begin_as(statements.shipped().weights)
    return model


def _groups(model: EcgLmForConditionalGeneration, recipe: Recipe) -> list[dict[str, Any]]:
    """Return the parameters for the optimizer: the encoder learns slowly, matrices decay."""
    groups: dict[tuple[bool, bool], list[torch.nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        groups.setdefault((name.startswith("encoder."), parameter.ndim > 1), []).append(parameter)
    return [
        {
            "params": members,
            "weight_decay": recipe.decay if matrices else 0.0,
            "lr": recipe.encoder_rate if encoder else recipe.rate,
        }
        for (encoder, matrices), members in groups.items()
    ]


def _drawing(
    recipe: Recipe, tokens: ecglm_batches.Tokens, per_epoch: int
) -> Callable[[int], ecglm_batches.Batch]:
    """Return what gives a step's batch; it remembers the order of the epoch that it is in."""
    orders: dict[int, ecglm_batches.Epoch] = {}

    def batch(step: int) -> ecglm_batches.Batch:
        number, place = divmod(step, per_epoch)
        if number not in orders:
            orders.clear()
            orders[number] = ecglm_batches.epoch(
                tokens, recipe.seed, number, recipe.batch, recipe.shown, recipe.unnamed
            )
        return ecglm_batches.draw(tokens, orders[number], place, SPECIAL.index(PAD))

    return batch


def _loss(
    recipe: Recipe, model: EcgLmForConditionalGeneration, batch: ecglm_batches.Batch, step: int
) -> torch.Tensor:
    """Return the mean cross-entropy of the answers' tokens."""
    device = model.device
    signal = batch.signal.to(device)
    if recipe.noise_mv:
        generator = torch.Generator().manual_seed(recipe.seed * 1_000_003 + step)
        level = torch.rand(len(signal), 1, 1, generator=generator) * recipe.noise_mv
        noise = level * torch.randn(signal.shape, generator=generator)
        signal = signal + noise.to(device) * (signal != 0.0).any(2, keepdim=True)
    return _cross_entropy(model, batch, signal)


def _cross_entropy(
    model: EcgLmForConditionalGeneration, batch: ecglm_batches.Batch, signal: torch.Tensor
) -> torch.Tensor:
    device = model.device
    with torch.autocast(device.type, dtype=torch.bfloat16):
        said = model(
            input_ids=batch.tokens.to(device),
            ecg_values=signal.to(device),
            attention_mask=batch.mask.to(device),
            use_cache=False,
        )
    scores = said.logits[:, :-1].float().flatten(0, 1)
    wanted = batch.labels[:, 1:].flatten().to(device)
    return torch.nn.functional.cross_entropy(scores, wanted, ignore_index=ecglm_batches.IGNORED)


@torch.no_grad()
def loss_on(
    recipe: Recipe, model: EcgLmForConditionalGeneration, tokens: ecglm_batches.Tokens
) -> float:
    """Return the mean loss a batch on recordings that were not learned, without measurements.

    Each is asked once, however often those that are learned are shown.
    """
    model.eval()
    once = replace(tokens, often=np.ones_like(tokens.often))
    order = ecglm_batches.epoch(once, 0, 0, recipe.batch, 0.0, 0.0)
    pad = SPECIAL.index(PAD)
    total = 0.0
    for place in range(len(order.batches)):
        batch = ecglm_batches.draw(tokens, order, place, pad)
        total += float(_cross_entropy(model, batch, batch.signal))
    return total / len(order.batches)
