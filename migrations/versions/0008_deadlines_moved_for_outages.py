"""Outside probers, and deadlines moved for the outages they saw"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('prober',
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('key', sa.String(length=200), nullable=False),
    sa.Column('registered_at', core.db.Instant(), nullable=False),
    sa.Column('registered_by', sa.String(length=120), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('key')
    )
    op.create_table('extension',
    sa.Column('section_id', KEY, nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('cause', sa.String(length=20), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('minutes', sa.BigInteger(), nullable=False),
    sa.Column('outages', core.db.Json(), nullable=False),
    sa.Column('profile', core.db.Json(), nullable=False),
    sa.Column('logs', core.db.Json(), nullable=False),
    sa.Column('counted_until_at', core.db.Instant(), nullable=False),
    sa.Column('decided_at', core.db.Instant(), nullable=False),
    sa.Column('decided_by', sa.String(length=120), nullable=False),
    sa.Column('old_deadline_at', core.db.Instant(), nullable=False),
    sa.Column('new_deadline_at', core.db.Instant(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.CheckConstraint("new_deadline_at > old_deadline_at", name='later'),
    sa.ForeignKeyConstraint(['section_id'], ['section.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('section_id', 'number')
    )
    op.create_index('ix_extension_section_id', 'extension', ['section_id'], unique=False)


def downgrade() -> None:
    op.drop_table('extension')
    op.drop_table('prober')
