-- How often the managed keys of an issuer are rotated by themselves, in seconds; 0 is never.
ALTER TABLE issuer ADD COLUMN rotation_period bigint NOT NULL DEFAULT 0
    CHECK (rotation_period >= 0 AND (managed = 1 OR rotation_period = 0));
