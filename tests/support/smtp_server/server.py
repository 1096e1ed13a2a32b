"""A mail server for tests (aiosmtpd): keeps what it takes as files, and refuses as the recipient's address says.

usage: server.py FOLDER [CERTIFICATE KEY]

    defer-N@…   451 to the first N mails to it, then it takes them
    refuse@…    550
    login@…     530
    text@…      554 to the text
    others      are taken

A sender refuse@… gets 550.

With a certificate it offers STARTTLS and demands it, and a login as `ingot` with `mail password`. It says its port on standard output.
"""

import asyncio
import itertools
import pathlib
import re
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

folder = pathlib.Path(sys.argv[1])
numbers = itertools.count(1)
deferred = {}


class Handler:
    async def handle_MAIL(self, server, session, envelope, address, mail_options):
        if address.startswith("refuse@"):
            return "550 5.1.8 no such sender here"
        envelope.mail_from = address
        envelope.mail_options.extend(mail_options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if address.startswith("refuse@"):
            return "550 5.1.1 no such mailbox here"
        if address.startswith("login@"):
            return "530 5.7.0 who are you?"
        wait = re.match(r"defer-(\d+)@", address)
        if wait and deferred.setdefault(address, 0) < int(wait[1]):
            deferred[address] += 1
            return "451 4.3.0 come again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if envelope.rcpt_tos[0].startswith("text@"):
            return "554 5.6.0 not this text"
        head = f"{envelope.mail_from}\n{' '.join(envelope.rcpt_tos)}\n{'tls' if session.ssl else 'plain'}\n"
        part = folder / f"{next(numbers):04}.part"
        part.write_bytes(head.encode() + envelope.content)
        part.rename(part.with_suffix(".mail"))
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    # Not handled: the server itself answers 535 then.
    return AuthResult(handled=False, success=data.login == b"ingot" and data.password == b"mail password")


options = {}
if len(sys.argv) > 3:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(sys.argv[2], sys.argv[3])
    options = {"tls_context": tls, "require_starttls": True, "auth_required": True, "authenticator": authenticate}


async def serve():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Handler(), loop=loop, **options), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(serve())
