"""Damaged and hostile shards: zip, tar and tar.gz with bombs, false sizes, overlap and names that lead elsewhere."""
import gzip
import io
import struct
import tarfile
import zipfile
import zlib

from inputs import mutate_bytes

NAMES = ("../outside.mp4", "/tmp/outside.mp4", "a/../../outside.mp4", "./b.mp4", "..\\outside.mp4", "c\0d.mp4",
         "e" * 5000 + ".mp4",
         "", "/", "f//g.mp4", ".hidden.mp4", "h\n.mp4", "i\xff.mp4", "con.mp4", "j.mp4/", "../in/shard.zip")


def tar_header(name, size, kind=b"0", link=b"", size_field=None):
    """One block; the size may be any number, or bytes of its own."""
    field = size_field if size_field is not None else b"%011o\0" % size
    head = bytearray(512)
    head[:len(name[:100])] = name[:100]
    head[100:108], head[108:116], head[116:124] = b"0000644\0", b"0000000\0", b"0000000\0"
    head[124:136] = field.ljust(12, b"\0")[:12]
    head[136:148] = b"00000000000\0"
    head[148:156] = b" " * 8
    head[156:157] = kind
    head[157:157 + len(link)] = link
    head[257:265] = b"ustar\x0000"
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head)


def padded(data):
    return data + bytes(-len(data) % 512)


def tar_of(members):
    return b"".join(tar_header(name.encode("utf-8", "surrogateescape").replace(b"\0", b""), len(data)) + padded(data)
                    for name, data in members) + bytes(1024)


def sparse_tar(name, real_size, data):
    """GNU format: `data` at the end of a hole."""
    head = bytearray(tar_header(name, len(data), b"S"))
    entry = b"%011o\0%011o\0" % (real_size - len(data), len(data)) if real_size < 8**11 else \
        struct.pack(">B3xQ", 0x80, real_size - len(data)) + b"%011o\0" % len(data)
    head[257:265] = b"ustar  \0"
    head[386:386 + len(entry)] = entry
    head[483:495] = b"%011o\0" % real_size if real_size < 8**11 else struct.pack(">B3xQ", 0x80, real_size)
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head) + padded(data) + bytes(1024)


