"""The portal runs without torch and without the worker; gan_core runs without Django and Celery."""

import json
import subprocess
import sys

import pytest

LOADED = "import json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"


def loaded_by(statements: str) -> set[str]:
    """Top-level packages in memory after a fresh interpreter ran `statements`."""
    ran = subprocess.run([sys.executable, "-c", f"{statements}; {LOADED}"], capture_output=True, text=True, check=True, timeout=100)
    return set(json.loads(ran.stdout.splitlines()[-1]))


DJANGO = "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'portal.settings'; import django; django.setup()"


@pytest.mark.parametrize("entry", ["portal.urls", "portal.asgi", "portal.queue"])
def test_the_portal_loads_neither_torch_nor_the_worker(entry: str) -> None:
    loaded = loaded_by(f"{DJANGO}; import {entry}")
    assert "portal" in loaded
    assert not loaded & {"torch", "torchvision", "worker"}


@pytest.mark.parametrize("entry", ["gan_core.train", "gan_core.__main__"])
def test_gan_core_loads_neither_django_nor_celery(entry: str) -> None:
    loaded = loaded_by(f"import {entry}")
    assert "gan_core" in loaded
    assert not loaded & {"django", "celery", "portal", "worker"}


def test_the_worker_process_starts_without_torch() -> None:
    """Torch belongs to the process of a run, which frees its memory when it ends."""
    loaded = loaded_by(f"{DJANGO}; import worker.app, worker.tasks")
    assert "worker" in loaded
    assert not loaded & {"torch", "torchvision"}
