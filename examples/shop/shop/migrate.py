"""`python -m shop.migrate`: bring the schema up to date; safe to run again, and by two at once."""

import logging
from pathlib import Path

from sqlalchemy import func, select, text

from shop import connections
from shop.settings import configure_logging

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK = 0x73686F70  # any number that nobody else uses; this one spells "shop"

log = logging.getLogger("shop.migrate")


def migrate() -> list[str]:
    """Apply the files that this database has not seen, in order and all or none; return their names."""
    with connections.database().begin() as connection:
        connection.execute(select(func.pg_advisory_xact_lock(LOCK)))  # a second one waits here until we commit
        connection.execute(text("CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY)"))
        known = set(connection.scalars(text("SELECT name FROM schema_migrations")))
        new = [file for file in sorted(MIGRATIONS.glob("*.sql")) if file.name not in known]
        for file in new:
            connection.exec_driver_sql(file.read_text(encoding="utf-8"))
            connection.execute(text("INSERT INTO schema_migrations VALUES (:name)"), {"name": file.name})
        return [file.name for file in new]


def main() -> None:
    """Migrate and say what was done."""
    configure_logging()
    log.info("applied: %s", ", ".join(migrate()) or "nothing new")


if __name__ == "__main__":
    main()
