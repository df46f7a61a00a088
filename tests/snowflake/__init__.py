"""Snowflake's SQL, run by fakesnow (DuckDB) in an environment of its own: ``make snowflake-test``.

It runs the tables, the views, the pipes' COPY and the tasks' statements. Pipes themselves, tasks, grants and
integrations it lacks: here a pipe is its COPY, once for each copy, and a task is its statement.
"""
