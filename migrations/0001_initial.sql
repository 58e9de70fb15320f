-- Models, datasets and frozen versions.
--
-- Times are RFC 3339 in UTC with six decimals, so that their order as text is their order in time.
-- `name_key` is the name as it is compared: trimmed and in lower case. Its indexes, not the program, decide who wins a race.

-- Tells this program's files from other programs' ("TRNS").
PRAGMA application_id = 0x54524E53;

CREATE TABLE models (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    name           TEXT NOT NULL CHECK (name <> ''),
    name_key       TEXT NOT NULL UNIQUE,
    description    TEXT NOT NULL,
    -- NULL: the embedded warehouse
    gcp_project_id TEXT,
    location       TEXT,
    created_at     TEXT NOT NULL,
    updated_at     TEXT NOT NULL
) STRICT;

CREATE TABLE datasets (
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
    UNIQUE (model_id, name_key)
) STRICT;

CREATE INDEX datasets_by_change ON datasets (model_id, updated_at DESC, id DESC);

CREATE TABLE versions (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    dataset_id  INTEGER NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
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
    UNIQUE (dataset_id, number)
) STRICT;
