"""Disks that can be filled or made read-only: small file systems in memory where this machine lets us mount, else limits of the system."""

import contextlib
import os
import resource
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

MEGABYTES = 400
"""Room of the disk that database and files share."""


class Disk:
    """A directory for the state of an installation; a file system of its own if this process may mount one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        self.mounted = _mount("-t", "tmpfs", "-o", f"size={MEGABYTES}m,mode=700", "tmpfs", str(path))

    @property
    def kind(self) -> str:
        return f"a file system of {MEGABYTES} MB in memory" if self.mounted else "a limit on the size of files (RLIMIT_FSIZE) for the processes"

    @contextlib.contextmanager
    def full(self, processes: Iterable[int]) -> Iterator[None]:
        """While this lasts nothing more fits; without a file system of its own these processes can write no file beyond a kilobyte."""
        if not self.mounted:
            with no_room_for(processes):
                yield
            return
        assert self.path.is_mount(), "No other disk than this one may be filled"
        ballast = self.path / "ballast"
        fill(ballast)
        try:
            yield
        finally:
            ballast.unlink()

    def remove(self) -> None:
        if self.mounted:
            subprocess.run(["umount", "-l", str(self.path)], check=False)
        shutil.rmtree(self.path, ignore_errors=True)


def fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        size = 2**20
        while size:
            try:
                file.write(b"\0" * size)
            except OSError:
                size //= 2


@contextlib.contextmanager
def no_room_for(processes: Iterable[int]) -> Iterator[None]:
    """While this lasts these processes, and what they start, can write no file beyond a kilobyte. Started ones are found again at the end."""
    processes = [pid for pid in processes if _limit(pid, 1024)]
    try:
        yield
    finally:
        for pid in (*processes, *(child for parent in processes for child in descendants(parent))):
            _limit(pid, resource.RLIM_INFINITY)


def descendants(pid: int) -> list[int]:
    try:
        children = [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]
    except OSError:
        return []
    return [*children, *(grandchild for child in children for grandchild in descendants(child))]


@contextlib.contextmanager
def read_only(path: Path) -> Iterator[None]:
    """While this lasts no file can be made, changed or deleted below the path; what is open for writing already stays so."""
    if os.geteuid() == 0 and _mount("--bind", str(path), str(path)):
        _mount("-o", "remount,bind,ro", str(path))
        try:
            yield
        finally:
            while subprocess.run(["umount", str(path)], stderr=subprocess.DEVNULL).returncode:
                time.sleep(0.05)  # somebody reads there
    else:
        directories = [path, *(found for found in path.rglob("*") if found.is_dir())]
        _allow(directories, 0o500)
        try:
            yield
        finally:
            _allow(directories, 0o700)


def _allow(directories: list[Path], mode: int) -> None:
    for directory in directories:
        with contextlib.suppress(FileNotFoundError):
            directory.chmod(mode)


def _mount(*arguments: str) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return subprocess.run(["mount", *arguments], stderr=subprocess.DEVNULL).returncode == 0
    return False


def _limit(pid: int, soft: int) -> bool:
    try:
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))
    except (ProcessLookupError, PermissionError):
        return False
    return True
