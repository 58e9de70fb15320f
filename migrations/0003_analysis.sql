-- The last analysis of each dataset, and the tables that it was made of.

CREATE TABLE analyses (
    dataset_id  INTEGER PRIMARY KEY REFERENCES datasets (id) ON DELETE CASCADE,
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
