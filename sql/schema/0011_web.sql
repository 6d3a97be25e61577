-- Sessions and files of the web service.

INSERT INTO schema_version (version) VALUES (11);
