"""One command to a QEMU: qmp.py SOCKET picture FILE.png"""

import json
import socket
import sys

path, command, file = sys.argv[1:]
assert command == "picture"
with socket.socket(socket.AF_UNIX) as connection:
    connection.settimeout(30)
    connection.connect(path)
    lines = connection.makefile("rw")
    lines.readline()
    for order in ({"execute": "qmp_capabilities"}, {"execute": "screendump", "arguments": {"filename": file, "format": "png"}}):
        lines.write(json.dumps(order) + "\n")
        lines.flush()
        while True:
            answer = json.loads(lines.readline())
            if "error" in answer:
                sys.exit(answer["error"]["desc"])
            if "return" in answer:
                break
