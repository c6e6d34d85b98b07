"""names of seats sealed to the duty key until their holders sign in"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('duty_key',
    sa.Column('recipient', sa.String(length=80), nullable=False),
    sa.Column('named_at', core.db.Instant(), nullable=False),
    sa.Column('named_by', sa.String(length=120), nullable=False),
    sa.Column('withdrawn_at', core.db.Instant(), nullable=True),
    sa.Column('id', KEY, nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('committee_member') as batch_op:
        batch_op.add_column(sa.Column('sealed', sa.String(), nullable=True))
        batch_op.alter_column('person_id', existing_type=KEY, nullable=True)
        batch_op.create_check_constraint('holder', 'person_id IS NOT NULL OR sealed IS NOT NULL')
    with op.batch_alter_table('direct_selection') as batch_op:
        batch_op.add_column(sa.Column('seats', core.db.Json(), server_default='[]', nullable=False))
        batch_op.add_column(sa.Column('people_sha256', sa.String(length=64), server_default='', nullable=False))
    with op.batch_alter_table('message') as batch_op:
        batch_op.add_column(sa.Column('sealed', sa.String(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('message') as batch_op:
        batch_op.drop_column('sealed')
    with op.batch_alter_table('direct_selection') as batch_op:
        batch_op.drop_column('people_sha256')
        batch_op.drop_column('seats')
    with op.batch_alter_table('committee_member') as batch_op:
        batch_op.drop_constraint('holder', type_='check')
        batch_op.alter_column('person_id', existing_type=KEY, nullable=False)
        batch_op.drop_column('sealed')
    op.drop_table('duty_key')
