-- What was minted, denied and changed. `chain_hash` is a keyed hash over a row and the hash of the
-- one before it. Rows leave at the old end only, up to the checkpoint.
CREATE TABLE audit_event (
    sequence    INTEGER PRIMARY KEY CHECK (sequence > 0),
    create_time INTEGER NOT NULL CHECK (create_time >= 0),
    caller      TEXT NOT NULL CHECK (length(caller) <= 127),
    proof_kind  INTEGER NOT NULL CHECK (proof_kind BETWEEN 0 AND 4),
    proof       TEXT NOT NULL CHECK (length(proof) <= 255),
    method      TEXT NOT NULL CHECK (length(method) <= 127),
    result      TEXT NOT NULL CHECK (length(result) BETWEEN 1 AND 31),
    message     TEXT NOT NULL CHECK (length(message) <= 319),
    issuer      TEXT NOT NULL CHECK (length(issuer) <= 255),
    key_id      TEXT NOT NULL CHECK (length(key_id) <= 255),
    token_id    TEXT NOT NULL CHECK (length(token_id) <= 255),
    request_id  TEXT NOT NULL CHECK (length(request_id) <= 64),
    chain_hash  BLOB NOT NULL CHECK (length(chain_hash) = 32)
) STRICT;
CREATE INDEX audit_event_by_time ON audit_event (create_time, sequence);
CREATE INDEX audit_event_by_caller ON audit_event (caller, sequence);
CREATE INDEX audit_event_by_issuer ON audit_event (issuer, sequence);

-- One row: the newest event, and the newest that was removed, whose MAC shows that the server did it.
CREATE TABLE audit_head (
    id                  INTEGER PRIMARY KEY CHECK (id = 1),
    sequence            INTEGER NOT NULL CHECK (sequence >= checkpoint_sequence),
    chain_hash          BLOB NOT NULL CHECK (length(chain_hash) = 32),
    checkpoint_sequence INTEGER NOT NULL CHECK (checkpoint_sequence >= 0),
    checkpoint_hash     BLOB NOT NULL CHECK (length(checkpoint_hash) = 32),
    checkpoint_mac      BLOB NOT NULL CHECK (length(checkpoint_mac) IN (0, 32))
) STRICT;
INSERT INTO audit_head (id, sequence, chain_hash, checkpoint_sequence, checkpoint_hash, checkpoint_mac)
    VALUES (1, 0, zeroblob(32), 0, zeroblob(32), x'');
