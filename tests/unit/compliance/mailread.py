#!/usr/bin/python3
"""Reads mails as anybody's mail program would: mailread.py FILE WHAT[,WHAT...]

WHAT is a header's name (decoded, one line a value), "text", "html",
"attachments" (a line "NAME CONTENT" each), "types" (of attachments), "raw" (lines that break the rules,
nothing when all is well) or "defects".
"""
import email
import email.policy
import sys

path, wanted = sys.argv[1:]
with open(path, 'rb') as f:
    raw = f.read()
mail = email.message_from_bytes(raw, policy=email.policy.default)


def defects(part):
    found = list(part.defects)
    for name, value in part.items():
        found += getattr(value, 'defects', [])
    for sub in part.iter_parts() if part.is_multipart() else []:
        found += defects(sub)
    return found


def show(what):
    if what in ('text', 'html'):
        kind = 'plain' if what == 'text' else 'html'
        text = mail.get_body((kind,)).get_content()
        sys.stdout.write(text.replace('\r\n', '\n'))
    elif what == 'attachments':
        for part in mail.iter_attachments():
            print(part.get_filename(), part.get_payload(decode=True).decode())
    elif what == 'types':
        for part in mail.iter_attachments():
            print(part.get_content_type())
    elif what == 'raw':
        for line in raw.split(b'\r\n'):
            too_long = len(line) > 78 and b' ' in line.split(b': ')[-1]
            if too_long or len(line) > 998 or b'\n' in line or \
                    b'\r' in line or any(c > 126 for c in line):
                print(line)
    elif what == 'defects':
        print(*defects(mail), sep='\n', end='')
    else:
        for value in mail.get_all(what, []):
            print(value)


for name in wanted.split(','):
    show(name)
