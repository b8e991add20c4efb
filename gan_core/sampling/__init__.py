"""Drawing pictures: what a generator is given, the sheet that a run shows, and generators read from a file.

generator = load(Path("weights.safetensors"))
images = generator.generate(64, seed=0)  # (64, H, W, C) uint8
"""

from gan_core.sampling.drawing import Truncation, calibrate_generator, render
from gan_core.sampling.generator import LoadedGenerator, load
from gan_core.sampling.inputs import Inputs, draw_inputs, draw_latents, noise_size, seeded_inputs, seeded_latents
from gan_core.sampling.sheets import Sheet

__all__ = [
    "Inputs",
    "LoadedGenerator",
    "Sheet",
    "Truncation",
    "calibrate_generator",
    "draw_inputs",
    "draw_latents",
    "load",
    "noise_size",
    "render",
    "seeded_inputs",
    "seeded_latents",
]
