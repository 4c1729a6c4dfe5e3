"""Runs the migrations on the connection handed over in the configuration. Owns no connection of its own."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    # SQLite can roll tables back too, once the transaction is begun by hand as it is here.
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
