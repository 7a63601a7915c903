-- The generation at which an issuer, or a key of it, last changed: whoever knows an earlier one reads
-- what has changed since and no more.
ALTER TABLE issuer ADD COLUMN generation INTEGER NOT NULL DEFAULT 0 CHECK (generation >= 0);
CREATE INDEX issuer_by_generation ON issuer (generation);

-- Raised with `generation` by changes that are written down so. Those of earlier versions are not:
-- when the two were not raised by the same, everything has to be read.
ALTER TABLE server ADD COLUMN marked_generation INTEGER NOT NULL DEFAULT 0
    CHECK (marked_generation >= 0);
