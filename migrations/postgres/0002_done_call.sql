-- Calls that were carried out and named their request, with their answers: a repetition gets the
-- same answer. A row goes after a day.
CREATE TABLE done_call (
    caller         text COLLATE "C" NOT NULL CHECK (length(caller) <= 127),
    method         text COLLATE "C" NOT NULL CHECK (length(method) BETWEEN 1 AND 127),
    request_id     text COLLATE "C" NOT NULL CHECK (length(request_id) BETWEEN 1 AND 64),
    request_digest text COLLATE "C" NOT NULL CHECK (length(request_digest) = 64),
    response       bytea NOT NULL,
    done_time      bigint NOT NULL CHECK (done_time >= 0),
    PRIMARY KEY (caller, method, request_id)
);
CREATE INDEX done_call_by_time ON done_call (done_time);
