"""A generator as ONNX, which runs without gan_core and without torch: in other languages, browsers and on phones."""

import copy
import json
import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from gan_core.errors import GanCoreError
from gan_core.sampling import LoadedGenerator, noise_size, seeded_inputs

TOLERANCE = 1e-4
"""Largest difference from torch, in pixels of -1..1; a step of brightness is 80 times as much."""
OPSET = 20


class ExportFailed(GanCoreError):
    """The generator cannot be written as ONNX, or would not draw the same there."""


def export_onnx(generator: LoadedGenerator, path: Path) -> float:
    """Write `path` and give the largest difference between its pictures and torch's, after checking that it is small.

    Inputs, for any number N of pictures: `latents` (N, latent_size) float, `labels` (N,) int64 if it learnt classes, `noise` (N, noise_size)
    float if it takes any. Output: `images` (N, C, H, W) float in -1..1.

    Raises:
        ExportFailed: nothing is written.
    """
    network = _plain(generator.network)
    names = ["latents", *(["labels"] if generator.config.conditional else []), *(["noise"] if noise_size(network) else [])]
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        _write(network, names, generator, unfinished)
        difference = _largest_difference(network, names, generator, unfinished)
        if not difference <= TOLERANCE:  # which not-a-number is not, either
            raise ExportFailed(f"The ONNX file would draw other pictures (by up to {difference:.2g} of 2), so it was not kept.")
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    return difference


class _ByName(nn.Module):
    """The generator with its inputs in the order of `names`, of which there are just those that it takes."""

    def __init__(self, network: nn.Module, names: list[str]) -> None:
        super().__init__()
        self.network = network
        self.names = names

    def forward(self, *inputs: Tensor) -> Tensor:
        given = dict(zip(self.names, inputs, strict=True))
        images: Tensor = self.network(given["latents"], given.get("labels"), *([given["noise"]] if "noise" in given else []))
        return images


def _plain(network: nn.Module) -> nn.Module:
    """A copy for the processor in which weights that are computed from others, as by spectral normalisation, are computed for good."""
    plain = copy.deepcopy(network).cpu().float().eval().requires_grad_(False)
    for module in list(plain.modules()):
        if isinstance(computed := getattr(module, "parametrizations", None), nn.ModuleDict):
            values = {name: getattr(module, name) for name in computed}
            # by hand: `remove_parametrizations` would change a class that the copy shares with its original
            module.__class__ = parametrize.type_before_parametrizations(module)
            del module.parametrizations
            for name, value in values.items():
                module.register_parameter(name, nn.Parameter(value, requires_grad=False))
    return plain


def _inputs(names: list[str], network: nn.Module, generator: LoadedGenerator, count: int, seed: int) -> tuple[Tensor, ...]:
    """Some of a seed, in the order of `names`."""
    labels = torch.arange(count) % len(generator.class_names) if "labels" in names else None
    drawn = seeded_inputs(generator.config, count, seed, labels).part(0, count, noise_size(network), torch.device("cpu"))
    return tuple(value for value in drawn if value is not None)


def _write(network: nn.Module, names: list[str], generator: LoadedGenerator, path: Path) -> None:
    # two pictures, as one would be taken for a size that never changes
    example = _inputs(names, network, generator, 2, seed=0)
    count = torch.export.Dim("count", min=1)
    with _quiet():
        try:
            program: Any = torch.onnx.export(
                _ByName(network, names).eval(),
                example,
                input_names=names,
                output_names=["images"],
                dynamic_shapes={"inputs": tuple({0: count} for _ in names)},
                opset_version=OPSET,
                dynamo=True,
                verbose=False,
            )
        except torch.onnx.OnnxExporterError as error:
            raise ExportFailed(f"{generator.config.architecture} cannot be written as ONNX by this version of PyTorch.") from error
    about = {"class_names": generator.class_names, "step": generator.step, "latent_distribution": generator.config.latent_distribution}
    program.model.metadata_props.update({key: value if isinstance(value, str) else json.dumps(value) for key, value in about.items()})
    program.save(path, external_data=False)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what the exporter tells its own developers."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


def _largest_difference(network: nn.Module, names: list[str], generator: LoadedGenerator, path: Path) -> float:
    """Between the file's pictures and torch's, over batches of other sizes than the one it was written with."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    if any(isinstance(value.shape[0], int) for value in session.get_inputs()):
        raise ExportFailed(f"As ONNX, {generator.config.architecture} would draw one fixed number of pictures at a time, so it was not kept.")
    worst = 0.0
    for count in (1, 3, 8):
        given = _inputs(names, network, generator, count, seed=count)
        with torch.no_grad():
            expected = _ByName(network, names)(*given).numpy()
        (drawn,) = session.run(["images"], {name: value.numpy() for name, value in zip(names, given, strict=True)})
        if drawn.shape != expected.shape:
            raise ExportFailed("The ONNX file would draw pictures of another size, so it was not kept.")
        worst = float(np.maximum(worst, np.abs(drawn - expected).max()))  # of which not-a-number is the largest
    return worst
