/**
 * @file common/db/res.c  Columns out of PostgreSQL's binary format
 */
#include <string.h>
#include <libpq-fe.h>
#include <re.h>
#include "common/db/db.h"
#include "common/db/priv.h"


/* The bytes of a value, NULL for NULL and for what is not there. */
static const uint8_t *value(const struct db_res *res, uint32_t row,
			    uint32_t col, int *lenp)
{
	if (db_isnull(res, row, col))
		return NULL;

	*lenp = PQgetlength(res->pg, (int)row, (int)col);

	return (const uint8_t *)PQgetvalue(res->pg, (int)row, (int)col);
}


static uint64_t be(const uint8_t *p, int len)
{
	uint64_t v = 0;

	while (len--)
		v = v << 8 | *p++;

	return v;
}


uint32_t db_rows(const struct db_res *res)
{
	return res ? (uint32_t)PQntuples(res->pg) : 0;
}


bool db_isnull(const struct db_res *res, uint32_t row, uint32_t col)
{
	if (row >= db_rows(res) || col >= (uint32_t)PQnfields(res->pg))
		return true;

	return PQgetisnull(res->pg, (int)row, (int)col);
}


int64_t db_get_int(const struct db_res *res, uint32_t row, uint32_t col)
{
	int len;
	const uint8_t *p = value(res, row, col, &len);

	if (!p)
		return 0;

	switch (len) {

	case 1: return p[0];
	case 2: return (int16_t)be(p, 2);
	case 4: return (int32_t)be(p, 4);
	case 8: return (int64_t)be(p, 8);
	default: return 0;
	}
}


bool db_get_bool(const struct db_res *res, uint32_t row, uint32_t col)
{
	return db_get_int(res, row, col) != 0;
}


struct pl db_get_text(const struct db_res *res, uint32_t row, uint32_t col)
{
	struct pl pl = PL_INIT;
	int len;
	const uint8_t *p = value(res, row, col, &len);

	if (p) {
		pl.p = (const char *)p;
		pl.l = (size_t)len;
	}

	return pl;
}


int64_t db_get_time(const struct db_res *res, uint32_t row, uint32_t col)
{
	int64_t us;

	if (db_isnull(res, row, col))
		return 0;

	us = db_get_int(res, row, col);
	if (us == INT64_MIN)
		return us;

	return us > INT64_MAX - PG_EPOCH_US ? INT64_MAX : us + PG_EPOCH_US;
}


const uint8_t *db_get_uuid(const struct db_res *res, uint32_t row,
			   uint32_t col)
{
	int len;
	const uint8_t *p = value(res, row, col, &len);

	return p && len == 16 ? p : NULL;
}


/* dimensions, flags, element type, then length and lower bound: 20 bytes
   before the first element, 12 when the array is empty. */
static int array_open(const uint8_t *p, int len, size_t *np)
{
	*np = 0;

	if (len < 12 || be(p + 8, 4) != OID_INT8)
		return EBADMSG;

	if (be(p, 4) == 0)
		return 0;

	if (be(p, 4) != 1 || be(p + 4, 4) != 0 || len < 20)
		return EBADMSG;

	*np = be(p + 12, 4);

	return (size_t)len == 20 + *np * 12 ? 0 : EBADMSG;
}


int db_get_int8v(const struct db_res *res, uint32_t row, uint32_t col,
		 int64_t **vp, size_t *np)
{
	const uint8_t *p;
	int64_t *v;
	size_t i, n;
	int len, err;

	if (!vp || !np)
		return EINVAL;

	*vp = NULL;
	*np = 0;

	p = value(res, row, col, &len);
	if (!p)
		return 0;

	err = array_open(p, len, &n);
	if (err || !n)
		return err;

	v = mem_alloc(n * sizeof(*v), NULL);
	if (!v)
		return ENOMEM;

	for (i = 0; i < n; i++)
		v[i] = (int64_t)be(p + 20 + i * 12 + 4, 8);

	*vp = v;
	*np = n;

	return 0;
}
