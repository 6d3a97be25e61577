-- Events for the compliance service.

INSERT INTO schema_version (version) VALUES (5);
