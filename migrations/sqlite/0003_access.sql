-- Who may call, how they prove who they are, and what they may do.

-- Counts the changes to the three tables below, as `generation` does those to what is published.
ALTER TABLE server ADD COLUMN access_generation INTEGER NOT NULL DEFAULT 0
    CHECK (access_generation >= 0);

-- A deleted caller keeps its row, so that its name in the audit log means one caller for ever.
CREATE TABLE caller (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 64),
    description TEXT NOT NULL CHECK (length(description) <= 255),
    enabled     INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    create_time INTEGER NOT NULL CHECK (create_time >= 0),
    delete_time INTEGER CHECK (delete_time >= create_time)
) STRICT;

-- `kind` is 1 for the issuer of tokens, 2 for a certificate's URI, 3 for its DNS name, 4 for a user
-- id, 5 for an API key; `name` is that issuer, URI, DNS name, number, or the key's prefix. Of an API
-- key only the SHA-256 is kept.
CREATE TABLE credential (
    id            INTEGER PRIMARY KEY,
    credential_id TEXT NOT NULL UNIQUE CHECK (length(credential_id) = 16),
    caller_id     INTEGER NOT NULL REFERENCES caller (id),
    kind          INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 5),
    name          TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
    digest        TEXT NOT NULL CHECK (length(digest) = CASE kind WHEN 5 THEN 64 ELSE 0 END),
    create_time   INTEGER NOT NULL CHECK (create_time >= 0),
    expire_time   INTEGER CHECK (expire_time >= 0),
    revoke_time   INTEGER CHECK (revoke_time >= 0)
) STRICT;
CREATE UNIQUE INDEX credential_by_proof ON credential (kind, name) WHERE revoke_time IS NULL;
CREATE INDEX credential_by_caller ON credential (caller_id, id);

-- `verb` has the numbers of asap.v1.Verb. Lists are lines.
CREATE TABLE access_grant (
    id                INTEGER PRIMARY KEY,
    grant_id          TEXT NOT NULL UNIQUE CHECK (length(grant_id) = 16),
    caller_id         INTEGER NOT NULL REFERENCES caller (id),
    verb              INTEGER NOT NULL CHECK (verb BETWEEN 1 AND 4),
    issuer            TEXT NOT NULL CHECK (length(issuer) <= 190),
    audiences         TEXT NOT NULL CHECK (length(audiences) <= 2047),
    subjects          TEXT NOT NULL CHECK (length(subjects) <= 2047),
    claims            TEXT NOT NULL CHECK (length(claims) <= 2047),
    max_lifetime      INTEGER NOT NULL CHECK (max_lifetime >= 0),
    tokens_per_minute INTEGER NOT NULL CHECK (tokens_per_minute >= 0),
    create_time       INTEGER NOT NULL CHECK (create_time >= 0),
    CHECK ((verb = 4) = (issuer = ''))
) STRICT;
CREATE INDEX access_grant_by_caller ON access_grant (caller_id, id);
