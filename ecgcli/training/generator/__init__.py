"""How the generator is trained, in PyTorch: its networks, and the recipe of each.

What runs when a recording is generated is `models.generator`, the same arithmetic in NumPy.
"""
