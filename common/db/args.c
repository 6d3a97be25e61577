/**
 * @file common/db/args.c  Parameters in PostgreSQL's binary format
 *
 * Each value carries the type that it was added as.  Left to itself the
 * server guesses the type from where the parameter stands, and a guess of
 * another width (smallint, jsonb) would misread the bytes.
 */
#include <stddef.h>
#include <string.h>
#include <re.h>
#include "common/db/db.h"
#include "common/db/priv.h"


void db_args_init(struct db_args *a)
{
	memset(a, 0, offsetof(struct db_args, v));
}


void db_args_reset(struct db_args *a)
{
	if (!a)
		return;

	a->mb = mem_deref(a->mb);
	db_args_init(a);
}


/* Opens the next value; false when the arguments have failed already. */
static bool value_begin(struct db_args *a, uint32_t oid)
{
	if (a->err)
		return false;

	if (a->n >= ARRAY_SIZE(a->v)) {
		a->err = EOVERFLOW;
		return false;
	}

	if (!a->mb && !(a->mb = mbuf_alloc(256))) {
		a->err = ENOMEM;
		return false;
	}

	a->v[a->n].pos = (uint32_t)a->mb->pos;
	a->v[a->n].oid = oid;

	return true;
}


static void value_end(struct db_args *a)
{
	size_t len;

	if (a->err)
		return;

	len = a->mb->pos - a->v[a->n].pos;
	if (a->mb->pos > INT32_MAX) {
		a->err = EOVERFLOW;
		return;
	}

	a->v[a->n++].len = (int32_t)len;
}


static void put(struct db_args *a, const void *p, size_t len)
{
	if (!a->err && len)
		a->err = mbuf_write_mem(a->mb, p, len);
}


static void put_u32(struct db_args *a, uint32_t v)
{
	v = htonl(v);
	put(a, &v, sizeof(v));
}


static void put_u64(struct db_args *a, uint64_t v)
{
	put_u32(a, (uint32_t)(v >> 32));
	put_u32(a, (uint32_t)v);
}


static void null_value(struct db_args *a, uint32_t oid)
{
	if (!value_begin(a, oid))
		return;

	a->v[a->n++].len = -1;
}


void db_null(struct db_args *a)
{
	null_value(a, 0);
}


void db_int4(struct db_args *a, int32_t v)
{
	if (!value_begin(a, OID_INT4))
		return;

	put_u32(a, (uint32_t)v);
	value_end(a);
}


void db_int8(struct db_args *a, int64_t v)
{
	if (!value_begin(a, OID_INT8))
		return;

	put_u64(a, (uint64_t)v);
	value_end(a);
}


void db_bool(struct db_args *a, bool v)
{
	const uint8_t byte = v;

	if (!value_begin(a, OID_BOOL))
		return;

	put(a, &byte, 1);
	value_end(a);
}


void db_text(struct db_args *a, const char *v)
{
	if (v)
		db_textn(a, v, strlen(v));
	else
		null_value(a, OID_TEXT);
}


void db_textn(struct db_args *a, const char *p, size_t len)
{
	if (!p) {
		null_value(a, OID_TEXT);
		return;
	}

	if (!value_begin(a, OID_TEXT))
		return;

	put(a, p, len);
	value_end(a);
}


void db_uuid(struct db_args *a, const uint8_t v[16])
{
	if (!v) {
		null_value(a, OID_UUID);
		return;
	}

	if (!value_begin(a, OID_UUID))
		return;

	put(a, v, 16);
	value_end(a);
}


void db_time(struct db_args *a, int64_t us)
{
	if (!value_begin(a, OID_TIMESTAMPTZ))
		return;

	if (us != INT64_MAX)
		us = us < INT64_MIN + PG_EPOCH_US ? INT64_MIN
			: us - PG_EPOCH_US;

	put_u64(a, (uint64_t)us);
	value_end(a);
}


/* An array of one dimension that counts from 1; without elements it has no
   dimension. */
static bool array_begin(struct db_args *a, uint32_t oid, uint32_t elem,
			size_t n, bool nulls)
{
	if (n > INT32_MAX / 4) {
		a->err = a->err ? a->err : EOVERFLOW;
		return false;
	}

	if (!value_begin(a, oid))
		return false;

	put_u32(a, n ? 1 : 0);
	put_u32(a, nulls);
	put_u32(a, elem);

	if (n) {
		put_u32(a, (uint32_t)n);
		put_u32(a, 1);
	}

	return true;
}


void db_int4v(struct db_args *a, const int32_t *v, size_t n)
{
	size_t i;

	if (!array_begin(a, OID_INT4V, OID_INT4, n, false))
		return;

	for (i = 0; i < n; i++) {
		put_u32(a, 4);
		put_u32(a, (uint32_t)v[i]);
	}

	value_end(a);
}


void db_int8v(struct db_args *a, const int64_t *v, size_t n)
{
	size_t i;

	if (!array_begin(a, OID_INT8V, OID_INT8, n, false))
		return;

	for (i = 0; i < n; i++) {
		put_u32(a, 8);
		put_u64(a, (uint64_t)v[i]);
	}

	value_end(a);
}


void db_boolv(struct db_args *a, const bool *v, size_t n)
{
	size_t i;

	if (!array_begin(a, OID_BOOLV, OID_BOOL, n, false))
		return;

	for (i = 0; i < n; i++) {
		const uint8_t byte = v[i];

		put_u32(a, 1);
		put(a, &byte, 1);
	}

	value_end(a);
}


void db_textv(struct db_args *a, const struct pl *v, size_t n)
{
	bool nulls = false;
	size_t i;

	for (i = 0; i < n; i++)
		nulls |= !v[i].p;

	if (!array_begin(a, OID_TEXTV, OID_TEXT, n, nulls))
		return;

	for (i = 0; i < n; i++) {
		put_u32(a, v[i].p ? (uint32_t)v[i].l : UINT32_MAX);
		if (v[i].p)
			put(a, v[i].p, v[i].l);
	}

	value_end(a);
}


void db_uuidv(struct db_args *a, const uint8_t (*v)[16], size_t n)
{
	size_t i;

	if (!array_begin(a, OID_UUIDV, OID_UUID, n, false))
		return;

	for (i = 0; i < n; i++) {
		put_u32(a, 16);
		put(a, v[i], 16);
	}

	value_end(a);
}
