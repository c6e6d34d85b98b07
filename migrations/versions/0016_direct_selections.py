"""experts determined directly instead of drawn"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('direct_selection',
    sa.Column('committee_id', KEY, nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('people', core.db.Json(), nullable=False),
    sa.Column('salt', sa.String(length=64), nullable=False),
    sa.Column('ground', sa.String(length=20), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('document', sa.String(length=200), nullable=False),
    sa.Column('is_replacement', sa.Boolean(), nullable=False),
    sa.Column('proposed_by', KEY, nullable=False),
    sa.Column('proposed_at', core.db.Instant(), nullable=False),
    sa.Column('decided_by', KEY, nullable=True),
    sa.Column('answer', sa.String(), nullable=True),
    sa.Column('state', sa.String(length=40), nullable=False),
    sa.Column('state_at', core.db.Instant(), nullable=False),
    sa.Column('epoch', sa.BigInteger(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.CheckConstraint("state = 'proposed' OR decided_by IS NOT NULL", name='decision'),
    sa.CheckConstraint("decided_by IS NULL OR decided_by <> proposed_by", name='two_people'),
    sa.ForeignKeyConstraint(['committee_id'], ['committee.id'], ),
    sa.ForeignKeyConstraint(['proposed_by'], ['person.id'], ),
    sa.ForeignKeyConstraint(['decided_by'], ['person.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('committee_id', 'number')
    )
    op.create_index('ix_direct_selection_committee_id', 'direct_selection', ['committee_id'], unique=False)


def downgrade() -> None:
    op.drop_table('direct_selection')
