-- The prefix of the roles that `pchatctl migrate --roles` made; one row.
CREATE TABLE role_setup (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    prefix text
);
INSERT INTO role_setup DEFAULT VALUES;

INSERT INTO schema_version (version) VALUES (9);
