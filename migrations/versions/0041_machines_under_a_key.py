"""machines under a key of their project; what linking found"""

import json

from alembic import op
import rfc8785 as canonical
import sqlalchemy as sa
import core.db


revision = '0041'
down_revision = '0040'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('regulator_key',
    sa.Column('recipient', sa.String(length=80), nullable=False),
    sa.Column('named_at', core.db.Instant(), nullable=False),
    sa.Column('named_by', sa.String(length=120), nullable=False),
    sa.Column('withdrawn_at', core.db.Instant(), nullable=True),
    sa.Column('id', KEY, nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('device_record',
    sa.Column('bid_id', KEY, nullable=False),
    sa.Column('recipient', sa.String(length=80), nullable=False),
    sa.Column('sealed', sa.String(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.ForeignKeyConstraint(['bid_id'], ['bid.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('bid_id')
    )
    op.create_index('ix_device_record_recipient', 'device_record', ['recipient'])
    op.create_table('device_link',
    sa.Column('warning_id', KEY, nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('recipient', sa.String(length=80), nullable=False),
    sa.Column('asked_by', sa.String(length=120), nullable=False),
    sa.Column('asked_at', core.db.Instant(), nullable=False),
    sa.Column('answer', core.db.Json(), nullable=False),
    sa.Column('answer_sha256', sa.String(length=64), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.ForeignKeyConstraint(['warning_id'], ['warning.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_device_link_warning_id', 'device_link', ['warning_id'])
    _forget_machines()


def _forget_machines() -> None:
    """Bids opened before had identifiers in clear; a migration has no platform key, so these are wiped, not keyed."""
    connection = op.get_bind()
    bid = sa.table('bid', sa.column('id'), sa.column('identity', sa.Text))
    for identifier, text in connection.execute(sa.select(bid.c.id, bid.c.identity)).all():
        identity = json.loads(text)
        if isinstance(identity.get('device'), dict):
            tool = identity['device'].get('tool')
            kept = {**dict.fromkeys(('mac', 'disk', 'cpu', 'host'), ''), 'tool': tool if isinstance(tool, str) else ''}
            changed = canonical.dumps({**identity, 'device': kept}).decode()
            connection.execute(bid.update().where(bid.c.id == identifier).values(identity=changed))
    # Layers of identity packages are read at the names; the log has their hashes, the packages stay sealed.
    connection.execute(
        sa.text(
            "UPDATE peel SET content = '' WHERE package = 'identity'"
            ' AND submission_id IN (SELECT submission_id FROM bid)'
        )
    )


def downgrade() -> None:
    op.drop_table('device_link')
    op.drop_table('device_record')
    op.drop_table('regulator_key')
