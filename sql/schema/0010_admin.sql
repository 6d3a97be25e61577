-- What pchatctl does to rooms, categories, users.

INSERT INTO schema_version (version) VALUES (10);
