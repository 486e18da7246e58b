"""How each family of models is asked: one small file a family."""
