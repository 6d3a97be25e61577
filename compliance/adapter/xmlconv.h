/**
 * @file compliance/adapter/xmlconv.h  Conversations as the original has them
 *
 * Names, order and the closed list of types are those of the original's XML
 * (product.md C.4); what it has no words for goes into files beside it.
 */
#pragma once

struct outfile;

/** What stands where the original has nothing; all off is its XML */
struct xmlconv_opt {
	bool room;               /* AddChatRoomDetails                     */
	bool user;               /* AddUserDetails                         */
	bool present;            /* AddParticipants                        */
	bool id;                 /* AddEventIds                            */
};

/** Is the event one of a Message's six types? */
bool xmlconv_standard(const struct adapter_event *ev);
/** Has the conversation a room and an event of those? */
bool xmlconv_any(const struct adapter_conversation *conv);

void xmlconv_open(struct outfile *of);
/** Writes nothing when xmlconv_any() says so */
void xmlconv_write(struct outfile *of, const struct adapter_conversation *conv,
		   const struct xmlconv_opt *opt);
void xmlconv_close(struct outfile *of);

/** <Sender ...>, nothing without a user */
void xmlconv_sender(struct outfile *of, const char *indent,
		    const struct adapter_user *user, const char *session);
