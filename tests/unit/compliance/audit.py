#!/usr/bin/python3
"""An auditor's verifier, written from compliance/FORMAT.md alone.

    audit.py DIR [--after SERIAL:SHA256] [--expect SERIAL:SHA256]
             [--key FILE[@FIRST[-LAST]]]...

Needs nothing but the standard library, and openssl for signatures.  Says what
is wrong, a line each; exit status 1 if anything is.
"""
import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile

ZEROS = '0' * 64
faults = []


def fault(*words):
    faults.append(' '.join(str(word) for word in words))


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def read(path):
    with open(path, 'rb') as f:
        return f.read()


def mark(text):
    serial, _, digest = text.partition(':')
    return int(serial), digest


def arguments(argv):
    opts = {'after': (0, ZEROS), 'expect': None, 'keys': []}
    rest = []
    while argv:
        word = argv.pop(0)
        if word in ('--after', '--expect'):
            opts[word[2:]] = mark(argv.pop(0))
        elif word == '--key':
            path, _, span = argv.pop(0).partition('@')
            first, _, last = span.partition('-')
            der = subprocess.run(['openssl', 'pkey', '-pubin', '-in', path,
                                  '-outform', 'DER'], check=True,
                                 capture_output=True).stdout
            opts['keys'].append((path, sha256(der), int(first or 1),
                                 int(last) if last else 1 << 63))
        else:
            rest.append(word)
    return rest[0], opts


def files_below(folder):
    found = set()
    for path, _, names in os.walk(folder):
        for name in names:
            found.add(os.path.relpath(os.path.join(path, name), folder))
    return found


def is_good(manifest, sig, key):
    with tempfile.NamedTemporaryFile() as data, \
            tempfile.NamedTemporaryFile() as signature:
        data.write(manifest)
        data.flush()
        signature.write(base64.b64decode(sig))
        signature.flush()
        return subprocess.run(
            ['openssl', 'pkeyutl', '-verify', '-pubin', '-inkey', key,
             '-rawin', '-in', data.name, '-sigfile', signature.name],
            capture_output=True).returncode == 0


def check_signature(folder, name, raw, m, keys, known):
    known.add(name + '.sig')
    path = os.path.join(folder, name + '.sig')
    if not keys:
        return
    if not os.path.exists(path):
        fault(name, 'is not signed')
        return
    sig = read(path)
    for key, keyid, first, last in keys:
        if m.get('key', keyid) == keyid and first <= m['serial'] <= last \
                and is_good(raw, sig, key):
            return
    fault(name, 'is signed with no key that is valid for it')


def check_file(folder, f, name, known):
    known.add(f['name'])
    path = os.path.join(folder, f['name'])
    if not os.path.exists(path):
        fault(f['name'], 'is missing, says', name)
        return None
    raw = read(path)
    if len(raw) != f['size'] or sha256(raw) != f['sha256']:
        fault(f['name'], 'was changed, says', name)
    return raw


def check_index(raw, m, name, guids):
    lines = raw.decode().split('\n')
    if lines.pop() != '':
        fault('the index of', name, 'does not end with a line')
    rows = [line.split('\t') for line in lines]
    if any(len(row) != 8 for row in rows):
        fault('the index of', name, 'has lines that are none')
        return
    if [int(row[0]) for row in rows] != list(range(1, m['events'] + 1)):
        fault('the index of', name, 'has other events than it says')
    if rows and (rows[0][1], rows[-1][1]) != (m['first'], m['last']):
        fault('the index of', name, 'begins or ends with other events')
    for row in rows:
        if row[1] in guids:
            fault('event', row[1], 'is in', guids[row[1]], 'and in', name)
        guids[row[1]] = name


def check_manifest(folder, name, opts, known, guids):
    raw = read(os.path.join(folder, name))
    m = json.loads(raw)
    known.add(name)
    if m['format'] not in (1, 2):
        fault(name, 'has format', m['format'])
    check_signature(folder, name, raw, m, opts['keys'], known)
    for f in m['files']:
        check_file(folder, f, name, known)
    if 'index' in m:
        index = check_file(folder, m['index'], name, known)
        if index is not None:
            check_index(index, m, name, guids)
    elif m['result'] in ('delivered', 'partial') and m['events']:
        fault(name, 'has events and no index')
    return m, sha256(raw), name


def check_chain(links, opts):
    serial, digest = opts['after']
    last_batch = largest = 0
    for m, own, name in links:
        if m['serial'] <= opts['after'][0]:
            continue
        if m['serial'] != serial + 1:
            fault('manifest', serial + 1, 'is missing or', name, 'repeated')
        elif m['previous'] != digest:
            fault(name, 'does not follow the manifest before it')
        if not m['retry']:
            if last_batch and 'forks' not in m and \
                    m['batch'] - 1 not in (last_batch, largest):
                fault(name, 'is of batch', m['batch'], 'after', last_batch)
            last_batch = m['batch']
        largest = max(largest, m['batch'])
        serial, digest = m['serial'], own
    return serial, digest


def check_rest(folder, known, links):
    newest = max((m['batch'] for m, _, _ in links), default=0)
    for name in files_below(folder) - known:
        number = re.search(r'(?<!\d)\d{12}(?!\d)', name)
        if name in ('.lock', 'pchat-archive.json') or \
                name.startswith(('.try/', '.done/')) or \
                (number and int(number[0]) > newest):
            continue
        fault(name, 'is in no manifest')


def main():
    folder, opts = arguments(sys.argv[1:])
    known, guids = set(), {}
    names = [name for name in os.listdir(folder)
             if re.fullmatch(r'manifest-\d{12,}(-\d+)?\.json', name)]
    links = sorted((check_manifest(folder, name, opts, known, guids)
                    for name in names), key=lambda link: link[0]['serial'])
    if not links:
        fault('there is no manifest')
    if len({(m['adapter'], m.get('chain')) for m, _, _ in links
            if m['format'] > 1}) > 1:
        fault('manifests of several chains')
    end = check_chain(links, opts)
    check_rest(folder, known, links)
    if opts['expect'] and opts['expect'] not in \
            [(m['serial'], own) for m, own, _ in links]:
        fault('manifest', opts['expect'][0], 'is not the one that was kept')
    for line in faults:
        print(line)
    print(len(links), 'manifests,', len(guids), 'events, end', *end)
    sys.exit(1 if faults else 0)


main()
