-- Policies and the directory.

INSERT INTO schema_version (version) VALUES (9);
