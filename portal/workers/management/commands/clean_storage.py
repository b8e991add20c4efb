"""`python manage.py clean_storage [--dry-run]`: files without a row, and rows without their file."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from portal import orphans


class Command(BaseCommand):
    help = "Deletes files older than a day that belong to no run or dataset, and rows whose file is gone. Workers do the same once a day."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Only say what would be deleted.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["dry_run"]:
            self.stdout.write(f"Cleaned: {orphans.clean()}.")
            return
        for orphan in orphans.find():
            self.stdout.write(f"{'file without row' if orphan.row is None else 'row without file'}  {orphan.name}")
