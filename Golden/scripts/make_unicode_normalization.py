#!/usr/bin/env python3
"""Writes Sources/Text/Unicode/UnicodeDecompositions*.swift and UnicodeLowercase.swift: what NFC, NFD, NFKC, NFKD and small
letters need.

Needs: pip install unicodedata2==15.1.0 (see make_unicode_classes.py).
Usage: python3 Golden/scripts/make_unicode_normalization.py Sources/Text/Unicode
"""

import sys

import unicodedata2 as unicode

assert unicode.unidata_version == "15.1.0", unicode.unidata_version
HANGUL = range(0xAC00, 0xD7A4)


def table(words):
    rows, row = [], []
    for word in words:
        if len(" ".join(row + [word])) > 115:
            rows.append("  " + " ".join(row) + " \\")
            row = []
        row.append(word)
    return "\n".join(rows + ["  " + " ".join(row)])


def write(name, variables):
    with open(f"{sys.argv[1]}/{name}.swift", "w") as f:
        f.write("// Written by Golden/scripts/make_unicode_normalization.py from Unicode 15.1.0; do not edit.\n")
        for comment, variable, words in variables:
            f.write(f'\n{comment}\nlet {variable}: StaticString = """\n{table(words)}\n  """\n')


def entries(pairs):
    """The difference of each point from the last entry's << 5, with the number of what follows, then that."""
    words, before = [], 0
    for point, values in pairs:
        assert 0 < len(values) < 32
        words += ["%X" % ((point - before) << 5 | len(values))] + ["%X" % v for v in values]
        before = point
    return words


canonical, compatible, small, classes, last, start = [], [], [], [], 0, 0
for point in range(0x110000):
    if point in HANGUL or 0xD800 <= point < 0xE000:
        continue
    c = chr(point)
    nfd, nfkd = unicode.normalize("NFD", c), unicode.normalize("NFKD", c)
    if nfd != c:
        # What composes again is marked by a 1 in front.
        canonical.append((point, [int(unicode.normalize("NFC", c) == c), *map(ord, nfd)]))
    if nfkd != nfd:
        compatible.append((point, list(map(ord, nfkd))))
    if c.lower() != c:
        small.append((point, list(map(ord, c.lower()))))
    if unicode.combining(c) != last:
        last = unicode.combining(c)
        classes.append("%X" % ((point - start) << 8 | last))
        start = point

ENTRY = "each entry is `difference of the code point from the last << 5 | count` and so many numbers, in hexadecimal"
write("UnicodeDecompositions", [
    (f"/// Canonical decompositions in full: {ENTRY},\n/// the first 1 where the characters compose again.", "unicodeCanonicalDecompositions", entries(canonical)),
    ("/// Where the canonical combining class changes: `difference of the code point from the last << 8 | class`.", "unicodeCombiningClasses", classes),
])
write("UnicodeCompatibility", [
    (f"/// Compatibility decompositions in full, where they are others: {ENTRY}.", "unicodeCompatibilityDecompositions", entries(compatible)),
])
write("UnicodeLowercase", [
    (f"/// Small letters: {ENTRY}.", "unicodeLowercase", entries(small)),
])
