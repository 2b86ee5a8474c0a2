#!/usr/bin/env python3
"""Writes Sources/Text/UnicodeClassRanges.swift: which code points are letters, numbers or white space.

Needs: pip install unicodedata2==15.1.0. The reference tokenizer's own tables are Unicode 15.1's, and an id-exact
pre-tokenizer needs the same version: 16.0 already classes 4,382 code points differently.
Usage: python3 Golden/scripts/make_unicode_classes.py > Sources/Text/UnicodeClassRanges.swift
"""

import unicodedata2 as unicode

assert unicode.unidata_version == "15.1.0", unicode.unidata_version

OTHER, LETTER, NUMBER, SPACE = range(4)
# The White_Space property (PropList.txt), which is wider than the categories Zs, Zl and Zp.
WHITE = {*range(0x09, 0x0E), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000}


def kind(point):
    if point in WHITE:
        return SPACE
    return {"L": LETTER, "N": NUMBER}.get(unicode.category(chr(point))[0], OTHER)


starts = []
last = OTHER
for point in range(0x110000):
    if kind(point) != last:
        last = kind(point)
        starts.append(point << 2 | last)
assert last == OTHER

print("// Written by Golden/scripts/make_unicode_classes.py from Unicode 15.1.0; do not edit.")
print()
print("/// Where the class of code points changes: each entry is `first code point << 2 | class`, in ascending order, and holds")
print("/// up to the next entry (0 other, 1 letter, 2 number, 3 white space).")
print("let unicodeClassRanges: [UInt32] = [")
for row in range(0, len(starts), 12):
    print("  " + ", ".join("0x%X" % s for s in starts[row : row + 12]) + ",")
print("]")
