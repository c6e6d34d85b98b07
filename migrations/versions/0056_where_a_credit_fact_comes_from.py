"""A credit fact says what decided it, by which law, of whom; a later one may withdraw it; whose fault a lost award was."""

import json
from datetime import datetime, timedelta, timezone

import sqlalchemy as sa
from alembic import op

import core.db

revision = '0056'
down_revision = '0055'
branch_labels = None
depends_on = None

BEIJING = timezone(timedelta(hours=8))
KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
FIRST = sa.text('withdraws_id IS NULL')
NEW = ('source', 'decision', 'decided_on', 'rule', 'member_of', 'withdraws_id')


def upgrade() -> None:
    with op.batch_alter_table('credit_fact') as table:
        table.add_column(sa.Column('source', sa.String(length=120), server_default='', nullable=False))
        table.add_column(sa.Column('decision', sa.String(length=200), server_default='', nullable=False))
        table.add_column(sa.Column('decided_on', sa.String(length=10), server_default='', nullable=False))
        table.add_column(sa.Column('rule', core.db.Json(), server_default='{}', nullable=False))
        table.add_column(sa.Column('member_of', sa.String(length=40), server_default='', nullable=False))
        table.add_column(sa.Column('withdraws_id', KEY, nullable=True))
    # What was recorded before came from a confirmed lead alone; its number stands among its facts.
    rows = sa.table('credit_fact', *map(sa.column, ('id', 'kind', 'facts', 'recorded_at', *NEW)))
    link = op.get_bind()
    for held in link.execute(sa.select(rows.c.id, rows.c.facts, rows.c.recorded_at)).all():
        told = json.loads(held.facts or '{}')
        day = datetime.fromtimestamp(held.recorded_at // 1_000_000, BEIJING).date().isoformat()
        rule = {'rule': 'R-657', 'key': 'credit.fact.other', 'value': 'lead', 'unit': 'choice', 'source': ''}
        values = {
            'source': f"warning:{told['warning']}" if told.get('warning') else f'fact:{held.id}',
            'decision': str(told.get('warning') or held.id), 'decided_on': day, 'rule': json.dumps(rule),
        }  # fmt: skip
        link.execute(rows.update().where(rows.c.id == held.id).values(**values))
    with op.batch_alter_table('credit_fact') as table:
        table.create_foreign_key('fk_credit_fact_withdraws_id', 'credit_fact', ['withdraws_id'], ['id'])
        table.create_unique_constraint('uq_credit_fact_withdraws_id', ['withdraws_id'])
    op.create_index('ix_credit_fact_section', 'credit_fact', ['section'])
    op.create_index(
        'credit_fact_once', 'credit_fact', ['kind', 'identifier', 'source'], unique=True,
        sqlite_where=FIRST, postgresql_where=FIRST,
    )  # fmt: skip
    with op.batch_alter_table('award_set_aside') as table:
        table.add_column(sa.Column('fault', core.db.Json(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('award_set_aside') as table:
        table.drop_column('fault')
    op.drop_index('credit_fact_once', 'credit_fact')
    op.drop_index('ix_credit_fact_section', 'credit_fact')
    with op.batch_alter_table('credit_fact') as table:
        table.drop_constraint('uq_credit_fact_withdraws_id', type_='unique')
        table.drop_constraint('fk_credit_fact_withdraws_id', type_='foreignkey')
        for name in NEW:
            table.drop_column(name)
