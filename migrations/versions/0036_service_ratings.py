"""service ratings and how they stand"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0036'
down_revision = '0035'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('service_rating',
    sa.Column('number', sa.String(length=20), nullable=False),
    sa.Column('stars', sa.BigInteger(), nullable=False),
    sa.Column('topic', sa.String(length=20), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('contact', sa.String(length=100), nullable=False),
    sa.Column('rated_at', core.db.Instant(), nullable=False),
    sa.Column('due_at', core.db.Instant(), nullable=True),
    sa.Column('promise', core.db.Json(), nullable=True),
    sa.Column('rounds', sa.BigInteger(), nullable=False),
    sa.Column('lateness', core.db.Json(), nullable=False),
    sa.Column('is_set_aside', sa.Boolean(), nullable=False),
    sa.Column('answer', sa.String(), nullable=True),
    sa.Column('answered_at', core.db.Instant(), nullable=True),
    sa.Column('review', sa.String(), nullable=True),
    sa.Column('reviewed_at', core.db.Instant(), nullable=True),
    sa.Column('state', sa.String(length=40), nullable=False),
    sa.Column('state_at', core.db.Instant(), nullable=False),
    sa.Column('epoch', sa.BigInteger(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.CheckConstraint("state <> 'closed' OR review IS NOT NULL", name='review'),
    sa.CheckConstraint("state NOT IN ('rectified','closed') OR answer IS NOT NULL", name='answer'),
    sa.CheckConstraint('stars BETWEEN 1 AND 5', name='stars'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('number')
    )
    op.create_index(('ix_service_rating_due_at'), 'service_rating', ['due_at'], unique=False)


def downgrade() -> None:
    op.drop_table('service_rating')
