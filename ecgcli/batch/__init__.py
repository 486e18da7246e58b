"""Batch: run the chain over many records, remember what is done, lose nothing."""
