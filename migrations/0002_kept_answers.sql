-- What queries found out about tables, kept until a table changes: profiles, values, evidence of joins.

CREATE TABLE kept_answers (
    -- what was asked: `profile`, `values`, `join` …
    kind     TEXT NOT NULL,
    -- of what: JSON of the project, tables and columns
    question TEXT NOT NULL,
    -- the tables as they were; NULL where nobody can tell, as for a view of BigQuery
    state    TEXT,
    answer   TEXT NOT NULL CHECK (json_valid(answer)),
    kept_at  TEXT NOT NULL,
    PRIMARY KEY (kind, question)
) STRICT;

CREATE INDEX kept_answers_by_age ON kept_answers (kept_at);
