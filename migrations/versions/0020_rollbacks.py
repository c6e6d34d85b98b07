"""requests to go back one stage of an evaluation, and the supervisor's answers"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('committee_rollback',
    sa.Column('committee_id', KEY, nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('stage', sa.String(length=20), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('asked_at', core.db.Instant(), nullable=False),
    sa.Column('answer', sa.String(), nullable=True),
    sa.Column('state', sa.String(length=40), nullable=False),
    sa.Column('state_at', core.db.Instant(), nullable=False),
    sa.Column('epoch', sa.BigInteger(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.CheckConstraint("state = 'asked' OR answer IS NOT NULL", name='answer'),
    sa.ForeignKeyConstraint(['committee_id'], ['committee.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('committee_id', 'number')
    )
    op.create_index('ix_committee_rollback_committee_id', 'committee_rollback', ['committee_id'], unique=False)


def downgrade() -> None:
    op.drop_table('committee_rollback')
