"""exchange of records with platforms above and below"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0049'
down_revision = '0048'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('exchange_platform',
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('side', sa.String(length=5), nullable=False),
    sa.Column('url', sa.String(length=300), nullable=False),
    sa.Column('key', sa.String(length=200), nullable=False),
    sa.Column('groups', core.db.Json(), nullable=False),
    sa.Column('cursor', sa.BigInteger(), nullable=False),
    sa.Column('failures', sa.BigInteger(), nullable=False),
    sa.Column('trouble', sa.String(length=80), nullable=False),
    sa.Column('due_at', core.db.Instant(), nullable=True),
    sa.Column('added_at', core.db.Instant(), nullable=False),
    sa.Column('withdrawn_at', core.db.Instant(), nullable=True),
    sa.Column('id', KEY, nullable=False),
    sa.CheckConstraint("side IN ('upper','lower')", name='side'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('code')
    )
    op.create_table('handed_record',
    sa.Column('platform_id', KEY, nullable=False),
    sa.Column('group_name', sa.String(length=40), nullable=False),
    sa.Column('record_key', sa.String(length=200), nullable=False),
    sa.Column('project', sa.String(length=60), nullable=False),
    sa.Column('record', core.db.Json(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('verdict', sa.String(length=10), nullable=False),
    sa.Column('code', sa.String(length=60), nullable=False),
    sa.Column('reason', sa.String(length=1000), nullable=False),
    sa.Column('sent', sa.BigInteger(), nullable=False),
    sa.Column('changed_at', core.db.Instant(), nullable=False),
    sa.Column('judged_at', core.db.Instant(), nullable=True),
    sa.Column('id', KEY, nullable=False),
    sa.CheckConstraint("verdict IN ('waiting','accepted','rejected','faulty')", name='verdict'),
    sa.ForeignKeyConstraint(['platform_id'], ['exchange_platform.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('platform_id', 'group_name', 'record_key')
    )
    with op.batch_alter_table('handed_record') as batch_op:
        batch_op.create_index(batch_op.f('ix_handed_record_project'), ['project'], unique=False)
        batch_op.create_index(batch_op.f('ix_handed_record_verdict'), ['verdict'], unique=False)
    op.create_table('received_record',
    sa.Column('platform_id', KEY, nullable=False),
    sa.Column('group_name', sa.String(length=40), nullable=False),
    sa.Column('record_key', sa.String(length=200), nullable=False),
    sa.Column('record', core.db.Json(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('received_at', core.db.Instant(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.ForeignKeyConstraint(['platform_id'], ['exchange_platform.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('platform_id', 'group_name', 'record_key')
    )


def downgrade() -> None:
    op.drop_table('received_record')
    op.drop_table('handed_record')
    op.drop_table('exchange_platform')
