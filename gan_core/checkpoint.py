"""Files of tensors that are whole or not there: written under another name, synced, renamed; checked when read. Never pickle."""

import errno
import json
import os
import re
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from gan_core.config import TrainConfig
from gan_core.errors import CheckpointUnusable

MAY_CHANGE = {"steps", "epochs", "sample_every_seconds", "checkpoint_every_seconds", "score_samples", "score_every_seconds", "patience"}
"""Settings that a resumed run may have changed."""
DAMAGED = "{name} is damaged or incomplete and cannot be used."
Contents = tuple[dict[str, Tensor], dict[str, str]]
"""Tensors and metadata of a file."""


def write(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write a safetensors file atomically: after a crash there is the old file or the new one, never half of one.

    Raises:
        OSError: the disk is full, or the like.
    """
    whole = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        save_file(whole, unfinished, {**metadata, "crc32": str(_checksum(whole))})
        _sync(unfinished)
        os.replace(unfinished, path)
        _sync(path.parent)
    except SafetensorError as error:
        number = re.search(r"os error (\d+)", str(error))
        raise OSError(int(number[1]) if number else errno.EIO, f"{path.name} could not be written: {error}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def copied(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same on the processor, for as long as wanted: what happens to the originals no longer matters."""
    return {name: tensor.detach().to("cpu", copy=True) for name, tensor in tensors.items()}


def read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors (on the processor) and metadata of a file that `write` wrote.

    Raises:
        CheckpointUnusable: it is missing, truncated or altered.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except FileNotFoundError as error:
        raise CheckpointUnusable(f"There is no file {path.name}.") from error
    except (SafetensorError, OSError) as error:
        raise CheckpointUnusable(DAMAGED.format(name=path.name)) from error
    if metadata.get("crc32") not in (None, str(_checksum(tensors))):
        raise CheckpointUnusable(DAMAGED.format(name=path.name))
    return tensors, metadata


def decode(metadata: Mapping[str, str], key: str, path: Path) -> Any:
    """One JSON value of the metadata.

    Raises:
        CheckpointUnusable: it is not there, so this is some other file.
    """
    try:
        return json.loads(metadata[key])
    except (KeyError, ValueError) as error:
        raise CheckpointUnusable(f"{path.name} was not written by Ganvas, or by a version that this one cannot read.") from error


def check_belongs(path: Path, metadata: Mapping[str, Any], config: TrainConfig, pictures: tuple[list[str], int]) -> None:
    """Whether a checkpoint's run is the one of `config` on `pictures` (class names, count).

    Raises:
        CheckpointUnusable: it is another one.
    """
    try:
        theirs = TrainConfig.model_validate(metadata["config"])  # fills in settings that did not exist when it was written
    except ValidationError as error:
        raise CheckpointUnusable(f"{path.name} belongs to a run with settings that are no longer valid.") from error
    changed = [name for name in TrainConfig.model_fields if name not in MAY_CHANGE and getattr(theirs, name) != getattr(config, name)]
    if changed:
        raise CheckpointUnusable(f"{path.name} belongs to a run with other settings ({', '.join(changed)}).")
    if (metadata["class_names"], metadata["image_count"]) != pictures:
        raise CheckpointUnusable(f"{path.name} belongs to a run on other pictures.")


def under(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names start with `prefix` and a dot, without these."""
    return {name.removeprefix(f"{prefix}."): tensor for name, tensor in tensors.items() if name.startswith(f"{prefix}.")}


def prefixed(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The reverse of `under`."""
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}


def optimizer_state(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """What the optimiser remembers of each parameter, named `<index>.<quantity>`."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    return {f"{index}.{name}": value for index, parameter in enumerate(parameters) for name, value in optimizer.state[parameter].items()}


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Put back what `optimizer_state` took, in the memory order of the parameters, on which the last bit of a result may depend."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        index, _, quantity = name.partition(".")
        parameter = parameters[int(index)]
        alike = torch.empty_like(parameter).copy_(value) if value.shape == parameter.shape else value.clone()
        state.setdefault(int(index), {})[quantity] = alike
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def _checksum(tensors: Mapping[str, Tensor]) -> int:
    checksum = 0
    for name in sorted(tensors):
        checksum = zlib.crc32(tensors[name].view(-1).view(torch.uint8).numpy().data, zlib.crc32(name.encode(), checksum))
    return checksum


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def keep_newest(paths: Iterable[Path], count: int, besides: str) -> None:
    """Delete all but the `count` last of these files in the order of their names, and the one called `besides`, without its ending."""
    for path in sorted(paths)[:-count]:
        if path.stem != besides:
            path.unlink(missing_ok=True)
