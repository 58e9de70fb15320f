-- What a version says of itself, and the version that training reads.

-- who froze it; empty where nobody said
ALTER TABLE versions ADD COLUMN author TEXT NOT NULL DEFAULT '';
-- rows, users and products by part, where they were counted for it
ALTER TABLE versions ADD COLUMN counts TEXT CHECK (counts IS NULL OR json_valid(counts));

-- the version that the last activation froze: it stays while a draft is edited, and goes with deactivation
ALTER TABLE datasets ADD COLUMN active_version INTEGER;

UPDATE datasets SET active_version = (SELECT MAX(number) FROM versions v WHERE v.dataset_id = datasets.id) WHERE status = 'active';
