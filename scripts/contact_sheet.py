#!/usr/bin/env python3
"""Real against sampled: a PNG with frames of each real clip above frames of its sampled video.

  scripts/contact_sheet.py sheet.png FIRST_REAL.mp4 FIRST_SAMPLED.mp4 [SECOND_REAL.mp4 ...]

Needs the Python packages opencv-python-headless and numpy.
"""
import sys

import cv2
import numpy as np

HEIGHT, WIDTH, COLUMNS = 96, 168, 4


def frames(path, count):
    """`count` frames spread over the first 17, filled and cropped to WIDTH x HEIGHT."""
    capture = cv2.VideoCapture(path)
    read = []
    while len(read) < 17:
        ok, frame = capture.read()
        if not ok:
            break
        read.append(frame)
    if not read:
        sys.exit(f"contact_sheet: cannot read {path}")
    result = []
    for k in range(count):
        frame = read[round(k * (len(read) - 1) / max(count - 1, 1))]
        scale = max(HEIGHT / frame.shape[0], WIDTH / frame.shape[1])
        size = (round(frame.shape[1] * scale), round(frame.shape[0] * scale))
        frame = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
        y, x = (frame.shape[0] - HEIGHT) // 2, (frame.shape[1] - WIDTH) // 2
        result.append(frame[y:y + HEIGHT, x:x + WIDTH])
    return np.hstack(result)


def main():
    if len(sys.argv) < 4 or len(sys.argv) % 2:
        sys.exit(__doc__)
    gap = np.full((6, WIDTH * COLUMNS, 3), 255, np.uint8)
    rows = []
    for real, sampled in zip(sys.argv[2::2], sys.argv[3::2]):
        rows += [frames(real, COLUMNS), frames(sampled, COLUMNS), gap]
    half = (len(rows) // 3 + 1) // 2 * 3
    blank = np.full_like(np.vstack(rows[:half]), 255)
    left, right = np.vstack(rows[:half]), np.vstack(rows[half:])
    blank[:right.shape[0]] = right
    divider = np.full((left.shape[0], 10, 3), 255, np.uint8)
    cv2.imwrite(sys.argv[1], np.hstack([left, divider, blank]))


if __name__ == "__main__":
    main()
