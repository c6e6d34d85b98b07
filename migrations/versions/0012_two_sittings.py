"""Openings that sit twice, and bids whose price is still sealed when they are first opened"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

OPENED = "state NOT IN ('opened_by_bidder','opened_by_trustees','opened_from_backup','rejected')"
BEFORE = "envelopes IS NOT NULL AND price_fen IS NOT NULL)"
AFTER = "envelopes IS NOT NULL)"


def _change_check(old: str, new: str) -> None:
    """Change the check `opened` of the table `bid`, on which other tables stand (see 0010 on SQLite)."""
    if op.get_bind().dialect.name != 'sqlite':
        op.drop_constraint('opened', 'bid', type_='check')
        op.create_check_constraint('opened', 'bid', f"{OPENED} OR (opened_at IS NOT NULL AND {new}")
        return
    bind = op.get_bind()
    told = bind.exec_driver_sql("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = 'bid'").scalar_one()
    if told.count(old) != 1:
        raise RuntimeError('the check on bid.opened is not the one this migration changes')
    version = bind.exec_driver_sql('PRAGMA schema_version').scalar_one()
    bind.exec_driver_sql('PRAGMA writable_schema=ON')
    bind.exec_driver_sql(
        "UPDATE sqlite_schema SET sql = ? WHERE type = 'table' AND name = 'bid'", (told.replace(old, new),)
    )
    bind.exec_driver_sql(f'PRAGMA schema_version={version + 1}')
    bind.exec_driver_sql('PRAGMA writable_schema=OFF')


def upgrade() -> None:
    _change_check(BEFORE, AFTER)
    op.add_column('opening', sa.Column('sitting', sa.BigInteger(), server_default='1', nullable=False))
    op.add_column('opening', sa.Column('sittings', sa.BigInteger(), server_default='1', nullable=False))
    op.add_column('opening', sa.Column('admitted', core.db.Json(), nullable=True))
    op.add_column('opening', sa.Column('first_sitting', core.db.Json(), nullable=True))
    op.add_column('bid', sa.Column('first_sitting', core.db.Json(), nullable=True))


def downgrade() -> None:
    op.drop_column('bid', 'first_sitting')
    for name in ('first_sitting', 'admitted', 'sittings', 'sitting'):
        op.drop_column('opening', name)
    _change_check(AFTER, BEFORE)
