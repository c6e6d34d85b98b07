"""the committee's questions to bidders with their signed answers, and the ground of each failed clause"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('bid_clarification',
    sa.Column('committee_id', KEY, nullable=False),
    sa.Column('bid_id', KEY, nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('clause', sa.String(length=40), nullable=True),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('basis', core.db.Json(), nullable=True),
    sa.Column('asked_at', core.db.Instant(), nullable=False),
    sa.Column('due_at', core.db.Instant(), nullable=False),
    sa.Column('answer', core.db.Json(), nullable=True),
    sa.Column('signature', sa.String(), nullable=True),
    sa.Column('answered_at', core.db.Instant(), nullable=True),
    sa.Column('state', sa.String(length=40), nullable=False),
    sa.Column('state_at', core.db.Instant(), nullable=False),
    sa.Column('epoch', sa.BigInteger(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.CheckConstraint(
        "state NOT IN ('answered','refused') OR (answer IS NOT NULL AND signature IS NOT NULL)", name='answer'
    ),
    sa.ForeignKeyConstraint(['committee_id'], ['committee.id'], ),
    sa.ForeignKeyConstraint(['bid_id'], ['bid.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('committee_id', 'number')
    )
    op.create_index('ix_bid_clarification_committee_id', 'bid_clarification', ['committee_id'], unique=False)
    op.create_index('ix_bid_clarification_bid_id', 'bid_clarification', ['bid_id'], unique=False)
    op.add_column('review', sa.Column('ground', sa.String(length=20), nullable=True))


def downgrade() -> None:
    op.drop_column('review', 'ground')
    op.drop_table('bid_clarification')
