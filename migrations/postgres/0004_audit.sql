-- What was minted, denied and changed. `chain_hash` is a keyed hash over a row and the hash of the
-- one before it. Rows leave at the old end only, up to the checkpoint.
CREATE TABLE audit_event (
    sequence    bigint PRIMARY KEY CHECK (sequence > 0),
    create_time bigint NOT NULL CHECK (create_time >= 0),
    caller      text COLLATE "C" NOT NULL CHECK (length(caller) <= 127),
    proof_kind  bigint NOT NULL CHECK (proof_kind BETWEEN 0 AND 4),
    proof       text COLLATE "C" NOT NULL CHECK (length(proof) <= 255),
    method      text COLLATE "C" NOT NULL CHECK (length(method) <= 127),
    result      text COLLATE "C" NOT NULL CHECK (length(result) BETWEEN 1 AND 31),
    message     text COLLATE "C" NOT NULL CHECK (length(message) <= 319),
    issuer      text COLLATE "C" NOT NULL CHECK (length(issuer) <= 255),
    key_id      text COLLATE "C" NOT NULL CHECK (length(key_id) <= 255),
    token_id    text COLLATE "C" NOT NULL CHECK (length(token_id) <= 255),
    request_id  text COLLATE "C" NOT NULL CHECK (length(request_id) <= 64),
    chain_hash  bytea NOT NULL CHECK (length(chain_hash) = 32)
);
CREATE INDEX audit_event_by_time ON audit_event (create_time, sequence);
CREATE INDEX audit_event_by_caller ON audit_event (caller, sequence);
CREATE INDEX audit_event_by_issuer ON audit_event (issuer, sequence);

-- One row: the newest event, and the newest that was removed, whose MAC shows that the server did it.
CREATE TABLE audit_head (
    id                  bigint PRIMARY KEY CHECK (id = 1),
    sequence            bigint NOT NULL CHECK (sequence >= checkpoint_sequence),
    chain_hash          bytea NOT NULL CHECK (length(chain_hash) = 32),
    checkpoint_sequence bigint NOT NULL CHECK (checkpoint_sequence >= 0),
    checkpoint_hash     bytea NOT NULL CHECK (length(checkpoint_hash) = 32),
    checkpoint_mac      bytea NOT NULL CHECK (length(checkpoint_mac) IN (0, 32))
);
INSERT INTO audit_head (id, sequence, chain_hash, checkpoint_sequence, checkpoint_hash, checkpoint_mac)
    VALUES (1, 0, decode(repeat('00', 32), 'hex'), 0, decode(repeat('00', 32), 'hex'), '');
