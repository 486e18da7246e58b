"""Generation: an ECG that shows what was asked for.

It begins with what is asked: a sentence of everyday clinical English becomes a `Request`. The
words, the limits and their sources are tables in `data`.
"""
