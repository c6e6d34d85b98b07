"""Names, contacts and declarations of people lie locked; a keyed index finds who bears a name."""

import sqlalchemy as sa
from alembic import op

revision = '0047'
down_revision = '0046'
branch_labels = None
depends_on = None

TEXTS = {
    'person': ['name'],
    'certificate': ['pem'],
    'expert': ['employers', 'shareholdings', 'relatives', 'contact'],
    'pool_application': ['content', 'documents', 'opinion', 'reason'],
    'avoidance_request': ['person'],
    'committee': ['rounds'],
    'committee_member': ['guest'],
}
LEDGER = "SELECT id, facts FROM ledger_entry WHERE facts IS NOT NULL AND kind LIKE :kind"


def upgrade() -> None:
    # No batch: people are referred to, their table cannot be dropped and made anew; SQLite needs no wider type.
    op.add_column('person', sa.Column('name_key', sa.String(length=32), nullable=True))
    op.create_index('ix_person_name_key', 'person', ['name_key'])
    _retype(sa.Text(), sa.Text())
    _each(lambda locker, held, place: locker.lock(held, place))


def downgrade() -> None:
    _each(lambda locker, held, place: locker.unlock(held, place))
    _retype(sa.String(length=80), sa.String(length=100))
    op.drop_index('ix_person_name_key', 'person')
    op.drop_column('person', 'name_key')


def _retype(name, asked) -> None:
    if op.get_bind().dialect.name == 'postgresql':
        op.alter_column('person', 'name', type_=name, existing_nullable=False)
        op.alter_column('avoidance_request', 'person', type_=asked, existing_nullable=False)


def _each(change) -> None:
    bind = op.get_bind()
    locker = bind.dialect.locker
    for table, columns in TEXTS.items():
        for column in columns:
            place = f'{table}.{column}'
            rows = bind.execute(sa.text(f'SELECT id, {column} FROM {table} WHERE {column} IS NOT NULL')).all()
            _write(bind, table, column, [(key, change(locker, held, place)) for key, held in rows])
    people = bind.execute(sa.text('SELECT id, name FROM person')).all()
    names = [(key, locker.index(locker.unlock(held, 'person.name'), 'person.name')) for key, held in people]
    _write(bind, 'person', 'name_key', names)
    for kind in ('expert.%', 'person.register'):
        rows = bind.execute(sa.text(LEDGER), {'kind': kind}).all()
        told = [(key, change(locker, held, 'ledger_entry.facts')) for key, held in rows]
        _write(bind, 'ledger_entry', 'facts', told)


def _write(bind, table, column, rows) -> None:
    if rows:
        written = [{'key': key, 'value': value} for key, value in rows]
        bind.execute(sa.text(f'UPDATE {table} SET {column} = :value WHERE id = :key'), written)
