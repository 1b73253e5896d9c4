"""What is not a plain file, in the place of one."""
import os
import socket

KINDS = ("fifo", "device", "zero", "socket", "proc", "folder", "dangling", "loop", "unreadable", "kmsg")


def put(kind, path):
    """Replaces what is at `path` (perhaps nothing) by such a thing."""
    if path.is_dir() and not path.is_symlink():
        return
    path.unlink(missing_ok=True)
    links = {"device": "/dev/full", "zero": "/dev/zero", "proc": "/proc/self/mem", "dangling": "nowhere",
             "loop": path.name,
             "kmsg": "/proc/kmsg"}
    if kind in links:
        path.symlink_to(links[kind])
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        # The name of a socket has at most 108 bytes: by its folder's descriptor.
        folder = os.open(path.parent, os.O_RDONLY)
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(f"/proc/self/fd/{folder}/{path.name}")
        os.close(folder)
    elif kind == "folder":
        path.mkdir()
    else:
        path.write_bytes(b"")
        path.chmod(0)
