"""The peers that are not PyTorch: installed by name into an environment of their own, or else the reason why not."""

import subprocess
import sys

from benchmarks.training import PLACE

PACKAGES = ("keras==3.15.1", "tensorflow-cpu==2.21.0")
KERAS = PLACE.parent / "keras" / "bin" / "python"
SECONDS = 900


def install() -> str:
    """Make Keras ready; gives what kept it from that, empty if nothing did."""
    environment = KERAS.parent.parent
    ready = environment / "ready"
    if ready.exists() and ready.read_text() == "\n".join(PACKAGES):
        return ""
    print(f"Installing {', '.join(PACKAGES)} ...", flush=True)
    try:
        subprocess.run([sys.executable, "-m", "venv", "--clear", environment], check=True, capture_output=True, text=True)
        command = [KERAS, "-m", "pip", "--disable-pip-version-check", "-q", "install", *PACKAGES]
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return f"not installed within {SECONDS} seconds"
    except subprocess.CalledProcessError as error:
        return (error.stderr.strip().splitlines() or ["unknown"])[-1]
    ready.write_text("\n".join(PACKAGES))
    return ""
