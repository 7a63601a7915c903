-- Calls that were carried out and named their request, with their answers: a repetition gets the
-- same answer. A row goes after a day.
CREATE TABLE done_call (
    caller         TEXT NOT NULL CHECK (length(caller) <= 127),
    method         TEXT NOT NULL CHECK (length(method) BETWEEN 1 AND 127),
    request_id     TEXT NOT NULL CHECK (length(request_id) BETWEEN 1 AND 64),
    request_digest TEXT NOT NULL CHECK (length(request_digest) = 64),
    response       BLOB NOT NULL,
    done_time      INTEGER NOT NULL CHECK (done_time >= 0),
    PRIMARY KEY (caller, method, request_id)
) STRICT;
CREATE INDEX done_call_by_time ON done_call (done_time);
