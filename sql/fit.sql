-- for: channel web compliance ctl owner

-- name: store_fit
-- What is wrong with the database itself, which no migration can change, and
-- the statement that makes a right one; NULL: nothing.  The length of the
-- encoding's name keeps the planner from computing chr() where it fails.
SELECT problem, format('CREATE DATABASE %I ENCODING ''UTF8'' LOCALE ''C.UTF-8'''
                       ' TEMPLATE template0', current_database()) AS hint
  FROM (SELECT CASE
           WHEN getdatabaseencoding() <> 'UTF8'
           THEN format('its encoding is %s, and must be UTF8', getdatabaseencoding())
           WHEN lower(chr(201 + 0 * length(getdatabaseencoding()))) <> chr(233 + 0 * length(getdatabaseencoding()))
             OR lower('I') <> 'i'
           THEN format('its character type (LC_CTYPE %s) does not fold the case of letters',
                       (SELECT coalesce(d.daticulocale, d.datctype) FROM pg_database d
                         WHERE d.datname = current_database()))
           END AS problem) AS x;
