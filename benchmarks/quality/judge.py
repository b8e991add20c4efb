"""Scores of what one row has drawn at each of its points, and whether the classes are those that were asked for.

python -m benchmarks.quality.judge quick.digits
"""

import argparse
import dataclasses
import json
from typing import Any

import numpy as np
import torch

from benchmarks.quality import PLACE
from benchmarks.quality.classifier import Classifier
from benchmarks.quality.rows import ROWS
from benchmarks.quality.sets import store
from benchmarks.quality.train import SEED, inputs_for
from gan_core import scores
from gan_core.config import TrainConfig

CLASSIFIED = ("digits", "maps")


def judge(name: str) -> dict[str, Any]:
    """What was told of the row when it trained, each point with its scores."""
    row = ROWS[name]
    told: dict[str, Any] = json.loads((PLACE / "results" / f"{name}.trained.json").read_text())
    config = TrainConfig.model_validate(told["config"])
    images = store(row.pictures, config)
    extractor = scores.load_extractor(torch.device("cpu"))
    reference = scores.Reference.of(images, extractor, config.background)
    classifier = None
    if config.conditional and row.pictures in CLASSIFIED and images.directory is not None:
        classifier = Classifier(images, images.directory / "classifier.pt")
    for point in told["points"]:
        drawn = np.load(PLACE / "drawn" / f"{name}.{point['name']}.npy")
        features = extractor(drawn, config.background)
        found = scores.compare(reference, features, step=point["step"], seconds=point["seconds"], seed=SEED + 1)
        point["scores"] = dataclasses.asdict(found)
        point["nearest"] = float(np.median(reference.nearest(features, 1).distances))
        if classifier is not None:
            labels = inputs_for(config, images).labels
            assert labels is not None
            point["agreement"] = classifier.agreement(drawn, labels)
    told["pictures"] = len(images)
    told["usual"] = reference.usual
    told["classifier"] = classifier.right if classifier else None
    return told


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("row", choices=ROWS)
    name = parser.parse_args().row
    torch.set_num_threads(1)
    (PLACE / "results" / f"{name}.json").write_text(json.dumps(judge(name), indent=1))


if __name__ == "__main__":
    main()
