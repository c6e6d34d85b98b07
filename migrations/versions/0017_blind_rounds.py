"""blind rounds: masked sheets, their scores, cleaned copies"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    with op.batch_alter_table('committee') as table:
        table.add_column(sa.Column('blind_rounds', core.db.Json(), nullable=False, server_default='[]'))
    op.create_table('masked_sheet',
    sa.Column('member_id', KEY, nullable=False),
    sa.Column('round', sa.BigInteger(), nullable=False),
    sa.Column('mask', sa.String(length=8), nullable=False),
    sa.Column('finding', sa.String(length=20), nullable=True),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('reopened_for', core.db.Json(), nullable=True),
    sa.Column('state', sa.String(length=40), nullable=False),
    sa.Column('state_at', core.db.Instant(), nullable=False),
    sa.Column('epoch', sa.BigInteger(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.ForeignKeyConstraint(['member_id'], ['committee_member.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('member_id', 'round', 'mask')
    )
    op.create_index('ix_masked_sheet_member_id', 'masked_sheet', ['member_id'], unique=False)
    op.create_table('masked_score',
    sa.Column('sheet_id', KEY, nullable=False),
    sa.Column('criterion', sa.String(length=40), nullable=False),
    sa.Column('value', core.db.Score(length=40), nullable=False),
    sa.Column('note', sa.String(), nullable=False),
    sa.Column('saved_at', core.db.Instant(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.ForeignKeyConstraint(['sheet_id'], ['masked_sheet.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('sheet_id', 'criterion')
    )
    op.create_index('ix_masked_score_sheet_id', 'masked_score', ['sheet_id'], unique=False)
    op.create_table('cleaned_file',
    sa.Column('bid_id', KEY, nullable=False),
    sa.Column('place', sa.BigInteger(), nullable=False),
    sa.Column('slot', sa.String(length=40), nullable=False),
    sa.Column('ending', sa.String(length=8), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=True),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('fault', sa.String(length=60), nullable=True),
    sa.Column('cleaned_at', core.db.Instant(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.CheckConstraint("(sha256 IS NULL) <> (fault IS NULL)", name='fault'),
    sa.ForeignKeyConstraint(['bid_id'], ['bid.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('bid_id', 'place')
    )
    op.create_index('ix_cleaned_file_bid_id', 'cleaned_file', ['bid_id'], unique=False)


def downgrade() -> None:
    op.drop_table('cleaned_file')
    op.drop_table('masked_score')
    op.drop_table('masked_sheet')
    with op.batch_alter_table('committee') as table:
        table.drop_column('blind_rounds')
