"""Objections to the tender documents, and sections that stand still while one is open"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
BEFORE = "state IN ('draft','submission_open','failed') OR closed_at IS NOT NULL"
AFTER = "state IN ('draft','submission_open','suspended','failed') OR closed_at IS NOT NULL"


def _change_check(old: str, new: str) -> None:
    """Change the check `closed` of the table `section`, on which other tables stand."""
    if op.get_bind().dialect.name != 'sqlite':
        op.drop_constraint('closed', 'section', type_='check')
        op.create_check_constraint('closed', 'section', new)
        return
    # With foreign keys on and inside a transaction the table cannot be made anew; what the constraint says is changed
    # in the schema itself, as SQLite's manual lays down for changes that leave what is stored alone (lang_altertable §7).
    bind = op.get_bind()
    told = bind.exec_driver_sql("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = 'section'").scalar_one()
    if told.count(old) != 1:
        raise RuntimeError('the check on section.closed is not the one this migration changes')
    version = bind.exec_driver_sql('PRAGMA schema_version').scalar_one()
    bind.exec_driver_sql('PRAGMA writable_schema=ON')
    bind.exec_driver_sql(
        "UPDATE sqlite_schema SET sql = ? WHERE type = 'table' AND name = 'section'", (told.replace(old, new),)
    )
    bind.exec_driver_sql(f'PRAGMA schema_version={version + 1}')
    bind.exec_driver_sql('PRAGMA writable_schema=OFF')


def upgrade() -> None:
    _change_check(BEFORE, AFTER)
    op.create_table('document_objection',
    sa.Column('section_id', KEY, nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('is_admissible', sa.Boolean(), nullable=False),
    sa.Column('raised_at', core.db.Instant(), nullable=False),
    sa.Column('answer_due_at', core.db.Instant(), nullable=False),
    sa.Column('answered_at', core.db.Instant(), nullable=True),
    sa.Column('state', sa.String(length=40), nullable=False),
    sa.Column('state_at', core.db.Instant(), nullable=False),
    sa.Column('epoch', sa.BigInteger(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.CheckConstraint("state <> 'answered' OR answered_at IS NOT NULL", name='answered'),
    sa.ForeignKeyConstraint(['section_id'], ['section.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('section_id', 'number')
    )
    op.create_index('ix_document_objection_section_id', 'document_objection', ['section_id'], unique=False)
    # A column brings its reference along on both databases; SQLite could not add one to a standing table.
    kind = KEY.compile(dialect=op.get_bind().dialect)
    op.execute(f'ALTER TABLE clarification ADD COLUMN objection_id {kind} REFERENCES document_objection (id)')


def downgrade() -> None:
    with op.batch_alter_table('clarification', schema=None) as batch_op:
        batch_op.drop_column('objection_id')
    op.drop_index('ix_document_objection_section_id', table_name='document_objection')
    op.drop_table('document_objection')
    _change_check(AFTER, BEFORE)
