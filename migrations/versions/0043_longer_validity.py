"""bids that stand longer"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0043'
down_revision = '0042'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('validity_extension',
    sa.Column('section_id', KEY, nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('before', sa.String(length=10), nullable=False),
    sa.Column('until', sa.String(length=10), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('answer_by', core.db.Instant(), nullable=False),
    sa.Column('asked_by', sa.String(length=120), nullable=False),
    sa.Column('asked_at', core.db.Instant(), nullable=False),
    sa.Column('concluded_at', core.db.Instant(), nullable=True),
    sa.Column('id', KEY, nullable=False),
    sa.CheckConstraint('until > before', name=op.f('ck_validity_extension_longer')),
    sa.ForeignKeyConstraint(['section_id'], ['section.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('section_id', 'number')
    )
    with op.batch_alter_table('validity_extension', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_validity_extension_section_id'), ['section_id'], unique=False)
    op.create_table('validity_answer',
    sa.Column('extension_id', KEY, nullable=False),
    sa.Column('bid_id', KEY, nullable=False),
    sa.Column('accepts', sa.Boolean(), nullable=False),
    sa.Column('answered_by', sa.String(length=120), nullable=False),
    sa.Column('answered_at', core.db.Instant(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.ForeignKeyConstraint(['extension_id'], ['validity_extension.id'], ),
    sa.ForeignKeyConstraint(['bid_id'], ['bid.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('extension_id', 'bid_id')
    )
    with op.batch_alter_table('validity_answer', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_validity_answer_extension_id'), ['extension_id'], unique=False)


def downgrade() -> None:
    op.drop_table('validity_answer')
    op.drop_table('validity_extension')