def zeros(count):
    """Deflated; a thousandth of the size."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block, out = bytes(1 << 20), []
    for _ in range(count >> 20):
        out.append(packer.compress(block))
    return b"".join(out) + packer.flush()


_ZEROS = {}


def many_zeros(count):
    if count not in _ZEROS:
        _ZEROS[count] = zeros(count)
    return _ZEROS[count]


def zip_of(members, crc=None):
    """`members`: (name, method, packed bytes, declared packed size, declared size); nothing is computed but offsets."""
    body, directory = b"", b""
    for name, method, packed, packed_size, size in members:
        key = name.encode("utf-8", "surrogateescape")
        sizes = (packed_size & 0xFFFFFFFF, size & 0xFFFFFFFF)
        common = struct.pack("<HHHHHIII", 20, 0x800, method, 0, 0, zlib.crc32(packed) if crc is None else crc, *sizes)
        directory += (b"PK\1\2" + struct.pack("<H", 20) + common +
                      struct.pack("<HHHHHII", len(key), 0, 0, 0, 0, 0, len(body)) + key)
        body += b"PK\3\4" + common + struct.pack("<HH", len(key), 0) + key + packed
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, len(members), len(members), len(directory), len(body), 0)
    return body + directory + end


def stored(name, data):
    return (name, 0, data, len(data), len(data))


def good_zip(clip):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for i in range(2):
            archive.writestr(f"clip{i}.mp4", clip)
            archive.writestr(f"clip{i}.json", '{"prompt": "a clip"}')
    return packed.getvalue()


def good_tar(clip):
    return tar_of([("clip0.mp4", clip), ("clip0.txt", b"a clip"), ("clip1.mp4", clip), ("clip1.txt", b"a clip")])


def hostile_zip(rng, clip):
    kind = rng.randrange(8)
    name = rng.choice(("bomb.mp4", "bomb.txt", "bomb.json", "bomb.jpg"))
    good = [stored("clip0.mp4", clip), stored("clip0.txt", b"a clip")]
    if kind == 0:
        size = rng.choice((1 << 30, 4 << 30, 6 << 30))
        return zip_of([*good, (name, 8, many_zeros(size), len(many_zeros(size)), size & 0xFFFFFFFF)], crc=0)
    if kind == 1:
        data = zip_of([*good, ("clip1.mp4", 0, clip, rng.choice((0, 2**32 - 1, 2**31, len(clip) * 3)),
                               rng.choice((0, 2**32 - 1, 2**31, len(clip) * 3)))])
        return data
    if kind == 2:
        return zip_of([*good, *(stored(rng.choice(NAMES), clip[:2000]) for _ in range(3))])
    if kind == 3:  # all entries of the directory are one and the same file
        data = bytearray(good_zip(clip))
        at = data.find(b"PK\1\2")
        while at >= 0:
            data[at + 42:at + 46] = bytes(4)
            at = data.find(b"PK\1\2", at + 4)
        return bytes(data)
    if kind == 4:
        return zip_of([stored(f"{i}.txt", b"x") for i in range(3000)])
    if kind == 5:
        data = bytearray(good_zip(clip))
        at = data.rfind(b"PK\5\6") + rng.choice((8, 10, 12, 16))
        data[at:at + 4] = struct.pack("<I", rng.choice((0xFFFFFFFF, 0xFFFF, 0, 1 << 30)))
        return bytes(data)
    if kind == 6:
        return zip_of([(f"clip{i}.mp4", rng.choice((1, 6, 9, 12, 14, 95, 98, 99)), clip, len(clip), len(clip))
                       for i in range(2)])
    return zip_of([*good, stored("clip0.mp4", clip), stored("clip0.txt", b"other"), stored("clip0.json", b"{")])


def hostile_tar(rng, clip):
    kind = rng.randrange(7)
    good = tar_of([("clip0.mp4", clip), ("clip0.txt", b"a clip")])[:-1024]
    name = rng.choice((b"bomb.mp4", b"bomb.txt", b"bomb.jpg", b"bomb.json"))
    if kind == 0:
        return good + sparse_tar(name, rng.choice((1 << 32, 7 << 30, 1 << 40, 1 << 62)), b"x" * 512)
    if kind == 1:
        field = rng.choice((b"77777777777\0", struct.pack(">B3xQ", 0x80, 1 << 62),
                            struct.pack(">B3xQ", 0xFF, 2**64 - 1),
                            b"-0000000001\0", b"\0" * 12, b"99999999999\0"))
        return good + tar_header(name, 0, size_field=field) + padded(clip) + bytes(1024)
    if kind == 2:
        return tar_of([*((rng.choice(NAMES), clip[:2000]) for _ in range(3)), ("clip0.mp4", clip), ("clip0.txt", b"a")])
    if kind == 3:
        links = b"".join(tar_header(b"link%d.mp4" % i, 0, kind_, target) for i, (kind_, target) in enumerate(
            ((b"2", b"/etc/passwd"), (b"1", b"clip0.mp4"), (b"1", b"../../outside"), (b"6", b""), (b"3", b""),
             (b"5", b""),
             (b"2", b"link0.mp4"), (b"7", b""), (b"Z", b""))))
        return good + links + bytes(1024)
    if kind == 4:  # names and headers of extensions without end
        length = rng.choice((100, 1 << 20, 1 << 24))
        return tar_header(b"././@LongLink", length, rng.choice((b"L",
                                                                b"K"))) + padded(b"n" * length) + good + bytes(1024)
    if kind == 5:
        record = rng.choice((b"99999999999 path=x\n", b"20 size=999999999999\n", b"10 path=\n", b"-5 a=b\n",
                             b"x" * 5000,
                             b"30 GNU.sparse.realsize=9999999999\n"))
        return tar_header(b"pax", len(record), b"x") + padded(record) + good + bytes(1024)
    return tar_of([(f"{i}.txt", b"x") for i in range(3000)])


def bomb_gz(rng, clip):
    """A tar of zeros behind a good clip."""
    size = rng.choice((1 << 30, 4 << 30))
    good = tar_of([("clip0.mp4", clip), ("clip0.txt", b"a clip")])[:-1024]
    plain = good + tar_header(rng.choice((b"bomb.mp4", b"bomb.txt")), size)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    # Deflated blocks may follow one another: the zeros are packed once.
    head = packer.compress(plain) + packer.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + head + many_zeros(size) + bytes(8)


def zip_shard(rng, clip):
    return hostile_zip(rng, clip) if rng.random() < 0.6 else mutate_bytes.mutate(rng, good_zip(clip))


def tar_shard(rng, clip):
    return hostile_tar(rng, clip) if rng.random() < 0.6 else mutate_bytes.mutate(rng, good_tar(clip))


def gz_shard(rng, clip):
    kind = rng.random()
    if kind < 0.3:
        return bomb_gz(rng, clip)
    if kind < 0.6:
        return gzip.compress(tar_shard(rng, clip), 1)
    return mutate_bytes.mutate(rng, gzip.compress(good_tar(clip), 1))


def is_readable(data):
    """For a look by hand."""
    return tarfile.open(fileobj=io.BytesIO(data)).getnames()
