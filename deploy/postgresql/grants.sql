-- SPDX-License-Identifier: Apache-2.0
-- What the role that runs "asapd serve" needs. To be run by the owner of the tables, in the database
-- of asapd, after "asapd init" has made them, and again after each upgrade that changes the schema.
-- The role can change no table, and removes only what asapd removes itself.
GRANT SELECT ON asapd_schema TO asapd_server;
GRANT SELECT, UPDATE ON server, audit_head TO asapd_server;
GRANT SELECT, INSERT, UPDATE ON server_value, issuer, key, caller, credential TO asapd_server;
GRANT SELECT, INSERT, UPDATE, DELETE ON sealed_key TO asapd_server;
GRANT SELECT, INSERT, DELETE ON done_call, access_grant, audit_event TO asapd_server;
