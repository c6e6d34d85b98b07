"""tokens of programs, answers kept for requests sent twice"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0044'
down_revision = '0043'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('api_token',
    sa.Column('number', sa.String(length=24), nullable=False),
    sa.Column('token_digest', sa.String(length=64), nullable=False),
    sa.Column('hint', sa.String(length=4), nullable=False),
    sa.Column('person_id', KEY, nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('scopes', core.db.Json(), nullable=False),
    sa.Column('created_on', core.db.Instant(), nullable=False),
    sa.Column('expires_at', core.db.Instant(), nullable=False),
    sa.Column('used_on', core.db.Instant(), nullable=True),
    sa.Column('revoked_on', core.db.Instant(), nullable=True),
    sa.Column('id', KEY, nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('number'),
    sa.UniqueConstraint('token_digest')
    )
    with op.batch_alter_table('api_token') as batch_op:
        batch_op.create_index(batch_op.f('ix_api_token_person_id'), ['person_id'], unique=False)
    op.create_table('kept_answer',
    sa.Column('owner', sa.String(length=64), nullable=False),
    sa.Column('key_digest', sa.String(length=64), nullable=False),
    sa.Column('request_digest', sa.String(length=64), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('expires_at', core.db.Instant(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('owner', 'key_digest')
    )
    with op.batch_alter_table('kept_answer') as batch_op:
        batch_op.create_index(batch_op.f('ix_kept_answer_expires_at'), ['expires_at'], unique=False)


def downgrade() -> None:
    op.drop_table('kept_answer')
    op.drop_table('api_token')
