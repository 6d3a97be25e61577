/**
 * @file channel/xccos/tokens.h  Spellings that no public capture confirms
 *
 * The elements and attributes here are tagged [C] or [D] in protocol.md: the
 * meaning is known, the spelling is a recollection or our own choice.  What
 * is certain ("uri", "chanib", "chat", ...) stands in the code as it is.
 * When a real exchange shows another spelling, only this file changes.
 */
#pragma once

/* grpchat and msg (4.9) */
#define XT_AUTHDISP       "authdisp"
#define XT_ALERT          "alert"
#define XT_CHATID         "chatId"
#define XT_RTF            "rtf"

/* uib (3.8) */
#define XT_UIB_TYPE       "type"
#define XT_UIB_DISP       "disp"
#define XT_UIB_GUID       "guid"
#define XT_UIB_UNAME      "uname"
#define XT_TYPE_USER      "5"
#define XT_TYPE_GROUP     "9"

/* chanib (3.7) */
#define XT_PARENT         "parent"
#define XT_BEHAVIOR       "behavior"
#define XT_NORMAL         "NORMAL"
#define XT_AUDITORIUM     "AUDITORIUM"
#define XT_DISABLED       "disabled"
#define XT_ADDIN_GUID     "siopid"
#define XT_ADDIN_NAME     "siopname"
#define XT_ADDIN_URL      "siopurl"
#define XT_AUDIT          "audit"
#define XT_AUDIT_WHEN     "updatedon"
#define XT_AUDIT_WHO      "updatedby"
#define XT_AUDIT_MADE     "createdon"
#define XT_AUDIT_MAKER    "createdby"
#define XT_MORE           "more"
#define XT_CONTINUED      "continued"

/* Text of the info "visibilty"; only "private" is seen on the wire */
#define XT_OPEN           "OPEN"
#define XT_SCOPED         "SCOPED"
#define XT_PRIVATE        "PRIVATE"

/* sib (4.2), association (4.3), inv (4.8), qib (4.10) */
#define XT_SIB_DISPLAY    "displayName"
#define XT_SIB_MANAGE_URL "roomManagementUrl"
#define XT_ASSOCIATION    "association"
#define XT_INV_CREATED    "createdOn"
#define XT_MATCH_ALL      "matchall"
#define XT_MATCH_PHRASE   "matchexactphrase"
#define XT_MAX_RESULTS    "maxresults"

/* qib@qtype, and what a search by filter is told of (4.10) */
#define XT_BY_NAME        "BYNAME"
#define XT_BY_CATEGORY    "BYCATEGORY"
#define XT_BY_JOINED      "BYJOINEDUSER"
#define XT_BY_FILTER      "BYFILTER"
#define XT_BY_INVITE      "BYINVITE"
#define XT_MY_ROOMS       "MYROOMS"
#define XT_MY_MANAGED     "MYMANAGEDROOMS"
#define XT_FILTER_MEMBER  "member"
#define XT_FILTER_MANAGER "manager"
#define XT_FILTER_CATEGORY "category"
#define XT_FILTER_ADDIN   "addin"
#define XT_FILTER_PRIVACY "privacy"
#define XT_FILTER_INVITES "invitations"

/* node, addin (4.13, 4.17) */
#define XT_NODE           "node"
#define XT_NODE_INVITE    "invite"
#define XT_NODE_FILEPOST  "filepost"
#define XT_NODE_LOGGED    "logged"
#define XT_ADDIN          "addin"

/* getunread, setread, getwatches, setwatch, delwatch, getfeed
   (deploy/xccos-extensions.md) */
#define XT_LAST           "last"
#define XT_READ           "read"
#define XT_UNREAD         "unread"
#define XT_WATCH          "watch"
#define XT_WATCH_KIND     "kind"
#define XT_WATCH_WORDS    "words"
#define XT_FEED           "feed"
#define XT_FEED_AFTER     "after"
#define XT_FEED_LAST      "last"
#define XT_FEED_LISTEN    "listen"
#define XT_FEED_ITEM      "item"
#define XT_NTC_FEED       "feed"

/* Notices that are off unless configured (5.3) */
#define XT_NTC_CHAN       "chanmodify"
#define XT_NTC_PERM       "permmodify"
#define XT_NTC_KICK       "kick"
#define XT_NTC_INVITE     "invite"
