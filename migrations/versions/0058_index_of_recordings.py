"""The index of recordings: each room's files by hash and place."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = '0058'
down_revision = '0057'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table(
        'recording',
        sa.Column('section_id', KEY, nullable=False),
        sa.Column('number', sa.BigInteger(), nullable=False),
        sa.Column('room', sa.String(length=20), nullable=False),
        sa.Column('site', sa.String(length=10), nullable=False),
        sa.Column('title', sa.String(length=200), nullable=False),
        sa.Column('media', sa.String(length=10), nullable=True),
        sa.Column('began_at', core.db.Instant(), nullable=True),
        sa.Column('ended_at', core.db.Instant(), nullable=True),
        sa.Column('sha256', sa.String(length=64), nullable=True),
        sa.Column('size', sa.BigInteger(), nullable=True),
        sa.Column('location', sa.String(length=500), nullable=False),
        sa.Column('custody', sa.String(length=200), nullable=False),
        sa.Column('reason', sa.String(), nullable=False),
        sa.Column('keep', core.db.Json(), nullable=False),
        sa.Column('withdrawn', sa.String(), nullable=True),
        sa.Column('registered_by', sa.String(length=120), nullable=False),
        sa.Column('registered_at', core.db.Instant(), nullable=False),
        sa.Column('state', sa.String(length=40), nullable=False),
        sa.Column('state_at', core.db.Instant(), nullable=False),
        sa.Column('epoch', sa.BigInteger(), nullable=False),
        sa.Column('id', KEY, nullable=False),
        sa.CheckConstraint("room IN ('opening','evaluation','selection')", name=op.f('ck_recording_room')),
        sa.CheckConstraint("(sha256 IS NULL) = (reason <> '')", name=op.f('ck_recording_hash_or_reason')),
        sa.CheckConstraint("state <> 'withdrawn' OR withdrawn IS NOT NULL", name=op.f('ck_recording_withdrawn')),
        sa.ForeignKeyConstraint(['section_id'], ['section.id']),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('section_id', 'number'),
    )
    op.create_index(op.f('ix_recording_section_id'), 'recording', ['section_id'])
    op.create_index(op.f('ix_recording_state'), 'recording', ['state'])


def downgrade() -> None:
    op.drop_table('recording')
