/**
 * @file channel/sip/sipstats.c  What the SIP core counts
 */
#include <re.h>
#include "common/stats.h"
#include "channel/sip/sipstats.h"

#define C(name, member, help) { name, &sip_stats.member, false, help }
#define G(name, member, help) { name, &sip_stats.member, true, help }

struct sip_stats sip_stats;

static const struct stats_row rowv[] = {
	G("sip_connections", conns, "Connections that are up"),
	C("sip_connections_accepted", conns_accepted, "Accepted"),
	C("sip_connections_refused", conns_refused, "Not a peer, or too many"),
	C("sip_connections_dialled", conns_dialled, "Opened by us"),
	C("sip_connections_cut", conns_cut, "Did not take what we sent"),
	C("sip_connections_idle", conns_idle, "Never sent a request"),
	C("sip_tls_failed", tls_failed, "Handshakes or names refused"),
	C("sip_bytes_in", bytes_in, "Bytes read"),
	C("sip_bytes_out", bytes_out, "Bytes written"),
	C("sip_writes", writes, "Writes to connections"),
	C("sip_input_bad", bad_input, "Connections closed for their input"),
	C("sip_input_head_too_large", refused[0], "Heads over the limit"),
	C("sip_input_too_large", refused[1], "Bodies over the limit"),
	C("sip_input_no_length", refused[2],
	  "Connections closed: a body without Content-Length"),
	C("sip_input_bad_length", refused[3],
	  "Connections closed: a Content-Length that is none"),
	C("sip_input_endless", head_endless,
	  "Connections closed: a head without an end"),
	C("sip_input_skip_over", skip_over,
	  "Connections closed: a message too long to be read past"),
	C("sip_requests_bad", requests_bad, "Requests answered 400 or 505"),
	C("sip_requests_body", bodies_refused, "Requests answered 415"),
	C("sip_identity_refused", identity_refused,
	  "Requests without proof of identity, or of another user"),
	C("sip_sessions_short", sessions_short, "Requests answered 422"),
	C("sip_requests_info", requests[0], "INFO received"),
	C("sip_requests_ack", requests[1], "ACK received"),
	C("sip_requests_bye", requests[2], "BYE received"),
	C("sip_requests_invite", requests[3], "INVITE received"),
	C("sip_requests_cancel", requests[4], "CANCEL received"),
	C("sip_requests_update", requests[5], "UPDATE received"),
	C("sip_requests_options", requests[6], "OPTIONS received"),
	C("sip_requests_subscribe", requests[7], "SUBSCRIBE received"),
	C("sip_requests_service", requests[8], "SERVICE received"),
	C("sip_requests_other", requests[9], "Other known methods received"),
	C("sip_requests_unknown", requests[10], "Unknown methods received"),
	C("sip_responses_out", responses_out, "Answers sent"),
	C("sip_responses_out_4xx", replies_4xx, "Of them 4xx and 6xx"),
	C("sip_responses_out_5xx", replies_5xx, "Of them 5xx"),
	C("sip_responses_in", responses_in, "Answers received"),
	C("sip_responses_bad", responses_bad, "Answers that were malformed"),
	C("sip_responses_redialled", replies_redialled,
	  "Answers sent on a new connection"),
	C("sip_responses_stray", responses_stray, "Of them to nothing"),
	G("sip_dialogs", dialogs, "Dialogs that are up"),
	C("sip_dialogs_opened", dialogs_opened, "Dialogs accepted"),
	C("sip_dialogs_bye", dialogs_ended[0], "Ended by BYE"),
	C("sip_dialogs_gone", dialogs_ended[1], "Ended by the client's answer"),
	C("sip_dialogs_expired", dialogs_ended[2], "Ended by silence"),
	C("sip_dialogs_lost", dialogs_ended[3], "Ended with the connection"),
	C("sip_dialogs_slow", dialogs_ended[4], "Ended by a full queue"),
	C("sip_dialogs_barred", dialogs_ended[5], "Ended: the user was disabled"),
	C("sip_infos_sent", infos_sent, "INFO sent"),
	C("sip_infos_answered", infos_answered, "INFO answered 2xx"),
	C("sip_infos_failed", infos_failed, "INFO answered otherwise"),
	C("sip_infos_resent", infos_resent, "INFO sent again after a redial"),
	C("sip_infos_duplicate", infos_dup, "INFO received twice"),
	C("sip_infos_old", infos_old, "INFO with too low a CSeq"),
	C("sip_invites_duplicate", invites_dup, "INVITE received twice"),
	C("sip_ok_resent", ok_resent, "200 to INVITE sent again"),
};


void sip_stats_register(void)
{
	static bool done;

	if (done)
		return;

	done = true;
	stats_register(rowv, ARRAY_SIZE(rowv));
}
