"""Processes that need not import torch first: they are forked off a server that has done so once."""

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any


def start(work: Callable[..., None], *arguments: object) -> tuple[BaseProcess, Connection]:
    """Run `work(*arguments, answer)` in a process of its own; what it sends by `answer` can be received from the connection."""
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(["gan_core.train", "gan_core.estimate"])
    here, there = server.Pipe()
    process = server.Process(target=work, args=(*arguments, there))
    process.start()
    there.close()
    return process, here


def answer_of(work: Callable[..., None], *arguments: object) -> Any:
    """The one thing that `work` sends."""
    process, answers = start(work, *arguments)
    try:
        assert answers.poll(60)
        return answers.recv()
    finally:
        process.join(30)
