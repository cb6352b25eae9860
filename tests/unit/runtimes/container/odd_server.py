"""A server for tests that does what its path says, of the least of Python's library; it runs in containers."""

import os
import signal
import socket
import sys
import time


def stop(*_: object) -> None:
    print("stopping", flush=True)
    os._exit(3)


if "deaf" not in sys.argv:
    signal.signal(signal.SIGTERM, stop)
listening = socket.socket()
listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listening.bind(("127.0.0.1", int(sys.argv[1])))
listening.listen()
sys.stderr.write("listening\n")
count = 0
while True:
    connection, _ = listening.accept()
    taken = b""
    while b"\r\n\r\n" not in taken and (more := connection.recv(65536)):
        taken += more
    length = int(taken.lower().partition(b"content-length:")[2].split(b"\r")[0] or 0)
    while len(taken.partition(b"\r\n\r\n")[2]) < length and (more := connection.recv(65536)):
        taken += more
    if not taken:
        connection.close()
        continue
    path, body = taken.split(b" ", 2)[1], taken.split(b"\r\n\r\n", 1)[1]
    count += 1
    if path == b"/die":
        print("last words", file=sys.stderr, flush=True)
        os._exit(9)
    if path == b"/hang":
        time.sleep(600)
    if path == b"/flood":
        while True:
            sys.stdout.write("x" * 65536)
    if path == b"/half":
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"
    elif path == b"/count":
        answer = b'HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{"count": %d, "y": 0.5}' % count
    elif path == b"/late":
        import colorsys

        answer = (
            b"HTTP/1.0 200 OK\r\n\r\n" + repr(colorsys.rgb_to_hsv(1, 0, 0)).encode()
            if count > 1
            else b"HTTP/1.0 200 OK\r\n\r\n-"
        )
    else:
        answer = b"HTTP/1.0 200 OK\r\n\r\n" + path + b" " + body
    connection.sendall(answer)
    connection.close()
