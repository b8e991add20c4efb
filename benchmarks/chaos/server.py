"""A PostgreSQL of the campaign's own, which can crash."""

import subprocess
from pathlib import Path

from benchmarks.portal.servers import Cluster


class Server(Cluster):
    """Made, started, and with an empty database. What it has acknowledged is on the disk, as in earnest."""

    def __init__(self, directory: Path, sockets: Path) -> None:
        super().__init__(directory, sockets)
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
