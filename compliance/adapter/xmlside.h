/**
 * @file compliance/adapter/xmlside.h  What the original's XML has no words for
 *
 * Files beside it, in a form of ours; deploy/compliance.md describes them.
 */
#pragma once

struct outfile;

/** Is there anything for xmlside_admin()? */
bool xmlside_any(const struct adapter_batch *batch);
/** Events of administration, and what is of no room */
void xmlside_admin(struct outfile *of, const struct adapter_batch *batch);
/** File transfers of a conversation, or of all when NULL */
void xmlside_attach(struct outfile *of, const struct adapter_batch *batch,
		    const struct adapter_conversation *only);
