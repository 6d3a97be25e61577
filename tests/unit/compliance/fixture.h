/**
 * @file tests/unit/compliance/fixture.h  A batch, a host and a folder to write
 * to, for the tests of adapters
 *
 * The batch (7, from 14:00 to 14:15 on 5 November 2013): a room "Trading" that
 * Alice is in from start to end and Bob enters and leaves, with every type of
 * event and one replaced message; a room "Büro" where Zoë says something; one
 * event of no room.
 */
#pragma once

/** Opens a folder and makes the batch anew; for checked fixtures */
void fx_setup(void);
void fx_teardown(void);

/** The batch, which a test may change */
extern struct adapter_batch fx_batch;
extern struct adapter_conversation fx_convv[3];
extern struct adapter_event fx_tradingv[8];

/** "FOLDER/NAME", static storage of four */
const char *fx_path(const char *name);
void fx_write(const char *name, const char *text, unsigned mode);
/** The content, NULL when there is no such file; until the end of the test */
const char *fx_read(const char *name);
/** Files in the folder */
unsigned fx_files(void);

/** Open with "key", "value" pairs and NULL; the result of open() */
int  fx_open(const struct adapter *adapter, ...);
/** The same, and it must not fail */
void fx_must_open(const struct adapter *adapter, ...);
/** The result of deliver(), enum adapter_verdict; what items were settled is
 *  remembered until fx_forget() */
int  fx_deliver(void);
void fx_forget(void);
/** "ITEM: taken|later|refused", a line each, in the order of the settling */
const char *fx_items(void);
/** What it gave as the reason */
extern char fx_error[256];
/** All that was logged, a line each */
const char *fx_log(void);
/** Files the manifest was told of */
unsigned fx_wrote(void);

/** Of a file: XPath expression as a string, until the end of the test */
const char *fx_xpath(const char *name, const char *xpath);
/** Does deploy/compliance/conversations.xsd allow it? */
bool fx_valid(const char *name);

/**
 * Run tests/unit/compliance/SCRIPT under python3 with the arguments given,
 * NULL at the end; what it writes comes back (until the end of the test)
 */
const char *fx_python(const char *script, ...);
/** The same, but it goes on: a server that writes its port first */
unsigned fx_server(const char *script, ...);
