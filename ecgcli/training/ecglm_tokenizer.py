"""The tokenizer of EcgLM: byte-level pairs learned from its own answers.

It knows how text is cut; it does not know what the texts say. Digits stand alone, so that a number
is read and written digit by digit, and pieces may go across words and signs: the frame of an
answer, the same every time, then costs a few tokens.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from ecgcli.models.ecglm.tokens import END, PAD, SPECIAL

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

# A number's digits and signs one by one; what lies between numbers in pieces that end with a colon,
# a comma or a full stop, so that the learning of pairs stays quick.
PIECES = Regex(r"[0-9]|[-.](?=[0-9])|[^0-9]*?[:,.]+(?:\[|\{|\")*|[^0-9]+")


def learn(texts: Iterable[str], size: int) -> PreTrainedTokenizerFast:
    """Return a tokenizer of at most `size` tokens, the special ones first.

    Args:
        texts: What it is to write and to read.
        size: Tokens, 256 of which are bytes.
    """
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(PIECES, "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        max_token_length=64,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=END,
        extra_special_tokens=[name for name in SPECIAL if name not in (PAD, END)],
        clean_up_tokenization_spaces=False,
    )
