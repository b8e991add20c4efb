"""Every test process has a state directory of its own, so that nothing under `var/` is read or written."""

import os
import tempfile

os.environ["GANVAS_VAR"] = tempfile.mkdtemp(prefix="ganvas-test-")
os.environ.setdefault("OMP_NUM_THREADS", "1")
for _name in ("GANVAS_URL", "REDIS_URL", "GANVAS_S3_BUCKET", "GANVAS_DEVICE"):
    os.environ.pop(_name, None)
