/**
 * @file channel/sip/sipstats.h  What the SIP core counts
 */
#pragma once

struct sip_stats {
	uint64_t conns, conns_accepted, conns_refused, conns_dialled;
	uint64_t conns_cut, conns_idle, tls_failed;
	uint64_t bytes_in, bytes_out, writes, bad_input;
	uint64_t refused[4];           /* by enum conn_refusal               */
	uint64_t head_endless, skip_over;
	uint64_t requests_bad, responses_bad, bodies_refused;
	uint64_t identity_refused, sessions_short;
	uint64_t requests[11];         /* by enum sip_met                    */
	uint64_t responses_out, responses_in, responses_stray, replies_redialled;
	uint64_t replies_4xx, replies_5xx;
	uint64_t dialogs, dialogs_opened;
	uint64_t dialogs_ended[6];     /* by enum dlg_end                    */
	uint64_t infos_sent, infos_answered, infos_failed, infos_resent;
	uint64_t infos_dup, infos_old, invites_dup, ok_resent;
};

extern struct sip_stats sip_stats;

/** Tells common/stats about them; any number of times */
void sip_stats_register(void);
