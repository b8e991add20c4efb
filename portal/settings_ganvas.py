"""Ganvas's own settings: what people and workers may use. Each is an environment variable, listed in docs/deploy.md."""

from portal import environment as env

GANVAS_SIGNUP = env.flag("GANVAS_SIGNUP", True)

# What people upload and keep.
GANVAS_ARCHIVE_BYTES = env.integer("GANVAS_ARCHIVE_BYTES", 20 * 10**9, least=1)
GANVAS_ARCHIVE_ENTRIES = env.integer("GANVAS_ARCHIVE_ENTRIES", 1_000_000, least=1)
GANVAS_UNPACKED_BYTES = env.integer("GANVAS_UNPACKED_BYTES", 50 * 10**9, least=1)
GANVAS_PICTURE_PIXELS = env.integer("GANVAS_PICTURE_PIXELS", 100_000_000, least=1)
GANVAS_QUOTA_BYTES = env.integer("GANVAS_QUOTA_BYTES", 50 * 10**9)
GANVAS_QUOTA_RUNNING = env.integer("GANVAS_QUOTA_RUNNING", 2)
GANVAS_QUOTA_QUEUED = env.integer("GANVAS_QUOTA_QUEUED", 500)
GANVAS_QUOTA_DEVICE_HOURS = env.limit("GANVAS_QUOTA_DEVICE_HOURS")

GANVAS_KEEP_SHEETS = env.integer("GANVAS_KEEP_SHEETS", 400, least=10)

# Workers. The device is a torch device name; auto takes the first GPU or the CPU.
GANVAS_WORKER = env.text("GANVAS_WORKER")
GANVAS_DEVICE = env.text("GANVAS_DEVICE", "auto")
GANVAS_PROCESSES = env.integer("GANVAS_PROCESSES", 1, least=1)
GANVAS_POOL = env.word("GANVAS_POOL")
GANVAS_LABELS = env.words("GANVAS_LABELS")
GANVAS_LEASE_SECONDS = env.number("GANVAS_LEASE_SECONDS", 30, least=1)
GANVAS_MAX_FAILURES = env.integer("GANVAS_MAX_FAILURES", 3, least=1)
GANVAS_CACHE_BYTES = env.integer("GANVAS_CACHE_BYTES", 200 * 10**9, least=1)
GANVAS_WEBHOOK_ALLOW = env.networks("GANVAS_WEBHOOK_ALLOW")
