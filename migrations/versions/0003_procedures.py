"""Procedures as configuration: grounds, invitations, envelopes in two sittings, final-offer rounds."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("project") as table:
        table.add_column(sa.Column("ground", sa.String(40), nullable=False, server_default=""))
        table.add_column(sa.Column("invitation", sa.String(10), nullable=False, server_default="public"))
        table.add_column(sa.Column("attempt", sa.BigInteger(), nullable=False, server_default="1"))
        table.add_column(sa.Column("predecessor", sa.String(60), nullable=True))
    with op.batch_alter_table("section") as table:
        table.add_column(sa.Column("is_consortium_stated", sa.Boolean(), nullable=False, server_default=sa.true()))
        table.add_column(sa.Column("envelopes", core.db.Json(), nullable=False, server_default="[]"))
        table.add_column(sa.Column("round", sa.BigInteger(), nullable=False, server_default="1"))
        table.add_column(sa.Column("first_round", sa.String(60), nullable=True))
        table.add_column(sa.Column("second_opening_at", core.db.Instant(), nullable=True))
    op.create_table(
        "invitee",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("section_id", ROW_ID, sa.ForeignKey("section.id"), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("identifier", sa.String(40), nullable=False),
        sa.Column("salt", sa.String(64), nullable=False),
        sa.Column("is_invited", sa.Boolean(), nullable=False),
        sa.Column("added_at", core.db.Instant(), nullable=False),
        sa.UniqueConstraint("section_id", "identifier"),
    )
    op.create_index(op.f("ix_invitee_section_id"), "invitee", ["section_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_invitee_section_id"), table_name="invitee")
    op.drop_table("invitee")
    with op.batch_alter_table("section") as table:
        for column in ("first_round", "second_opening_at", "round", "envelopes", "is_consortium_stated"):
            table.drop_column(column)
    with op.batch_alter_table("project") as table:
        for column in ("predecessor", "attempt", "invitation", "ground"):
            table.drop_column(column)
