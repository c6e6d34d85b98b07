"""contracts and what happens under them"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0029'
down_revision = '0028'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('contract',
    sa.Column('section_id', KEY, nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('bid_id', KEY, nullable=False),
    sa.Column('offer', core.db.Json(), nullable=False),
    sa.Column('terms', core.db.Json(), nullable=False),
    sa.Column('pdf_sha256', sa.String(length=64), nullable=False),
    sa.Column('signatures', core.db.Json(), nullable=False),
    sa.Column('due_at', core.db.Instant(), nullable=False),
    sa.Column('proposed_at', core.db.Instant(), nullable=False),
    sa.Column('concluded_at', core.db.Instant(), nullable=True),
    sa.Column('ending', core.db.Json(), nullable=True),
    sa.Column('state', sa.String(length=40), nullable=False),
    sa.Column('state_at', core.db.Instant(), nullable=False),
    sa.Column('epoch', sa.BigInteger(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.CheckConstraint("state IN ('signing','void') OR concluded_at IS NOT NULL", name='concluded'),
    sa.ForeignKeyConstraint(['bid_id'], ['bid.id'], ),
    sa.ForeignKeyConstraint(['section_id'], ['section.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('section_id', 'number')
    )
    op.create_index('ix_contract_section_id', 'contract', ['section_id'], unique=False)
    op.create_table('contract_event',
    sa.Column('contract_id', KEY, nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('files', core.db.Json(), nullable=False),
    sa.Column('by', sa.String(length=120), nullable=False),
    sa.Column('at', core.db.Instant(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.ForeignKeyConstraint(['contract_id'], ['contract.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('contract_id', 'number')
    )
    op.create_index('ix_contract_event_contract_id', 'contract_event', ['contract_id'], unique=False)


def downgrade() -> None:
    op.drop_table('contract_event')
    op.drop_table('contract')
