"""Alembic's environment: migrates the database it is handed, over all floors' tables."""

from alembic import context

import portal.cli.tables  # noqa: F401 — imports every model
from core.db import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True, compare_type=False)
with context.begin_transaction():
    context.run_migrations()
