-- Messages removed, replaced, purged, retained, held.

INSERT INTO schema_version (version) VALUES (6);
