"""HDF5 files by hand, so that every number in them can be another: superblock 0, groups whose links stand in
their object headers, contiguous and chunked-never data, external storage."""
import struct

UNDEFINED = 0xFFFFFFFFFFFFFFFF


def datatype(kind, size):
    """`kind`: "int", "uint", "float", "string" or a class number, little-endian."""
    if kind in ("int", "uint"):
        return struct.pack("<BBBBIHH", 0x10, 8 if kind == "int" else 0, 0, 0, size, 0, size * 8)
    if kind == "float":
        layout = {2: (10, 5, 0, 10, 15), 4: (23, 8, 0, 23, 127), 8: (52, 11, 0, 52,
                                                                     1023)}.get(size, (23, 8, 0, 23, 127))
        sign = {2: 15, 4: 31, 8: 63}.get(size, 31)
        return struct.pack("<BBBBIHHBBBBI", 0x11, 0x20, sign, 0, size, 0, size * 8, *layout)
    if kind == "string":
        return struct.pack("<BBBBI", 0x13, 0, 0, 0, size)
    return struct.pack("<BBBBI", 0x10 | int(kind), 0, 0, 0, size) + bytes(8)


def dataspace(dims):
    return struct.pack("<BBBB4x", 1, len(dims), 0, 0) + b"".join(struct.pack("<Q", dim & UNDEFINED) for dim in dims)


class Hdf5Writer:
    """Collects objects; bytes() is the file. Addresses are known as soon as an object was added."""

    def __init__(self):
        self.data = bytearray(96)

    def add(self, block):
        while len(self.data) % 8:
            self.data.append(0)
        address = len(self.data)
        self.data += block
        return address

    def header(self, messages):
        """An object header of version 1 of (type, body) messages; its address."""
        body = b""
        for number, content in messages:
            content = content + bytes(-len(content) % 8)
            body += struct.pack("<HHB3x", number, len(content), 0) + content
        return self.add(struct.pack("<BxHII4x", 1, len(messages), 1, len(body)) + body)

    def dataset(self, dims, kind, size, raw, declared_bytes=None, address=None):
        """Contiguous data; `declared_bytes` and `address` may lie."""
        place = self.add(raw) if address is None else address
        layout = struct.pack("<BBQQ", 3, 1, place, len(raw) if declared_bytes is None else declared_bytes)
        return self.header([(1, dataspace(dims)), (3, datatype(kind, size)), (8, layout)])

    def external(self, dims, kind, size, file, length):
        """Data that lie in another file."""
        name = file.encode() + b"\0"
        heap_data = self.add(bytes(8) + name + bytes(-len(name) % 8 + 16))
        heap = self.add(struct.pack("<4sB3xQQQ", b"HEAP", 0, 8 + len(name) + (-len(name) % 8) + 16, UNDEFINED,
                                    heap_data))
        files = struct.pack("<B3xHHQ", 1, 1, 1, heap) + struct.pack("<QQQ", 8, 0, length)
        layout = struct.pack("<BBQQ", 3, 1, UNDEFINED, length)
        return self.header([(1, dataspace(dims)), (3, datatype(kind, size)), (7, files), (8, layout)])

    def group(self, links):
        """`links`: name -> address, or (name of a file, path in it) for an external link, or a path for a soft one."""
        messages = [(2, struct.pack("<BBQQ", 0, 0, UNDEFINED, UNDEFINED))]
        for name, target in links.items():
            key = name.encode()
            if isinstance(target, int):
                messages.append((6, struct.pack("<BBB", 1, 0, len(key)) + key + struct.pack("<Q", target)))
            elif isinstance(target, tuple):
                value = b"\0" + target[0].encode() + b"\0" + target[1].encode() + b"\0"
                messages.append((6, struct.pack("<BBBB", 1, 8, 64, len(key)) + key + struct.pack("<H",
                                                                                                 len(value)) + value))
            else:
                value = target.encode()
                messages.append((6, struct.pack("<BBBB", 1, 8, 1, len(key)) + key + struct.pack("<H",
                                                                                                len(value)) + value))
        return self.header(messages)

    def finish(self, root):
        head = b"\x89HDF\r\n\x1a\n" + struct.pack("<BBBBBBBBHHI", 0, 0, 0, 0, 0, 8, 8, 0, 4, 16, 0)
        head += struct.pack("<QQQQ", 0, UNDEFINED, len(self.data), UNDEFINED)
        head += struct.pack("<QQII16x", 0, root, 0, 0)
        self.data[:len(head)] = head
        return bytes(self.data)
