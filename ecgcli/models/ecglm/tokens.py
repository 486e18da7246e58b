"""The special tokens of EcgLM; light to import, for those who only write its prompts.

It knows their names and their order, which is that of their numbers.
"""

from __future__ import annotations

PAD, END, ECG = "<|pad|>", "<|end|>", "<|ecg|>"
"""Padding, the end of an answer, and what stands for the signal."""
INTERPRET, GENERATE, ANSWER = "<|interpret|>", "<|generate|>", "<|answer|>"
CONDITION = tuple(f"[ECG{number}]" for number in range(8))
"""What the model will say to a generator of ECGs: their hidden states are its condition."""
SPECIAL = (PAD, END, ECG, INTERPRET, GENERATE, ANSWER, *CONDITION)
