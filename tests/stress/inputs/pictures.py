"""Small pictures of every kind, made without a library, and bombs: files of some hundred bytes that declare
gigabytes."""
import struct
import zlib


def waves(width, height):
    """Rows of RGB bytes."""
    return [bytes((x * 5 + y * c) % 256 for x in range(width) for c in (1, 3, 7)) for y in range(height)]


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, rows=None, depth=8, colour=2, chunks=b"", data=None):
    if data is None:
        data = zlib.compress(b"".join(b"\0" + row for row in rows or waves(width, height)))
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", head) + chunks + png_chunk(b"IDAT", data) +
            png_chunk(b"IEND", b""))


def bmp(width, height, rows=None, bits=24):
    pixels = b"".join(row + bytes(-len(row) % 4) for row in reversed(rows or waves(width, height)))
    return (struct.pack("<2sIHHI", b"BM", 54 + len(pixels), 0, 0, 54) +
            struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, 0, len(pixels), 2835, 2835, 0, 0) + pixels)


def tiff(width, height, rows=None, tags=()):
    """Uncompressed, one strip; `tags` (number, type, count, value) replace or add."""
    pixels = b"".join(rows or waves(width, height))
    entries = {256: (4, 1, width), 257: (4, 1, height), 258: (3, 1, 8), 259: (3, 1, 1), 262: (3, 1, 2), 273: (4, 1, 8),
               277: (3, 1, 3), 278: (4, 1, height), 279: (4, 1, len(pixels))}
    for number, kind, count, value in tags:
        entries[number] = (kind, count, value)
    directory = struct.pack("<H", len(entries))
    for number, (kind, count, value) in sorted(entries.items()):
        directory += struct.pack("<HHII", number, kind, count, value & 0xFFFFFFFF)
    return struct.pack("<2sHI", b"II", 42, 8 + len(pixels)) + pixels + directory + bytes(4)


def gif(width, height, frames=1):
    """Pictures of two colours, in codes that are never shortened."""
    data = struct.pack("<6sHHBBB", b"GIF89a", width, height, 0x80, 0, 0) + bytes(3) + b"\xff\xff\xff"
    for frame in range(frames):
        bits, count = 0, 0
        for code in [4 if i % 2 == 0 else (i + frame) % 2 for i in range(2 * min(width * height, 4000))] + [5]:
            bits |= code << count
            count += 3
        codes = bits.to_bytes((count + 7) // 8, "little")
        blocks = b"".join(bytes([len(codes[i:i + 255])]) + codes[i:i + 255] for i in range(0, len(codes), 255))
        data += b"!\xf9\x04\x04\x06\0\0\0" + struct.pack("<cHHHHBB", b",", 0, 0, width, height, 0, 2) + blocks + b"\0"
    return data + b";"


WEBP = bytes.fromhex("524946461a000000574542505650384c0d0000002f00000010071011118888fe0700")


def webp(width, height):
    """A lossless picture that declares this size (at most 16384 x 16384)."""
    data = bytearray(WEBP)
    data[21:25] = struct.pack("<I", (width - 1) & 0x3FFF | ((height - 1) & 0x3FFF) << 14)
    return bytes(data)


def jpeg_of_size(jpeg, width, height):
    """The same JPEG that declares another size: the two numbers of its frame header."""
    data = bytearray(jpeg)
    at = 2
    while at + 9 < len(data):
        marker, length = data[at + 1], struct.unpack(">H", data[at + 2:at + 4])[0]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            data[at + 5:at + 9] = struct.pack(">HH", height, width)
            return bytes(data)
        at += 2 + length
    return bytes(data)


def black_png(width, height):
    """As large as it says: a small file of nothing but zeros."""
    packer = zlib.compressobj(9)
    row = bytes(1 + 3 * width)
    data = b"".join(packer.compress(row) for _ in range(min(height, 3000))) + packer.flush()
    return png(width, height, data=data)


def bomb(rng, kind, jpeg):
    """A picture of this kind with a declared size that its bytes do not justify."""
    width, height = rng.choice(((65500, 65500), (30000, 30000), (20000, 20000), (1, 65535), (65535, 1), (0, 0), (0, 7),
                                (16384, 16384), (12000, 12000)))
    if kind == "jpg":
        return jpeg_of_size(jpeg, min(width, 65535), min(height, 65535))
    if kind == "png":
        if rng.random() < 0.3:
            return black_png(8000, rng.choice((3000, 200000)))
        wide = rng.choice(((width, height), (2**31 - 1, 1), (2**31 - 1, 2**31 - 1), (1, 2**31 - 1)))
        return png(*wide, rows=waves(8, 8), depth=rng.choice((8, 16, 1)), colour=rng.choice((2, 6, 0, 3)))
    if kind == "bmp":
        return bmp(rng.choice((width, 2**31 - 1)), rng.choice((height, -height, -2**31, 2**31 - 1)), waves(8, 8),
                   rng.choice((24, 32, 8, 1)))
    if kind == "tiff":
        tags = rng.choice(((), ((258, 3, 1, 16),), ((277, 3, 1, 60000),), ((278, 4, 1, 1),), ((259, 3, 1, 5),),
                           ((259, 3, 1, 32773),), ((273, 4, 0xFFFFFFFF, 8),), ((34675, 7, 0xFFFFFFF0, 8),)))
        return tiff(rng.choice((width, 2**31 - 1, 2**32 - 1)), rng.choice((height, 2**31)), waves(8, 8), tags)
    if kind == "webp":
        return webp(min(width, 16384) or 1, min(height, 16384) or 1)
    if kind == "gif":
        return gif(min(width, 65535), min(height, 65535), rng.choice((1, 50)))
    raise ValueError(kind)
