"""Changes of models without a migration, found without a database. Imported once Django is set up."""

from __future__ import annotations

from django.apps import apps
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.utils import translation


def migrations() -> list[tuple[str, str]]:
    """(package of one of our apps, what changed in its models since the last migration)."""
    with translation.override(None):  # as makemigrations does: a label in another language is no change
        return _changes()


def _changes() -> list[tuple[str, str]]:
    loader = MigrationLoader(None, ignore_no_migrations=True)
    detector = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps))
    found = []
    for label, changes in detector.changes(graph=loader.graph).items():
        package = apps.get_app_config(label).name
        operations = [operation.describe() for change in changes for operation in change.operations]
        if package.startswith("anlan."):
            found.append((package, "; ".join(operations)))
    return found
