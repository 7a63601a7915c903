-- Times are seconds since 1970; NULL is never. Text compares byte by byte.

-- One row: `generation` counts the changes to what is published.
CREATE TABLE server (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    generation  INTEGER NOT NULL CHECK (generation >= 0),
    latest_time INTEGER NOT NULL CHECK (latest_time >= 0)
) STRICT;
INSERT INTO server (id, generation, latest_time) VALUES (1, 0, 0);

CREATE TABLE server_value (
    name    TEXT PRIMARY KEY CHECK (name <> ''),
    content BLOB NOT NULL
) STRICT;

-- A deleted issuer keeps its row, so that its name is never used again.
CREATE TABLE issuer (
    id           INTEGER PRIMARY KEY,
    name         TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 190),
    managed      INTEGER NOT NULL CHECK (managed IN (0, 1)),
    algorithm    TEXT NOT NULL CHECK (length(algorithm) <= 7),
    max_lifetime INTEGER NOT NULL CHECK (max_lifetime >= 0),
    create_time  INTEGER NOT NULL CHECK (create_time >= 0),
    delete_time  INTEGER CHECK (delete_time >= create_time),
    CHECK ((managed = 1) = (algorithm <> ''))
) STRICT;

-- Rows are never deleted: a kid and a public key are used once. The state follows from the times.
CREATE TABLE key (
    id             INTEGER PRIMARY KEY,
    issuer_id      INTEGER NOT NULL REFERENCES issuer (id),
    kid            TEXT NOT NULL UNIQUE CHECK (length(kid) BETWEEN 3 AND 255),
    managed        INTEGER NOT NULL CHECK (managed IN (0, 1)),
    algorithm      TEXT NOT NULL CHECK (length(algorithm) BETWEEN 1 AND 7),
    thumbprint     TEXT NOT NULL UNIQUE CHECK (length(thumbprint) = 43),
    pem            TEXT NOT NULL CHECK (length(pem) BETWEEN 1 AND 2048),
    digest         TEXT NOT NULL CHECK (length(digest) = 64),
    create_time    INTEGER NOT NULL CHECK (create_time >= 0),
    publish_time   INTEGER CHECK (publish_time >= 0),
    sign_time      INTEGER CHECK (sign_time >= 0),
    sign_until     INTEGER CHECK (sign_until >= 0),
    unpublish_time INTEGER CHECK (unpublish_time >= 0),
    revoke_time    INTEGER CHECK (revoke_time >= 0),
    max_lifetime   INTEGER NOT NULL CHECK (max_lifetime >= 0),
    revoke_reason  TEXT NOT NULL CHECK (length(revoke_reason) <= 255)
) STRICT;
CREATE INDEX key_by_issuer ON key (issuer_id, id);

-- Private keys, sealed under the KEK; the row goes when the private key is destroyed.
CREATE TABLE sealed_key (
    key_id  INTEGER PRIMARY KEY REFERENCES key (id),
    content BLOB NOT NULL CHECK (length(content) > 0)
) STRICT;
