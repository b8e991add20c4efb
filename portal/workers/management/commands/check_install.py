"""`python manage.py check_install`: says in words what is wrong with this installation, seen from this machine."""

from typing import Any

from django.core.management.base import BaseCommand

from portal import install


class Command(BaseCommand):
    help = "Says what is wrong with this installation, seen from this machine. Exit code 1 if something keeps it from working or makes it unsafe."
    requires_system_checks: list[str] = []  # a database that is away is to be said, not to end this

    def handle(self, *args: Any, **options: Any) -> None:
        findings = install.findings()
        for finding in findings:
            self.stdout.write(f"{finding.level:<8} {finding.sentence}")
        errors = sum(finding.level == "error" for finding in findings)
        self.stdout.write(f"\n{'Nothing is wrong.' if not errors else 'One thing is wrong.' if errors == 1 else f'{errors} things are wrong.'}")
        if errors:
            raise SystemExit(1)
