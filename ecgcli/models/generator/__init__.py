"""The networks of the generator: rhythm, latent flow, autoencoder, and the step to 500 Hz.

They know arrays and layers; what is asked of them in words is the generation room's.
"""
