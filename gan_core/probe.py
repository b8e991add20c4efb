"""Which way a product of a convolution is computed on this processor: by oneDNN or as matrix products (gemm.py), whichever is faster.

Both ways are timed when a run first needs a product, on the numbers at hand, and the faster one is kept for as long as the process lives. As the
last bit of a result depends on the way, what was chosen goes into the run's checkpoints and is taken up again by a run that goes on on such a
processor. Two fresh runs of the same seed may differ in their last bits where both ways take equally long. So that little networks never do,
products that take no time are left to oneDNN, as is all that is not bf16: its matrix products in fp32 gain nothing.
"""

import logging
import time
from collections.abc import Callable
from functools import cache
from math import prod
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor

from gan_core.gemm import Geometry, Shift

LEAST_WORK = 2**28
"""Multiplications of a product from which on it is timed: about two milliseconds. Below, a layer's way through Python costs more than is gained."""
MOST_PLACES = 64
"""Pixels of the smaller maps of one picture up to which a product is timed; on larger ones oneDNN was faster throughout."""
MOST_BYTES = 2**25
"""Of the windows that a matrix product would need. From here on malloc maps pages anew each time, which takes longer than the product."""
ADVANTAGE = 0.9
"""Share of oneDNN's time within which matrix products must stay, so that noise alone does not choose them."""
ROUNDS = 5
"""Timings of either way, of which the quickest counts; the others were disturbed."""
ENOUGH = 0.1
"""Seconds after which no further round is begun."""

T = TypeVar("T")
log = logging.getLogger(__name__)


class Product(NamedTuple):
    """One of a convolution's three products, in bf16 on a processor."""

    gives: str
    """"convolved", "maps" or "weight"."""
    maps: Shift
    """(N, C, H, W)"""
    weight: Shift
    """(O, C, kh, kw)"""
    stride: Shift
    padding: Shift
    threads: int

    @property
    def may_gain(self) -> bool:
        """Whether it is large enough, of maps that are small enough."""
        (count, _, *sides), (out, into, height, width) = self.maps, self.weight
        moves = zip(sides, (height, width), self.stride, self.padding, strict=True)
        places = prod((side + 2 * padding - kernel) // stride + 1 for side, kernel, stride, padding in moves)
        depth = out // prod(self.stride) if self.gives == "maps" else into
        windows = 2 * count * places * height * width * depth
        return places <= MOST_PLACES and windows < MOST_BYTES and count * places * height * width * out * into >= LEAST_WORK

    def __str__(self) -> str:
        return (
            f"{self.gives} of {'x'.join(map(str, self.weight))} on {'x'.join(map(str, self.maps))}, stride {self.stride}, padding {self.padding}, "
            f"{self.threads} threads"
        )


_by_gemm: dict[Product, bool] = {}


@cache
def may_gain(maps: Shift, weight: Shift, how: Geometry) -> bool:
    """Whether any of the three products of such a convolution, if it is in bf16 and on a processor, is to be timed at all."""
    products = (Product(gives, maps, weight, how.stride, how.padding, 1) for gives in ("convolved", "maps", "weight"))
    return how.groups == 1 and any(product.may_gain for product in products)


def faster(gives: str, maps: Shift, weight: Shift, how: Geometry, given: Tensor, onednn: Callable[[], T], gemm: Callable[[], T]) -> T:
    """The result of `onednn`, or of `gemm` where that is faster.

    Args:
        gives, maps, weight: as in Product.
        given: one of the factors, which tells device and number format.
    """
    if given.dtype != torch.bfloat16 or given.device.type != "cpu" or how.groups != 1:
        return onednn()
    product = Product(gives, tuple(maps), tuple(weight), how.stride, how.padding, torch.get_num_threads())
    chosen = _by_gemm.get(product)
    if chosen is None:
        chosen = _by_gemm[product] = product.may_gain and _gains(product, onednn, gemm)
    return gemm() if chosen else onednn()


def _gains(product: Product, onednn: Callable[[], Any], gemm: Callable[[], Any]) -> bool:
    onednn(), gemm()  # the first time, code is made
    began = time.perf_counter()
    theirs = ours = float("inf")
    for _ in range(ROUNDS):
        theirs, ours = min(theirs, _seconds(onednn)), min(ours, _seconds(gemm))
        if time.perf_counter() - began > ENOUGH:
            break
    gains = ours < ADVANTAGE * theirs
    way = "matrix products" if gains else "oneDNN"
    log.info("%s: %s, as oneDNN takes %.2f ms and matrix products %.2f ms", product, way, 1e3 * theirs, 1e3 * ours)
    return gains


def _seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _processor() -> str:
    """What the choices hold for."""
    return f"{torch.cpu.get_capabilities().get('cpu_name', '')}, PyTorch {torch.__version__}"


def state() -> dict[str, Any]:
    """What was chosen, as JSON, for runs that go on."""
    return {"processor": _processor(), "products": [[list(product), chosen] for product, chosen in list(_by_gemm.items()) if product.may_gain]}


def restore(kept: dict[str, Any]) -> None:
    """Choose as before, if that was on such a processor."""
    if kept.get("processor") == _processor():
        for (gives, maps, weight, stride, padding, threads), chosen in kept["products"]:
            _by_gemm[Product(gives, tuple(maps), tuple(weight), tuple(stride), tuple(padding), threads)] = chosen
