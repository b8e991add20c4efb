"""Pictures in, prepared arrays out. Torch-free.

`archive` walks an archive or folder, `decode` turns one file into an array, `store` prepares a whole dataset.
"""

SKIP_REASONS = {
    "not_an_image": "Not a picture",
    "damaged": "Damaged",
    "too_large": "Too large",
    "hidden": "Hidden system file",
    "link": "A link, not a file",
    "unsafe_path": "Unsafe path",
    "encrypted": "Encrypted",
    "nested_archive": "An archive within the archive",
    "empty": "Empty file",
}
"""Why a member of an archive may be skipped: key -> words for the report."""
