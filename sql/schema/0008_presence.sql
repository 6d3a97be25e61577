-- Presence documents, read positions, watches.

INSERT INTO schema_version (version) VALUES (8);
