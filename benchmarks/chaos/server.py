"""A PostgreSQL of the campaign's own, which can crash and whose disk can be full."""

import subprocess
import time
from pathlib import Path

from benchmarks.chaos.places import Disk
from benchmarks.portal.servers import Cluster


class Server(Cluster):
    """Made, started, and with an empty database. What it has acknowledged is on the disk, as in earnest."""

    settings = {**Cluster.settings, "shared_buffers": "128MB", "max_wal_size": "64MB", "min_wal_size": "32MB"}

    def __init__(self, directory: Path, sockets: Path) -> None:
        self.disk = Disk(directory)
        directory.chmod(0o711)
        super().__init__(directory / "cluster", sockets)
        sockets.mkdir(mode=0o755)
        self.make()
        self.start(hasty=False)
        self.make_database()

    @property
    def version(self) -> str:
        told = subprocess.run([self.programs / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
        return told.split()[2]

    def crash(self) -> None:
        """Every process of it ends at once, without a word to the clients and without a checkpoint; the next start recovers from the log."""
        self._run("pg_ctl", "-D", str(self.data), "-m", "immediate", "-w", "stop")

    def come_back(self) -> None:
        """As a supervisor of programs starts it again, if it has given up."""
        end = time.monotonic() + 120
        while not self._answers():
            assert time.monotonic() < end, "PostgreSQL does not come back"
            if not self._lives():
                self.start(hasty=False)
            time.sleep(0.1)

    def close(self) -> None:
        """Stop it, and remove all of it."""
        self.remove()
        self.disk.remove()

    def _answers(self) -> bool:
        return subprocess.run([self.programs / "pg_isready", "-q", "-h", self.sockets]).returncode == 0

    def _lives(self) -> bool:
        """Its first process, by the file with its number, which a crash leaves behind."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
            return "postgres" in Path(f"/proc/{pid}/cmdline").read_text()
        except (OSError, ValueError, IndexError):
            return False
