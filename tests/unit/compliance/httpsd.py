#!/usr/bin/python3
"""A web server that answers as it is told: httpsd.py FOLDER CERT KEY ANSWER...

Writes its port.  Each request takes the next ANSWER, the last one for ever:
a status code, "CODE:S" with Retry-After, "hang" (nothing at all) or "drop"
(takes it all, then breaks the connection).  Request N becomes
FOLDER/request-N (body) and FOLDER/request-N.head (headers in lower case).
"""
import http.server
import ssl
import sys
import time

folder, cert, key, *answers = sys.argv[1:]
count = 0


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_POST(self):
        global count
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        body = self.rfile.read(int(self.headers['Content-Length']))
        count += 1
        with open(f'{folder}/request-{count}', 'wb') as f:
            f.write(body)
        with open(f'{folder}/request-{count}.head', 'w') as f:
            for name, value in self.headers.items():
                print(f'{name.lower()}: {value}', file=f)

        if answer == 'hang':
            time.sleep(3600)
        if answer == 'drop':
            self.close_connection = True
            return
        code, _, after = answer.partition(':')
        self.send_response(int(code))
        if after:
            self.send_header('Retry-After', after)
        self.send_header('Content-Length', '0')
        self.end_headers()

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(cert, key)
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
