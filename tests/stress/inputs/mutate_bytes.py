"""Damage that knows nothing of the format: what bad disks, cut copies and random fuzzing make."""
import struct

EXTREME = [struct.pack(form, value) for form in ("<", ">") for form, value in (
    (form + "I", 0), (form + "I", 0xFFFFFFFF), (form + "I", 0x7FFFFFFF), (form + "I", 0x80000000),
    (form + "I", 0x10000), (form + "Q", 0xFFFFFFFFFFFFFFFF), (form + "Q", 1 << 40), (form + "H", 0xFFFF))]


def flip(rng, data):
    for _ in range(rng.choice((1, 2, 8, 20, 100))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def some_span(rng, data, most):
    length = min(len(data), rng.randint(1, most))
    begin = rng.randrange(len(data) - length + 1)
    return begin, length


def truncate(rng, data):
    del data[rng.choice((rng.randrange(len(data)), rng.randrange(min(64, len(data))), len(data) - 1)):]


def hole(rng, data):
    begin, length = some_span(rng, data, max(1, len(data) // 2))
    data[begin:begin + length] = bytes(length)


def lost_block(rng, data):
    begin, length = some_span(rng, data, max(1, len(data) // 2))
    del data[begin:begin + length]


def inserted_block(rng, data):
    at = rng.randrange(len(data) + 1)
    data[at:at] = rng.randbytes(rng.choice((1, 2, 7, 512, 4096)))


def ff_run(rng, data):
    begin, length = some_span(rng, data, rng.choice((1, 4, 8, 64, 4096)))
    data[begin:begin + length] = b"\xff" * length


def repeated_block(rng, data):
    begin, length = some_span(rng, data, 4096)
    block = data[begin:begin + length]
    data[begin:begin] = block * rng.choice((1, 2, 50))


def moved_block(rng, data):
    begin, length = some_span(rng, data, 4096)
    to = rng.randrange(len(data) - length + 1)
    data[to:to + length] = data[begin:begin + length]


def extreme_number(rng, data):
    value = rng.choice(EXTREME)
    # Sizes stand at the beginning, mostly.
    most = len(data) if rng.random() < 0.5 else min(len(data), 256)
    at = rng.randrange(most)
    data[at:at + len(value)] = value[:len(data) - at]


KINDS = (flip, flip, truncate, hole, lost_block, inserted_block, ff_run, repeated_block, moved_block, extreme_number,
         extreme_number)


def mutate(rng, original, times=(1, 1, 1, 2, 4)):
    """The bytes, damaged in one to four ways."""
    data = bytearray(original)
    for _ in range(rng.choice(times)):
        if data:
            rng.choice(KINDS)(rng, data)
    return bytes(data)
