"""several pools with owners, experts' terms and training"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('expert_pool',
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('region', sa.String(length=12), nullable=False),
    sa.Column('owner_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('founded_on', sa.String(length=10), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['owner_id'], ['organisation.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('code')
    )
    with op.batch_alter_table('expert', schema=None) as batch_op:
        batch_op.add_column(sa.Column('pool_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.add_column(sa.Column('term_until', sa.String(length=10), nullable=True))
        batch_op.add_column(sa.Column('training', core.db.Json(), server_default='[]', nullable=False))
        batch_op.create_index(batch_op.f('ix_expert_pool_id'), ['pool_id'], unique=False)
        batch_op.create_foreign_key('fk_expert_pool', 'expert_pool', ['pool_id'], ['id'])


def downgrade() -> None:
    with op.batch_alter_table('expert', schema=None) as batch_op:
        batch_op.drop_constraint('fk_expert_pool', type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_expert_pool_id'))
        batch_op.drop_column('training')
        batch_op.drop_column('term_until')
        batch_op.drop_column('pool_id')
    op.drop_table('expert_pool')
