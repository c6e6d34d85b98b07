"""winners set aside, objections upheld with a remedy, publicities in rounds"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.add_column('publicity', sa.Column('round', sa.BigInteger(), server_default='1', nullable=False))
    op.add_column('publicity', sa.Column('earlier', core.db.Json(), server_default='[]', nullable=False))
    with op.batch_alter_table('objection') as table:
        table.add_column(sa.Column('round', sa.BigInteger(), server_default='1', nullable=False))
        table.add_column(sa.Column('outcome', sa.String(length=20), nullable=True))
        table.add_column(sa.Column('remedy', core.db.Json(), nullable=True))
        table.create_check_constraint('outcome', "outcome IS NULL OR outcome IN ('dismissed','upheld')")
        table.create_check_constraint('remedy', "outcome <> 'upheld' OR remedy IS NOT NULL")
    op.create_table('award_set_aside',
    sa.Column('publicity_id', KEY, nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('round', sa.BigInteger(), nullable=False),
    sa.Column('bid_id', KEY, nullable=False),
    sa.Column('reason', sa.String(length=40), nullable=False),
    sa.Column('evidence', sa.String(), nullable=False),
    sa.Column('by_winner', sa.Boolean(), nullable=False),
    sa.Column('at', core.db.Instant(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.ForeignKeyConstraint(['bid_id'], ['bid.id'], ),
    sa.ForeignKeyConstraint(['publicity_id'], ['publicity.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('publicity_id', 'number')
    )
    op.create_index('ix_award_set_aside_publicity_id', 'award_set_aside', ['publicity_id'], unique=False)


def downgrade() -> None:
    op.drop_table('award_set_aside')
    with op.batch_alter_table('objection') as table:
        table.drop_constraint('remedy', type_='check')
        table.drop_constraint('outcome', type_='check')
        table.drop_column('remedy')
        table.drop_column('outcome')
        table.drop_column('round')
    op.drop_column('publicity', 'earlier')
    op.drop_column('publicity', 'round')
