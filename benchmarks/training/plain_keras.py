"""The DCGAN of `plain_torch` in Keras 3 on TensorFlow, in one file that knows nothing of this project.

python plain_keras.py FOLDER --out OUT --steps 40 --size 64 --batch 64 --policy mixed_bfloat16

The last line that it prints is `steady IMAGES SECONDS`: real pictures, and the time they took, after the first `--warm` steps.
"""

import argparse
import os
import time
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import tensorflow as tf
from keras import layers

LATENT, WIDTH = 100, 64


def widths(size: int) -> list[int]:
    """Channels from the picture's side down to 4 x 4."""
    return [min(WIDTH * 2**level, 8 * WIDTH) for level in range(size.bit_length() - 3)]


def normal() -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(0.0, 0.02)


def normalise() -> layers.Layer:
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5, gamma_initializer=keras.initializers.RandomNormal(1.0, 0.02))


def generator(size: int) -> keras.Sequential:
    """(N, 1, 1, LATENT) to (N, size, size, 3) in -1..1."""
    *between, deepest = widths(size)
    stack: list[layers.Layer] = [keras.Input((1, 1, LATENT))]
    stack += [layers.Conv2DTranspose(deepest, 4, 1, "valid", use_bias=False, kernel_initializer=normal()), normalise(), layers.ReLU()]
    for width in reversed(between):
        stack += [layers.Conv2DTranspose(width, 4, 2, "same", use_bias=False, kernel_initializer=normal()), normalise(), layers.ReLU()]
    stack += [layers.Conv2DTranspose(3, 4, 2, "same", use_bias=False, kernel_initializer=normal()), layers.Activation("tanh", dtype="float32")]
    return keras.Sequential(stack)


def discriminator(size: int) -> keras.Sequential:
    """(N, size, size, 3) to (N, 1) in 0..1."""
    first, *others = widths(size)
    stack: list[layers.Layer] = [keras.Input((size, size, 3))]
    stack += [layers.Conv2D(first, 4, 2, "same", use_bias=False, kernel_initializer=normal()), layers.LeakyReLU(negative_slope=0.2)]
    for width in others:
        stack += [layers.Conv2D(width, 4, 2, "same", use_bias=False, kernel_initializer=normal()), normalise()]
        stack += [layers.LeakyReLU(negative_slope=0.2)]
    stack += [layers.Conv2D(1, 4, 1, "valid", use_bias=False, kernel_initializer=normal()), layers.Flatten()]
    return keras.Sequential([*stack, layers.Activation("sigmoid", dtype="float32")])


class Gan(keras.Model):
    """Both networks, and a step that trains them."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.draws, self.judges = generator(size), discriminator(size)
        self.for_drawer, self.for_judge = (keras.optimizers.Adam(2e-4, beta_1=0.5, beta_2=0.999) for _ in range(2))
        self.loss_function = keras.losses.BinaryCrossentropy()

    def train_step(self, real: tf.Tensor) -> dict[str, tf.Tensor]:
        count = tf.shape(real)[0]
        ones, zeros = tf.ones((count, 1)), tf.zeros((count, 1))
        with tf.GradientTape() as drawing:
            fake = self.draws(tf.random.normal((count, 1, 1, LATENT)), training=True)
        with tf.GradientTape() as judging:
            loss_judge = self.loss_function(ones, self.judges(real, training=True))
            loss_judge += self.loss_function(zeros, self.judges(tf.stop_gradient(fake), training=True))
        weights = self.judges.trainable_weights
        self.for_judge.apply(judging.gradient(loss_judge, weights), weights)
        with drawing:
            loss_drawer = self.loss_function(ones, self.judges(fake, training=True))
        weights = self.draws.trainable_weights
        self.for_drawer.apply(drawing.gradient(loss_drawer, weights), weights)
        return {"judge": loss_judge, "drawer": loss_drawer}


class Clock(keras.callbacks.Callback):
    """When the steps ended."""

    def __init__(self) -> None:
        super().__init__()
        self.ends: list[float] = []

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self.ends.append(time.perf_counter())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    for name, default in (("steps", 40), ("warm", 5), ("size", 64), ("batch", 64)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--policy", default="mixed_bfloat16")
    asked = parser.parse_args()
    keras.utils.set_random_seed(1)
    keras.mixed_precision.set_global_policy(asked.policy)
    shape = (asked.size, asked.size)
    pictures = keras.utils.image_dataset_from_directory(asked.folder, label_mode=None, image_size=shape, batch_size=None, verbose=False)
    pictures = pictures.repeat().batch(asked.batch, drop_remainder=True).map(lambda pixels: pixels / 127.5 - 1).prefetch(tf.data.AUTOTUNE)
    gan, clock = Gan(asked.size), Clock()
    gan.compile()
    gan.fit(pictures, steps_per_epoch=asked.steps, epochs=1, callbacks=[clock], shuffle=False, verbose=2)
    asked.out.mkdir(parents=True, exist_ok=True)
    drawn = gan.draws.predict(tf.random.normal((64, 1, 1, LATENT)), verbose=0).reshape(8, 8, asked.size, asked.size, 3)
    sheet = tf.cast((drawn.transpose(0, 2, 1, 3, 4).reshape(8 * asked.size, 8 * asked.size, 3) + 1) * 127.5, tf.uint8)
    tf.io.write_file(str(asked.out / "samples.png"), tf.io.encode_png(sheet))
    gan.draws.save_weights(asked.out / "generator.weights.h5")
    gan.judges.save_weights(asked.out / "discriminator.weights.h5")
    print("steady", (asked.steps - asked.warm) * asked.batch, clock.ends[-1] - clock.ends[asked.warm - 1])


if __name__ == "__main__":
    main()
