"""subscriptions of programs, their messages and tries"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0046'
down_revision = '0045'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('webhook',
    sa.Column('number', sa.String(length=24), nullable=False),
    sa.Column('person_id', KEY, nullable=False),
    sa.Column('url', sa.String(length=500), nullable=False),
    sa.Column('kinds', core.db.Json(), nullable=False),
    sa.Column('section', sa.String(length=60), nullable=False),
    sa.Column('cursor', sa.BigInteger(), nullable=False),
    sa.Column('generation', sa.BigInteger(), nullable=False),
    sa.Column('former_until', core.db.Instant(), nullable=True),
    sa.Column('failing', sa.BigInteger(), nullable=False),
    sa.Column('reason', sa.String(length=40), nullable=False),
    sa.Column('created_at', core.db.Instant(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.Column('state', sa.String(length=40), nullable=False),
    sa.Column('state_at', core.db.Instant(), nullable=False),
    sa.Column('epoch', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('number')
    )
    with op.batch_alter_table('webhook') as batch_op:
        batch_op.create_index(batch_op.f('ix_webhook_person_id'), ['person_id'], unique=False)
    op.create_table('webhook_message',
    sa.Column('number', sa.String(length=40), nullable=False),
    sa.Column('webhook_id', KEY, nullable=False),
    sa.Column('leaf', sa.BigInteger(), nullable=True),
    sa.Column('kind', sa.String(length=80), nullable=False),
    sa.Column('body', sa.String(), nullable=False),
    sa.Column('tries', sa.BigInteger(), nullable=False),
    sa.Column('written_at', core.db.Instant(), nullable=False),
    sa.Column('due_at', core.db.Instant(), nullable=True),
    sa.Column('taken_at', core.db.Instant(), nullable=True),
    sa.Column('id', KEY, nullable=False),
    sa.ForeignKeyConstraint(['webhook_id'], ['webhook.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('number'),
    sa.UniqueConstraint('webhook_id', 'leaf')
    )
    with op.batch_alter_table('webhook_message') as batch_op:
        batch_op.create_index(batch_op.f('ix_webhook_message_webhook_id'), ['webhook_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_webhook_message_due_at'), ['due_at'], unique=False)
    op.create_table('webhook_try',
    sa.Column('message_id', KEY, nullable=False),
    sa.Column('at', core.db.Instant(), nullable=False),
    sa.Column('outcome', sa.String(length=20), nullable=False),
    sa.Column('took_ms', sa.BigInteger(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.ForeignKeyConstraint(['message_id'], ['webhook_message.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('webhook_try') as batch_op:
        batch_op.create_index(batch_op.f('ix_webhook_try_message_id'), ['message_id'], unique=False)


def downgrade() -> None:
    op.drop_table('webhook_try')
    op.drop_table('webhook_message')
    op.drop_table('webhook')
