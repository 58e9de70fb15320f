-- The time as the database has seen it pass: a machine whose clock jumps must not take out what was deleted yesterday. Its row is also what
-- a check of readiness writes.

CREATE TABLE clock (
    id            INTEGER PRIMARY KEY CHECK (id = 1),
    -- the machine's clock when it was last looked at
    seen_at       TEXT NOT NULL,
    -- goes on by each step of the machine's clock that can be believed
    database_time TEXT NOT NULL
) STRICT;

-- The newest time that is known of, and none that is still to come. An empty file knows none.
INSERT INTO clock (id, seen_at, database_time)
SELECT 1, known, known
FROM (SELECT MIN(newest, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')) AS known
    FROM (SELECT MAX(at) AS newest
        FROM (SELECT MAX(updated_at) AS at FROM models
            UNION ALL SELECT MAX(updated_at) FROM datasets
            UNION ALL SELECT MAX(deleted_at) FROM datasets
            UNION ALL SELECT MAX(created_at) FROM versions
            UNION ALL SELECT MAX(made_at) FROM analyses
            UNION ALL SELECT MAX(kept_at) FROM kept_answers)))
WHERE known IS NOT NULL;

-- Cached answers are bounded by their bytes too: the index holds them, so that adding them up reads no answer.
DROP INDEX kept_answers_by_age;
CREATE INDEX kept_answers_by_age ON kept_answers (kept_at, octet_length(question) + octet_length(answer));
