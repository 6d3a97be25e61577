#!/usr/bin/python3
"""A mail server that keeps what it takes: smtpd.py FOLDER [OPTION...]

Writes its port.  A mail becomes FOLDER/mail-N, what happened a line of
FOLDER/smtp.log.  Options: "tls=CERT,KEY" offers STARTTLS, "login=USER:WORD"
wants it, "mail=CODE", "rcpt=CODE", "data=CODE" answer so, "data=CODE@N" only
to the N-th mail; "data=hang" never does.  "refuse=ADDRESS:CODE" refuses one
recipient.
"""
import asyncio
import logging
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

folder = sys.argv[1]
logging.disable(logging.WARNING)
opts = dict(arg.split('=', 1) for arg in sys.argv[2:])
mails = connections = 0


def log(*words):
    with open(folder + '/smtp.log', 'a') as f:
        print(*words, file=f)


def answer(what):
    code, _, nth = opts.get(what, '').partition('@')
    return f'{code} no' if code and (not nth or int(nth) == mails) else None


class Handler:
    async def handle_MAIL(self, server, session, envelope, address, options):
        if answer('mail'):
            return answer('mail')
        envelope.mail_from = address
        return '250 OK'

    async def handle_RCPT(self, server, session, envelope, address, options):
        if answer('rcpt'):
            return answer('rcpt')
        who, _, code = opts.get('refuse', '').partition(':')
        if address == who:
            return code + ' not here'
        envelope.rcpt_tos.append(address)
        return '250 OK'

    async def handle_DATA(self, server, session, envelope):
        global mails
        mails += 1
        if opts.get('data') == 'hang':
            await asyncio.sleep(3600)
        if answer('data'):
            log('refused', mails)
            return answer('data')
        with open(f'{folder}/mail-{mails}', 'wb') as f:
            f.write(envelope.original_content)
        log('mail', mails, 'connection', session.number,
            'tls' if session.ssl else 'plain', envelope.mail_from,
            *envelope.rcpt_tos)
        return '250 OK'


def check_login(server, session, envelope, mechanism, data):
    user, _, word = opts['login'].partition(':')
    ok = (data.login.decode(), data.password.decode()) == (user, word)
    return AuthResult(success=ok, handled=False)


class Server(SMTP):
    def connection_made(self, transport):
        global connections
        super().connection_made(transport)
        if not hasattr(self.session, 'number') or not self.session.ssl:
            connections += 1
        self.session.number = connections


def factory():
    kwargs = {}
    if 'tls' in opts:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*opts['tls'].split(','))
        kwargs = {'tls_context': context}
    if 'login' in opts:
        kwargs |= {'authenticator': check_login, 'auth_required': True}
    return Server(Handler(), hostname='localhost', **kwargs)


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(factory, '127.0.0.1', 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
