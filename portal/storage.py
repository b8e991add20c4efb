"""Whole prefixes of the file storage."""

from django.core.files.storage import default_storage


def delete_directory(prefix: str) -> None:
    """Delete every file below `prefix`. What is not there is no error; works on folders and on S3 alike."""
    try:
        directories, files = default_storage.listdir(prefix)
    except (FileNotFoundError, NotADirectoryError):
        return
    for directory in directories:
        delete_directory(f"{prefix}/{directory}")
    for file in files:
        default_storage.delete(f"{prefix}/{file}")
    default_storage.delete(prefix)  # an emptied folder; S3 has none and shrugs
