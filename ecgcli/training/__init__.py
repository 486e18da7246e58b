"""How the models that ship in the package are made: data, augmentation and recipes.

Nothing here runs when records are measured.
"""
