"""supplements to closed files, in layers"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0039'
down_revision = '0038'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('supplement',
    sa.Column('archive_id', KEY, nullable=False),
    sa.Column('attempt', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('item', sa.String(length=20), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('files', core.db.Json(), nullable=False),
    sa.Column('asked_by', sa.String(length=120), nullable=False),
    sa.Column('asked_at', core.db.Instant(), nullable=False),
    sa.Column('decided_by', sa.String(length=120), nullable=True),
    sa.Column('sha256', sa.String(length=64), nullable=True),
    sa.Column('size', sa.BigInteger(), nullable=True),
    sa.Column('state', sa.String(length=40), nullable=False),
    sa.Column('state_at', core.db.Instant(), nullable=False),
    sa.Column('epoch', sa.BigInteger(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.CheckConstraint("state <> 'approved' OR decided_by <> asked_by", name='two_people'),
    sa.ForeignKeyConstraint(['archive_id'], ['archive.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('archive_id', 'attempt')
    )
    op.create_index('ix_supplement_archive_id', 'supplement', ['archive_id'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_supplement_archive_id', table_name='supplement')
    op.drop_table('supplement')
