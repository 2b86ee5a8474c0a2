#!/bin/sh
# Writes the texts that quantisers are compared on: calibration.txt, from which both learn importance, tuning.txt, on which
# settings may be chosen, and three that are held out: bible.txt, reference.txt, python.txt.
# usage: quantizer_texts.sh FOLDER
# Debian packages: miscfiles python3-doc debian-policy developers-reference debian-handbook bible-kjv debian-reference-en lynx
set -eu
export LC_ALL=C.UTF-8
out=$1
mkdir -p "$out"
doc=/usr/share/doc
python=$doc/python3-doc/html/_sources
part() { tail -c "+$1" | head -c "$2"; }

{
  zcat /usr/share/state/us-constitution.gz /usr/share/state/us-declaration.gz
  for f in tutorial/introduction tutorial/controlflow tutorial/classes howto/functional howto/unicode; do
    cat "$python/$f.rst.txt"
  done | part 1 90000
  zcat /usr/share/developers-reference/developers-reference.txt.gz | part 12000 80000
  zcat $doc/debian-policy/policy.txt.gz | part 30000 80000
} >"$out/calibration.txt"

handbook=$doc/debian-handbook/html/en-US
for f in "$handbook"/foreword.html "$handbook"/sect.*.html; do
  lynx -dump -nolist -nonumbers -width=10000 "$f"
done | sed 's/^ *//' | grep -E '.{60}' | awk '!seen[$0]++' | part 1 120000 >"$out/tuning.txt"

for verses in Gen1:1-10:32 Ruth1:1-4:22 Job1:1-8:22 Psalms1:1-20:9 Isaiah1:1-6:13 Matthew1:1-9:38 Acts1:1-6:15 \
  Romans1:1-5:21 Revelation1:1-5:14; do
  bible -f "$verses" | sed 's/^[^ ]* //'
done >"$out/bible.txt"
zcat /usr/share/debian-reference/debian-reference.en.txt.gz | part 60000 200000 >"$out/reference.txt"
for f in logging descriptor regex sorting sockets argparse; do cat "$python/howto/$f.rst.txt"; done >"$out/python.txt"
wc -c "$out"/*.txt >&2
