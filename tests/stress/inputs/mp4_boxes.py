"""Damage that knows MP4: numbers in boxes of tables, and boxes that are doubled or missing."""
import struct

CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"udta", b"dinf"}
# (box, offset behind its name) of counts and sizes.
NUMBERS = {b"tkhd": (76, 80), b"mvhd": (12, 16), b"mdhd": (12, 16), b"stsz": (4, 8, 12), b"stco": (4, 8),
           b"stsc": (4, 8),
           b"stts": (4, 8, 12), b"ctts": (4, 8), b"stss": (4, 8), b"elst": (4, 8, 12), b"avc1": (24, 26), b"stsd": (4,),
           b"dref": (4,)}


def boxes(data, begin=0, end=None):
    """(kind, begin, end) of every box, those inside others, too."""
    end = len(data) if end is None else end
    found = []
    while begin + 8 <= end:
        length, kind = struct.unpack(">I4s", data[begin:begin + 8])
        if length < 8 or begin + length > end:
            break
        found.append((kind, begin, begin + length))
        if kind in CONTAINERS:
            found += boxes(data, begin + 8, begin + length)
        elif kind == b"stsd":
            found += boxes(data, begin + 16, begin + length)
        begin += length
    return found


def mutate(rng, original):
    data = bytearray(original)
    places = [(begin + 8 + offset, kind) for kind, begin, end in boxes(data) for offset in NUMBERS.get(kind, ())
              if begin + 12 + offset <= end]
    for _ in range(rng.choice((1, 1, 2, 3))):
        if not places:
            break
        at, kind = rng.choice(places)
        if kind == b"avc1" and rng.random() < 0.7:
            data[at:at + 2] = struct.pack(">H", rng.choice((0, 1, 8191, 16384, 65535)))
        else:
            data[at:at + 4] = struct.pack(">I", rng.choice((0, 1, 2, 0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, 1000000,
                                                            0x10000)))
    if rng.random() < 0.15:
        kind, begin, end = rng.choice(boxes(original))
        del data[begin:end]
    return bytes(data)
