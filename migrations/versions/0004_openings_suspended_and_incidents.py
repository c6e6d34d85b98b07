"""Openings suspended, resumed and cancelled; incidents; prolonged windows"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    # A column brings its check along on both databases; SQLite could not add one to a standing table.
    op.execute(
        "ALTER TABLE opening ADD COLUMN stood_in VARCHAR(40)"
        " CONSTRAINT stood_in CHECK (state NOT IN ('suspended','cancelled') OR stood_in IS NOT NULL)"
    )
    for column in ('extensions', 'suspensions'):
        op.add_column('opening', sa.Column(column, core.db.Json(), nullable=False, server_default='[]'))
    op.create_table('incident',
    sa.Column('opening_id', KEY, nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('cause', sa.String(), nullable=False),
    sa.Column('impact', sa.String(), nullable=False),
    sa.Column('measures', sa.String(), nullable=False),
    sa.Column('raised_at', core.db.Instant(), nullable=False),
    sa.Column('raised_by', sa.String(length=120), nullable=False),
    sa.Column('outcome', sa.String(), nullable=True),
    sa.Column('closed_at', core.db.Instant(), nullable=True),
    sa.Column('closed_by', sa.String(length=120), nullable=True),
    sa.Column('id', KEY, nullable=False),
    sa.ForeignKeyConstraint(['opening_id'], ['opening.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('opening_id', 'number')
    )
    op.create_index('ix_incident_opening_id', 'incident', ['opening_id'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_incident_opening_id', table_name='incident')
    op.drop_table('incident')
    with op.batch_alter_table('opening', schema=None) as batch_op:
        for column in ('suspensions', 'extensions', 'stood_in'):
            batch_op.drop_column(column)
