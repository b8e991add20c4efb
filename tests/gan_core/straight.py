"""A process that trains and can be killed: `python -m tests.gan_core.straight CONFIG STORE OUT [CHECKPOINT] [--hang-at STEP]`.

With --hang-at it asks for a checkpoint at that step, goes on a little, says "ready" and waits to be killed.
"""

import argparse
import time
from pathlib import Path

from gan_core.config import TrainConfig
from gan_core.events import Checkpoint, Losses
from gan_core.images.store import ImageStore
from gan_core.train import train


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("config", "store", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("checkpoint", type=Path, nargs="?")
    parser.add_argument("--hang-at", type=int)
    given = parser.parse_args()
    config = TrainConfig.model_validate_json(given.config.read_text())
    events = train(config, ImageStore.open(given.store), given.out, resume=given.checkpoint, device="cpu")
    event = next(events)
    saved = False
    while True:
        if isinstance(event, Losses):
            print(event.step, event.discriminator.hex(), event.generator.hex(), flush=True)
        saved = saved or isinstance(event, Checkpoint)
        if given.hang_at and saved and isinstance(event, Losses) and event.step > given.hang_at + 1:
            print("ready", flush=True)
            time.sleep(600)  # until it is killed
        try:
            event = events.send("checkpoint" if isinstance(event, Losses) and event.step == given.hang_at else None)
        except StopIteration:
            return


if __name__ == "__main__":
    main()
