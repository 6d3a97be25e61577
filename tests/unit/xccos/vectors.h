/**
 * @file tests/unit/xccos/vectors.h  Documents as the known clients send them
 *
 * protocol.md, appendix A.1 and A.2, and the post of 4.9.
 */
#pragma once

#define NS "xmlns=\"urn:parlano:xml:ns:xccos\""
#define ROOM "2f6d0c1e-58b7-4a42-9a53-0a7c8f1d2b10"

static const char requri[] =
	"<xccos ver=\"1\" envid=\"4294967295\" " NS "><cmd id=\"cmd:requri\""
	" seqid=\"1\"><data/></cmd></xccos>";
static const char bjoin[] =
	"<xccos ver=\"1\" envid=\"0\" " NS "><cmd id=\"cmd:bjoin\" seqid=\"1\">"
	"<data><chanid key=\"0\" domain=\"example.net\" value=\"" ROOM "\"/>"
	"<chanid key=\"1\" domain=\"example.net\" value=\"300\"/></data></cmd>"
	"</xccos>";
static const char getinv[] =
	"<xccos ver=\"1\" envid=\"1\" " NS "><cmd id=\"cmd:getinv\" seqid=\"1\">"
	"<data><inv inviteId=\"1\" domain=\"example.net\"/></data></cmd>"
	"</xccos>";
static const char getfutok[] =
	"<xccos " NS " ver=\"1\" envid=\"139132350\"><cmd id=\"cmd:getfutok\""
	" seqid=\"1\"><data><ftdb channelUri=\"ma-chan://example.net/" ROOM "\""
	" fileUrl=\"minutes &amp; plan.txt\"/></data></cmd></xccos>";
static const char grpchat[] =
	"<xccos " NS " ver=\"1\" envid=\"1804289390\"><grpchat id=\"grpchat\""
	" seqid=\"1\" chanUri=\"ma-chan://example.net/" ROOM "\""
	" author=\"sip:ada@example.net\" ts=\"2013-05-14T14:26:17Z\">"
	"<chat>hello</chat></grpchat></xccos>";

static const char *const validv[] = {
	requri, bjoin, getinv, getfutok, grpchat
};
