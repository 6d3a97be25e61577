-- for: channel

-- name: presence_publish
-- See the function of that name in sql/schema.  $1 bigint: user, $2 text[]:
-- names, $3 bigint[]: instances, $4 integer[]: containers, $5 bigint[]:
-- versions, $6 text[]: expire types, $7 integer[]: seconds, negative for ever,
-- $8 text[]: bodies, $9 text[]: rooms' GUIDs or NULL, $10 integer: most items,
-- $11 integer: most bytes
SELECT * FROM presence_publish($1::bigint, $2::text[], $3::bigint[], $4::integer[],
                               $5::bigint[], $6::text[],
                               ARRAY(SELECT CASE WHEN s >= 0 THEN s END
                                       FROM unnest($7::integer[])
                                            WITH ORDINALITY AS w (s, nth) ORDER BY nth),
                               $8::text[], $9::uuid[], $10::integer, $11::integer);

-- name: presence_read
-- What a user published.  $1 bigint: user, $2 text[]: names, NULL for all
SELECT c.name, c.instance, c.container, c.version, c.publish_time,
       c.expire_type, c.body
  FROM presence_category c
 WHERE c.principal_id = $1 AND ($2::text[] IS NULL OR c.name = ANY ($2::text[]))
   AND (c.expires_on IS NULL OR c.expires_on > now())
 ORDER BY c.name, c.container, c.instance;
