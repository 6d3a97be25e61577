/**
 * @file channel/xccos/resp.c  From errno to the code and text of a reply
 *
 * The numbers are ours (protocol.md 5.1): clients ask only whether it is 200
 * and show the text.  An errno that is not in the table is a failure of ours.
 */
#include <re.h>
#include "channel/xccos/xccos.h"


struct row {
	int err;
	struct xccos_resp resp;
};

static const struct row rowv[] = {
	{ 0,            { 200, "SUCCESS_OK"                        } },

	{ EINVAL,       { 400, "ERROR_INVALID_ARGUMENT"            } },
	{ EBADMSG,      { 400, "ERROR_INVALID_ARGUMENT"            } },
	{ EACCES,       { 403, "ERROR_PERMISSION"                  } },
	{ EPERM,        { 403, "ERROR_PERMISSION"                  } },
	{ ENOBUFS,      { 403, "ERROR_CANNOT_GET_PARTICIPANT_LIST" } },
	{ EKEYEXPIRED,  { 403, "ERROR_INVALID_TOKEN"               } },
	{ ENOENT,       { 404, "ERROR_NO_SUCH_NODE"                } },
	{ ESRCH,        { 404, "ERROR_NO_SUCH_PRINCIPAL"           } },
	{ EEXIST,       { 409, "ERROR_DUPLICATE_ROOM_NAME"         } },
	{ ENOTUNIQ,     { 409, "ERROR_DUPLICATE_ADDIN_NAME"        } },
	{ ESTALE,       { 409, "ERROR_DATA_COLLISION"              } },
	{ EALREADY,     { 409, "ERROR_PRINCIPALS_ALREADY_DEFINED"  } },
	{ EPROTO,       { 409, "ERROR_INVALID_FLOW"                } },
	{ EROFS,        { 410, "ERROR_NODE_DISABLED"               } },
	{ ENOTCONN,     { 412, "ERROR_USER_NOT_JOINED"             } },
	{ E2BIG,        { 413, "ERROR_LIMIT_EXCEEDED"              } },
	{ EMSGSIZE,     { 413, "ERROR_LIMIT_EXCEEDED"              } },
	{ EDQUOT,       { 413, "ERROR_LIMIT_EXCEEDED"              } },
	{ ENOTDIR,      { 422, "ERROR_NODE_HIERARCHY_VIOLATION"    } },
	{ EXDEV,        { 422, "ERROR_PRINCIPALS_NOT_IN_SCOPE"     } },
	{ EDOM,         { 422, "ERROR_PRESENTER_NOT_MEMBER"        } },

	{ ECANCELED,    { 500, "OPERATION_FAILED"                  } },
	{ ENOSYS,       { 501, "ERROR_MSG_NOT_SUPPORTED"           } },
	{ ENOTSUP,      { 501, "ERROR_MSG_NOT_SUPPORTED"           } },
	{ EAGAIN,       { 503, "ERROR_DATABASE_CONNECTION"         } },
	{ EBUSY,        { 503, "ERROR_DATABASE_CONNECTION"         } },
	{ ETIMEDOUT,    { 503, "ERROR_DATABASE_CONNECTION"         } },
	{ ECONNREFUSED, { 503, "ERROR_DATABASE_CONNECTION"         } },
	{ ECONNRESET,   { 503, "ERROR_DATABASE_CONNECTION"         } },
};

static const struct xccos_resp failure = { 500, "ERROR_SERVER" };


struct xccos_resp xccos_resp(int err)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rowv); i++) {
		if (rowv[i].err == err)
			return rowv[i].resp;
	}

	return failure;
}
