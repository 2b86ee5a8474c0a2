#!/usr/bin/env python3
"""Writes Sources/Text/Unicode/UnicodeClassRanges.swift: what pre-tokenizers and normalizers ask of a code point.

Needs: pip install unicodedata2==15.1.0. llama.cpp's own tables are Unicode 15.1's, and an id-exact pre-tokenizer needs the
same version: 16.0 already classes 4,382 code points differently.
Usage: python3 Golden/scripts/make_unicode_classes.py > Sources/Text/Unicode/UnicodeClassRanges.swift
"""

import unicodedata2 as unicode

assert unicode.unidata_version == "15.1.0", unicode.unidata_version

LETTER, NUMBER, SPACE, MARK, PUNCTUATION, SYMBOL, UPPER, LOWER = (1 << bit for bit in range(8))
KINDS = {"L": LETTER, "N": NUMBER, "M": MARK, "P": PUNCTUATION, "S": SYMBOL}
# The White_Space property (PropList.txt), which is wider than the categories Zs, Zl and Zp.
WHITE = {*range(0x09, 0x0E), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000}


def kind(point):
    if point in WHITE:
        return SPACE
    category = unicode.category(chr(point))
    if category in ("Cc", "Cf", "Co", "Cs"):
        return LOWER
    # Capitals and title case, decimal digits and letter-like numbers, marks without a width of their own.
    upper = UPPER if category in ("Lu", "Lt", "Nd", "Nl", "Mn") else 0
    return KINDS.get(category[0], 0) | upper | (LOWER if category == "Ll" else 0)


starts = []
last = 0
for point in range(0x110000):
    if kind(point) != last:
        last = kind(point)
        starts.append(point << 8 | last)
assert last == 0

print("// Written by Golden/scripts/make_unicode_classes.py from Unicode 15.1.0; do not edit.")
print()
print("/// Where the class of code points changes: each entry is `first code point << 8 | class` in hexadecimal, the difference")
print("/// of the code point from the last entry's, and holds up to the next entry. The bits of a class are those of")
print("/// ``UnicodeClasses``.")
print('let unicodeClassRanges: StaticString = """')
row, before = [], 0
for entry in starts:
    word = "%X" % ((entry >> 8) - before << 8 | entry & 0xFF)
    before = entry >> 8
    if len(" ".join(row + [word])) > 115:
        print("  " + " ".join(row) + " \\")
        row = []
    row.append(word)
print("  " + " ".join(row))
print('  """')
