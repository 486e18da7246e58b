"""A signal model in vLLM: the words of plain PyTorch, and what a run costs beside vLLM alone.

    python -m bench.ecglm MODEL PTBXL [--records N] [--jobs N] [--deeper LAYERS]

MODEL is a directory that `--model` of `interpret` takes. On fold 9 at 100 Hz: greedily and free of
any form, does vLLM write what `transformers` writes, record by record; how many tokens a second
come from a bare `LLM.generate` of all questions at once, with the form enforced, and how many from
`interpret`, which reads, measures, checks and writes meanwhile. With `--deeper` only the latter, of
the same model made slower by layers that change nothing (`bench.deeper`).
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.deeper import deepen
from ecgcli.batch.questions import question
from ecgcli.batch.settings import Settings
from ecgcli.engines import host
from ecgcli.engines.local import LocalEngine
from ecgcli.records.read import read_path
from ecgcli.signals.analyse import analyse
from ecgcli.training.ptbxl_table import table

if TYPE_CHECKING:
    from ecgcli.engines.question import Question

FOLD = 9


def questions(data: Path, model: Path, count: int) -> tuple[list[Path], list[Question]]:
    """Return recordings of fold 9, spread over it, and what is asked of each."""
    rows = [row for row in table(data, 100) if row.fold == FOLD]
    settings = Settings((data,), Path("out"), model=str(model))
    paths: list[Path] = []
    asked: list[Question] = []
    for row in rows[:: max(1, len(rows) // count)]:
        analysis = analyse(replace(read_path(row.path), patient=row.patient))
        if analysis.measurements is not None and len(paths) < count:
            paths.append(row.path)
            asked.append(question(analysis, settings))
    return paths, asked


def in_torch(model: Path, asked: list[Question]) -> list[str]:
    """Return the most probable words in plain PyTorch, one record after the other."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from ecgcli.models.ecglm.network import register
    from ecgcli.models.ecglm.tokens import ECG, SPECIAL

    register()
    network = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(model)
    ecg, vectors = SPECIAL.index(ECG), network.config.tokens
    found = []
    for each in asked:
        ids = list(tokenizer(each.user)["input_ids"])
        at = ids.index(ecg)
        whole = torch.tensor([[*ids[:at], *[ecg] * vectors, *ids[at + 1 :]]])
        with torch.inference_mode():
            out = network.generate(
                input_ids=whole,
                ecg_values=torch.from_numpy(each.signal)[None],
                attention_mask=torch.ones_like(whole),
                max_new_tokens=each.max_tokens,
                do_sample=False,
            )
        found.append(tokenizer.decode(out[0, whole.shape[1] :], skip_special_tokens=True))
    return found


def in_vllm(plan: host.Plan, asked: list[Question]) -> list[str]:
    """Return the answers of vLLM in process."""
    found: dict[int, str] = {}
    with LocalEngine(plan) as engine:
        for number, each in enumerate(asked):
            engine.ask(number, each)
        while engine.in_flight:
            found |= {one.number: one.text for one in engine.answers(1.0)}
    return [found[number] for number in range(len(asked))]


def bare(plan: host.Plan, asked: list[Question]) -> tuple[int, float]:
    """Return the tokens and the seconds of one `LLM.generate` with nothing around it."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_bare, args=(theirs, plan, asked))
    process.start()
    theirs.close()
    result: tuple[int, float] = ours.recv()
    process.join()
    return result


def _bare(connection: Connection, plan: host.Plan, asked: list[Question]) -> None:
    host.quiet(plan)
    llm, _ = host.load(plan)
    prompts: list[Any] = [
        {"prompt": each.user, "multi_modal_data": {"ecg": each.signal}} for each in asked
    ]
    params = [host.parameters(host.Asked(0, each)) for each in asked]
    llm.generate(prompts[:2], params[:2], use_tqdm=False)  # warm
    start = time.monotonic()
    outputs = llm.generate(prompts, params, use_tqdm=False)
    seconds = time.monotonic() - start
    connection.send((sum(len(each.outputs[0].token_ids) for each in outputs), seconds))


def whole(model: Path, paths: list[Path], jobs: int, formats: str) -> dict[str, Any]:
    """Return run.json of `interpret` over the recordings."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        words = ["interpret", *paths, "--out", out, "--model", model, "--jobs", jobs]
        command = [sys.executable, "-m", "ecgcli", *map(str, words), "--format", formats]
        subprocess.run(command, check=True, capture_output=True, env=os.environ)
        report: dict[str, Any] = json.loads((out / "run.json").read_text())
    return report


def main() -> None:
    """Print it all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--records", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--deeper", type=int, metavar="LAYERS")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = given.model
        if given.deeper:
            model = Path(folder) / "deeper"
            deepen(given.model, model, given.deeper)
        paths, asked = questions(given.data, model, given.records)
        plan = engine_plan(model)
        if not given.deeper:
            compare_words(model, plan, asked)
        compare_pace(model, plan, paths, asked, given.jobs)


def compare_words(model: Path, plan: host.Plan, asked: list[Question]) -> None:
    """Print how many answers are the same in PyTorch and in vLLM."""
    free = [replace(each, schema={}) for each in asked]
    here, there = in_torch(model, free), in_vllm(plan, free)
    same = sum(a == b for a, b in zip(here, there, strict=True))
    print(f"{same} of {len(asked)} answers are the same in PyTorch and in vLLM")
    kept = in_vllm(plan, asked)
    formed = sum(a == b for a, b in zip(there, kept, strict=True))
    print(f"{formed} of {len(asked)} are the same with the form enforced")


def compare_pace(
    model: Path, plan: host.Plan, paths: list[Path], asked: list[Question], jobs: int
) -> None:
    """Print tokens a second of a bare `LLM.generate` and of `interpret`."""
    tokens, seconds = bare(plan, asked)
    print(f"LLM.generate: {tokens} tokens in {seconds:.1f} s, {tokens / seconds:.0f} a second")
    for formats in ("json", "json,html,pdf"):
        report = whole(model, paths, jobs, formats)
        about = report["versions"]["model"]
        rate = about["tokens_written"] / about["seconds"]
        print(
            f"interpret --format {formats}: {about['tokens_written']} tokens in"
            f" {about['seconds']:.1f} s, {rate:.0f} a second ({rate * seconds / tokens:.0%});"
            f" {report['counts']['done'] / about['seconds']:.1f} records a second"
        )


def engine_plan(model: Path) -> host.Plan:
    """Return how `interpret` loads the model."""
    from ecgcli.batch.asking import plan_of

    return plan_of(Settings((model,), Path("out"), model=str(model)))


if __name__ == "__main__":
    main()
