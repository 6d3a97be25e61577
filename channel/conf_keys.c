/**
 * @file channel/conf_keys.c  The configuration keys of pchat-channel
 */
#include <re.h>
#include "common/storeconf.h"
#include "channel/conf_keys.h"

const struct conf_key channel_keyv[] = {

	{ "instance.name", CONF_STR, NULL, NULL, 0, 0, CONF_REQUIRED, NULL,
	  "Name of this process in the pool, unique in its store.  A process "
	  "that starts under a name takes over from the one that had it." },
	{ "store.conninfo", CONF_STR, NULL, NULL, 0, 0, CONF_REQUIRED, NULL,
	  "libpq connection string of the Persistent Chat Store.  Several "
	  "hosts with target_session_attrs=read-write follow a failover." },
	{ "store.password_file", CONF_SECRET, NULL, NULL, 0, 0, 0,
	  NULL,
	  "File with the password for store.conninfo in its first line, so that the "
	  "connection string need not hold it." },
	STORE_LIMIT_KEYS,
	{ "pool.uri", CONF_STR, NULL, NULL, 0, 0,
	  CONF_REQUIRED | CONF_MULTI, NULL,
	  "A SIP URI under which clients reach the pool.  The first is the "
	  "one that in-band provisioning tells; sip:ocschat@DOMAIN, which "
	  "older clients look for, is always accepted." },
	{ "pool.domain", CONF_STR, NULL, NULL, 0, 0, CONF_REQUIRED, NULL,
	  "SIP domain in the URIs of rooms and categories.  Do not change it "
	  "once clients have seen rooms." },

	{ "sip.listen_tcp", CONF_STR, NULL, NULL, 0, 0, 0, NULL,
	  "ADDRESS:PORT for SIP over TCP; port 0 picks a free one." },
	{ "sip.listen_tls", CONF_STR, NULL, NULL, 0, 0, 0, NULL,
	  "ADDRESS:PORT for SIP over TLS with client certificates." },
	{ "sip.certificate", CONF_FILE, NULL, NULL, 0, 0, CONF_RELOAD, NULL,
	  "PEM file with our certificate and its chain." },
	{ "sip.key", CONF_SECRET, NULL, NULL, 0, 0, CONF_RELOAD, NULL,
	  "PEM file with the private key; readable by its owner alone." },
	{ "sip.ca", CONF_FILE, NULL, NULL, 0, 0, CONF_RELOAD, NULL,
	  "PEM file with the authorities that peers' certificates come from." },
	{ "sip.trusted_addresses", CONF_STR, NULL, NULL, 0, 0, 0, NULL,
	  "Blank-separated networks (CIDR) whose hosts may connect over plain "
	  "TCP.  The identity they assert for a user is trusted." },
	{ "sip.trusted_names", CONF_STR, NULL, NULL, 0, 0, CONF_RELOAD, NULL,
	  "Blank-separated certificate names of the registrars that may "
	  "connect over TLS; *.example.net stands for one label." },
	{ "sip.identity", CONF_ENUM, NULL, "asserted", 0, 0, 0,
	  "asserted from",
	  "Where the identity of a request is taken from.  asserted: the "
	  "P-Asserted-Identity that the peer puts in; a request without it is "
	  "refused with 403, in a dialog, too.  from: the From field where "
	  "nothing is asserted; anybody who reaches the pool can then act as "
	  "any user, so this is for a lab only." },
	{ "sip.contact", CONF_STR, NULL, NULL, 0, 0, 0, NULL,
	  "HOST or HOST:PORT that clients and front ends reach this process "
	  "under: the host of its Contact, and the source in Ms-diagnostics.  "
	  "Without it the Contact is the address of the connection.  Front "
	  "ends that route by name need the name here." },
	{ "sip.tcp_user_timeout_ms", CONF_UINT, "ms", "10000", 1000, 600000,
	  0, NULL,
	  "How long data may stay unacknowledged by the peer's host before "
	  "the connection counts as dead.  Its dialogs go on over a new one." },
	{ "sip.tcp_keepalive_s", CONF_UINT, "s", "30", 4, 7200, 0, NULL,
	  "Silence on a connection before the peer's host is probed." },
	{ "sip.head_max_bytes", CONF_UINT, "bytes", "65536", 4096, 1048576, 0,
	  NULL, "Largest head of a message; larger ones are answered 513." },
	{ "sip.head_hard_max_bytes", CONF_UINT, "bytes", "1048576", 65536,
	  16777216, 0, NULL,
	  "Bytes without the end of a head after which the connection is "
	  "closed: nobody can say where the next message begins." },
	{ "sip.skip_max_bytes", CONF_UINT, "bytes", "16777216", 65536,
	  UINT32_MAX, 0, NULL,
	  "Most bytes of a message that is too large which are read past so "
	  "that the connection goes on; beyond it the connection is closed." },
	{ "sip.window", CONF_UINT, NULL, "32", 1, 256, 0, NULL,
	  "Requests to a client that may be unanswered at a time." },
	{ "sip.queue_max", CONF_UINT, NULL, "10000", 10, 1000000, 0, NULL,
	  "Requests that may wait for a client; one that lets more pile up is "
	  "given up." },
	{ "sip.info_timeout_s", CONF_UINT, "s", "32", 1, 600, 0, NULL,
	  "How long a client may leave a request unanswered." },
	{ "sip.output_max_bytes", CONF_UINT, "bytes", "67108864", 65536,
	  UINT32_MAX, 0, NULL,
	  "Unsent bytes on one connection; beyond it the connection is cut." },
	{ "sip.connections_max", CONF_UINT, NULL, "19000", 10, 1000000, 0,
	  NULL, "Connections held open." },
	{ "body.size_max", CONF_UINT, "bytes", "131072", 1024, 16777216, 0,
	  NULL, "Largest body of a request; larger ones are answered 413." },

	{ "session.expires_s", CONF_UINT, "s", "300", 11, 86400, 0, NULL,
	  "Session-Expires: a dialog that is silent for so long is over.  Below "
	  "90 only to try it out: clients ask for as much again and again." },
	{ "session.reattach_s", CONF_UINT, "s", "1800", 0, 86400, 0, NULL,
	  "How long the rooms of a client that was lost wait for its return." },
	{ "session.queue_max", CONF_UINT, NULL, "64", 1, 10000, 0, NULL,
	  "Commands of one client that may wait; beyond it 503." },

	{ "session.dialogs_max", CONF_UINT, NULL, "16", 1, 100000, CONF_RELOAD,
	  NULL, "Dialogs of one user here; beyond it 503.  A client that comes "
	  "again under its epid takes the place of its oldest." },

	{ "rate.command_per_min", CONF_UINT, NULL, "3000", 0, 10000000,
	  CONF_RELOAD, NULL,
	  "Tokens for commands that a user gets back in a minute; 0: no limit.  "
	  "A command costs 1 to 50, a join 1 for each room; leaving one adds "
	  "50.  Beyond it 503." },
	{ "rate.command_burst", CONF_UINT, NULL, "6000", 1, 10000000,
	  CONF_RELOAD, NULL, "Tokens for commands that a user has at most." },
	{ "rate.search_per_min", CONF_UINT, NULL, "120", 0, 10000000,
	  CONF_RELOAD, NULL,
	  "Searches of a user a minute; 0: no limit.  Each hundred results "
	  "count as another one." },
	{ "rate.search_burst", CONF_UINT, NULL, "120", 1, 10000000,
	  CONF_RELOAD, NULL, "Searches that a user may save up." },
	{ "rate.post_per_min", CONF_UINT, NULL, "6000", 0, 10000000,
	  CONF_RELOAD, NULL, "Messages of a user a minute; 0: no limit." },
	{ "rate.post_burst", CONF_UINT, NULL, "2000", 1, 10000000,
	  CONF_RELOAD, NULL, "Messages that a user may save up." },
	{ "rate.signin_per_min", CONF_UINT, NULL, "120", 0, 10000000,
	  CONF_RELOAD, NULL,
	  "INVITE, SUBSCRIBE and SERVICE of a user a minute; 0: no limit." },
	{ "rate.signin_burst", CONF_UINT, NULL, "240", 1, 10000000,
	  CONF_RELOAD, NULL, "Of these, how many a user may save up." },
	{ "rate.endpoint_percent", CONF_UINT, "%", "60", 1, 100, CONF_RELOAD,
	  NULL, "What one endpoint may have of its user's rates." },
	{ "lane.share", CONF_UINT, NULL, "4", 1, 1000, 0, NULL,
	  "Commands of one user that may be under way on a connection to the "
	  "store; sixteen times as many of all users.  Of reading it is one, "
	  "and of searches one, and two of all." },

	{ "bus.listen", CONF_STR, NULL, "tcp://127.0.0.1:*", 0, 0, 0, NULL,
	  "ZeroMQ address on which the other processes of the pool hear us." },
	{ "lease.period_ms", CONF_UINT, "ms", "1000", 100, 60000, 0, NULL,
	  "How often a process renews its place in the pool." },
	{ "lease.lapse_ms", CONF_UINT, "ms", "4000", 500, 600000, 0, NULL,
	  "A process that did not renew for so long counts as dead." },

	{ "bus.hello_ms", CONF_UINT, "ms", "500", 50, 10000, 0, NULL,
	  "How often a process greets the others over the bus." },
	{ "bus.wait_ms", CONF_UINT, "ms", "5000", 0, 60000, 0, NULL,
	  "How long a process that starts waits for all others to hear it "
	  "before it takes clients all the same." },

	{ "post.batch_max", CONF_UINT, NULL, "256", 1, 10000, 0, NULL,
	  "Messages stored by one commit at most." },
	{ "post.queue_max", CONF_UINT, NULL, "20000", 1, 1000000, 0, NULL,
	  "Messages that wait for the store at most; beyond it 503." },
	{ "post.user_max", CONF_UINT, NULL, "256", 1, 1000000, CONF_RELOAD,
	  NULL, "Messages of one user that wait for the store at most; beyond "
	  "it 503." },
	{ "post.wait_ms", CONF_UINT, "ms", "2500", 100, 30000, 0, NULL,
	  "How long a message waits for the store before it is refused with "
	  "503.  Keep it below the registrar's transaction timeout." },
	{ "post.unknown_ms", CONF_UINT, "ms", "3500", 100, 60000, 0, NULL,
	  "How long a message that was sent to the store may be without an "
	  "outcome before its client is told 504, outcome unknown.  Keep it "
	  "below the registrar's transaction timeout." },

	{ "room.participant_update_limit", CONF_UINT, NULL, "75", 0, 1000000,
	  CONF_RELOAD, NULL,
	  "ParticipantUpdateLimit: above so many participants a room sends no "
	  "roster changes and no lists." },
	{ "history.default", CONF_UINT, NULL, "30", 1, 500, CONF_RELOAD, NULL,
	  "DefaultChatHistory: messages of a history reply when the client "
	  "names no number." },
	{ "message.size_max", CONF_UINT, "bytes", "8000", 256, 1048576,
	  CONF_RELOAD, NULL, "Largest chat message, told to clients." },
	{ "message.story_size_max", CONF_UINT, "bytes", "32000", 256, 1048576,
	  CONF_RELOAD, NULL, "Largest story, told to clients." },
	{ "search.limit", CONF_UINT, NULL, "999", 1, 100000, CONF_RELOAD, NULL,
	  "Most rooms that a search returns." },
	{ "search.timeout_ms", CONF_UINT, "ms", "2000", 100, 60000, 0, NULL,
	  "How long a search in messages may take; then it is refused." },
	{ "search.queue_max", CONF_UINT, NULL, "16", 1, 10000, 0, NULL,
	  "Searches that may wait for the store at a time, a quarter of them of "
	  "one user; beyond it they are refused with 503." },
	{ "retention.interval_s", CONF_UINT, "s", "600", 1, 86400, 0, NULL,
	  "How often the pool removes what is older than its room's or "
	  "category's retention." },
	{ "reply.size_max", CONF_UINT, "bytes", "262144", 16384, 16777216,
	  CONF_RELOAD, NULL,
	  "Largest reply; history leaves out its oldest messages to fit and says "
	  "so, lists go on in further replies.  The registrar must be able to "
	  "forward such a message." },

	{ "trace.file", CONF_STR, NULL, NULL, 0, 0, 0, NULL,
	  "File in which each verb, attribute and answer other than 200 is "
	  "noted when it first comes from a kind of client, without what people "
	  "say; made with mode 0600.  None: no trace." },
	{ "trace.size_max_bytes", CONF_UINT, "bytes", "4194304", 4096,
	  1073741824, 0, NULL,
	  "Size beyond which the trace file is not written to." },
	{ "notices.feeds", CONF_BOOL, NULL, "no", 0, 0, CONF_RELOAD, NULL,
	  "Whether clients that ask for it are told at once what their watches "
	  "find (ntc:feed).  Clients that do not ask never see it." },

	{ "notices.extended", CONF_BOOL, NULL, "no", 0, 0, CONF_RELOAD, NULL,
	  "Tell clients of invitations, of being put out of a room, of a "
	  "room's changed properties and of changed rights at once, with "
	  "notices whose spelling no public document confirms.  Without it "
	  "they learn of these things as all clients do." },

	{ "pool.display_name", CONF_STR, NULL, "Persistent Chat", 0, 0,
	  CONF_RELOAD, NULL, "The pool's name, told to clients." },
	{ "web.room_management_url", CONF_STR, NULL, "", 0, 0, CONF_RELOAD,
	  NULL, "Address of the room pages, told to clients." },
	{ "files.tokens_max", CONF_UINT, NULL, "200", 1, 1000000, 0, NULL,
	  "Tokens for files that a user may have at a time (each is valid for 30 "
	  "minutes); beyond it 413." },
	{ "web.file_service_url", CONF_STR, NULL, "", 0, 0, CONF_RELOAD,
	  NULL, "Address of the file service, told with the tokens for files: "
	  "https://HOST/PersistentChat/MGCWebService.asmx.  Without it there "
	  "are no tokens." },
};

const size_t channel_keyc = ARRAY_SIZE(channel_keyv);
