"""EcgLM: a small language model that is shown an ECG and writes what it sees.

An encoder turns twelve leads into 32 vectors, which stand in the prompt as if they were words; a
small decoder of a standard architecture (Qwen3) goes on from there. `transformers` and vLLM load
the same directory.
"""
