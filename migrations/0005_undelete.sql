-- A deleted dataset stays for a while, whole, and can be brought back. Its name is free meanwhile.
--
-- SQLite cannot take a UNIQUE out of a table, so the tables are made anew: first the new ones, then what is in them, then the old ones go, those that
-- refer to others first, so that no row goes with another.

CREATE TABLE new_datasets (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    model_id         INTEGER NOT NULL REFERENCES models (id) ON DELETE RESTRICT,
    name             TEXT NOT NULL CHECK (name <> ''),
    name_key         TEXT NOT NULL,
    description      TEXT NOT NULL,
    -- name and description in lower case, for the search
    search_text      TEXT NOT NULL,
    status           TEXT NOT NULL CHECK (status IN ('draft', 'active')),
    config           TEXT NOT NULL CHECK (json_valid(config)),
    config_hash      TEXT NOT NULL,
    -- up by one with each change
    revision         INTEGER NOT NULL CHECK (revision > 0),
    -- what a card shows of the config, kept beside it so that a list reads no configs
    primary_table    TEXT NOT NULL,
    secondary_tables TEXT NOT NULL CHECK (json_valid(secondary_tables)),
    table_count      INTEGER NOT NULL,
    column_count     INTEGER NOT NULL,
    -- the last count, and the config that it was made of
    row_estimate     INTEGER,
    user_estimate    INTEGER,
    product_estimate INTEGER,
    estimate_hash    TEXT,
    estimated_at     TEXT,
    created_at       TEXT NOT NULL,
    updated_at       TEXT NOT NULL,
    last_used_at     TEXT,
    -- the version that the last activation froze: it stays while a draft is edited, and goes with deactivation
    active_version   INTEGER,
    -- NULL: it is there
    deleted_at       TEXT
) STRICT;

CREATE TABLE new_versions (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    dataset_id  INTEGER NOT NULL REFERENCES new_datasets (id) ON DELETE CASCADE,
    number      INTEGER NOT NULL CHECK (number > 0),
    config      TEXT NOT NULL CHECK (json_valid(config)),
    config_hash TEXT NOT NULL,
    reason      TEXT NOT NULL,
    -- the day that relative dates counted back from, where something is relative
    as_of       TEXT,
    -- SQL by part: full, train, eval, test
    sql         TEXT NOT NULL CHECK (json_valid(sql)),
    -- the tables as they were
    schemas     TEXT NOT NULL CHECK (json_valid(schemas)),
    created_at  TEXT NOT NULL,
    -- who froze it; empty where nobody said
    author      TEXT NOT NULL DEFAULT '',
    -- rows, users and products by part, where they were counted for it
    counts      TEXT CHECK (counts IS NULL OR json_valid(counts)),
    UNIQUE (dataset_id, number)
) STRICT;

CREATE TABLE new_analyses (
    dataset_id  INTEGER PRIMARY KEY REFERENCES new_datasets (id) ON DELETE CASCADE,
    -- the config that was analyzed: with another one the analysis is stale
    config_hash TEXT NOT NULL,
    -- the tables as they were; NULL where nobody can tell, as for a view of BigQuery
    state       TEXT,
    -- what a card shows, kept beside the whole so that a list reads no analyses
    score       INTEGER NOT NULL CHECK (score BETWEEN 0 AND 100),
    leaks       INTEGER NOT NULL CHECK (leaks >= 0),
    made_at     TEXT NOT NULL,
    analysis    TEXT NOT NULL CHECK (json_valid(analysis))
) STRICT;

INSERT INTO new_datasets (id, model_id, name, name_key, description, search_text, status, config, config_hash, revision, primary_table,
    secondary_tables, table_count, column_count, row_estimate, user_estimate, product_estimate, estimate_hash, estimated_at, created_at,
    updated_at, last_used_at, active_version)
SELECT id, model_id, name, name_key, description, search_text, status, config, config_hash, revision, primary_table,
    secondary_tables, table_count, column_count, row_estimate, user_estimate, product_estimate, estimate_hash, estimated_at, created_at,
    updated_at, last_used_at, active_version
FROM datasets;

INSERT INTO new_versions (id, dataset_id, number, config, config_hash, reason, as_of, sql, schemas, created_at, author, counts)
SELECT id, dataset_id, number, config, config_hash, reason, as_of, sql, schemas, created_at, author, counts FROM versions;

INSERT INTO new_analyses (dataset_id, config_hash, state, score, leaks, made_at, analysis)
SELECT dataset_id, config_hash, state, score, leaks, made_at, analysis FROM analyses;

-- An id is never given twice, not even that of a row that is gone.
INSERT INTO sqlite_sequence (name, seq)
SELECT 'new_' || name, seq FROM sqlite_sequence WHERE name IN ('datasets', 'versions')
    AND 'new_' || name NOT IN (SELECT name FROM sqlite_sequence);
UPDATE sqlite_sequence SET seq = (SELECT old.seq FROM sqlite_sequence old WHERE 'new_' || old.name = sqlite_sequence.name)
WHERE name IN ('new_datasets', 'new_versions');

DROP TABLE analyses;
DROP TABLE versions;
DROP TABLE datasets;

ALTER TABLE new_datasets RENAME TO datasets;
ALTER TABLE new_versions RENAME TO versions;
ALTER TABLE new_analyses RENAME TO analyses;

CREATE UNIQUE INDEX datasets_by_name ON datasets (model_id, name_key) WHERE deleted_at IS NULL;

-- All that a list's search looks at, in the order of the list: it reads no rows of the table but those that it shows.
CREATE INDEX datasets_by_change ON datasets (model_id, updated_at DESC, id DESC, status, search_text) WHERE deleted_at IS NULL;

CREATE INDEX datasets_by_deletion ON datasets (deleted_at) WHERE deleted_at IS NOT NULL;
