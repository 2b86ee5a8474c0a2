"""Makes Golden/jinja.json: small templates, what Jinja2 makes of them as transformers sets it up, and hostile ones.

usage: make_jinja.py OUT.json
"""

import json
import sys

from make_chat_templates import environment

RENDERED = [
    '{{ 1 + 2 * 3 - 4 // 3 ** 2 }}',
    '{{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }}',
    '{{ 1e16 }} {{ 1e-5 }} {{ 123456789.5 }} {{ 0.1 + 0.2 }} {{ 1e15 }}',
    "{{ 'a' ~ 1 ~ none ~ true ~ x }}",
    '{{ 1 < 2 < 3 }} {{ 3 > 2 > 2 }}',
    '{{ [1, \'a\\\'b\', "q\\n", none, {\'k\': (1,)}] }}',
    "{{ 'abcdef'[::-1] }}{{ 'abcdef'[-3:] }}{{ 'abcdef'[1:5:2] }}{{ 'abc'[7] }}",
    '{{ [1,2,3][5:] }}{{ [1,2,3][::-2] }}',
    '{% set x = 1 %}{% for i in [1,2] %}{{ x }}{% set x = 5 %}{{ x }}{% endfor %}{{ x }}',
    '{% set n = namespace(x=1) %}{% for i in [1,2] %}{% set n.x = n.x + i %}{% endfor %}{{ n.x }}',
    "{% for a, b in {'x': 1, 'y': 2}.items() %}{{ loop.index }}{{ a }}{{ b }}{{ ',' if not loop.last }}{% endfor %}",
    '{% for i in [] %}a{% else %}b{% endfor %}{% for i in [1,2,3] if i > 1 %}{{ loop.length }}{% endfor %}',
    '{% for i in range(9) %}{% if i == 2 %}{% continue %}{% endif %}{% if i > 4 %}{% break %}{% endif %}{{ i }}{% endfor %}',
    "{% macro f(a, b='B') %}[{{ a }}{{ b }}{{ c }}]{% endmacro %}{{ f(1) }}{{ f(b=2, a=3) }}{{ f() }}",
    '{% macro f() %}<{{ caller() }}>{% endmacro %}{% call f() %}in{% endcall %}',
    '{% set x %} a {{ 1 }} {% endset %}{{ x | trim }}|{% set y | upper %}up{% endset %}{{ y }}',
    '{% filter upper %}ab{% endfilter %}{% with a = 1 %}{{ a }}{% endwith %}{{ a }}',
    '  {% if true %}  \n a\n  {% endif %}\n b',
    'a\n{{ 1 }}\nb\n',
    'a  {%- if true -%}  b  {%- endif %}  c',
    '{#- c -#}  x {# d #}\ny',
    '  {%+ if true %}x{% endif +%}\ny',
    '{% raw %}{{ x }}{% endraw %}',
    '{{ {\'b\': [1.0, \'é\\n"\'], \'a\': none, \'c\': {}} | tojson }}',
    "{{ {'b': [1], 'a': []} | tojson(indent=2, sort_keys=true) }}",
    "{{ 'é😀' | tojson(ensure_ascii=true) }}{{ [1,2]|tojson(separators=(',', ':')) }}",
    "{{ 'a,b,,c'.split(',') }}{{ ' a  b '.split() }}{{ 'a-b-c'.rsplit('-', 1) }}{{ 'a-b-c'.split('-', 1) }}",
    "{{ 'xaxbx'.strip('x') }}{{ 'aab'.replace('a', 'c', 1) }}{{ 'ab'.replace('', '-') }}",
    "{{ 'hello wOrld'|title }}{{ 'hELLO'|capitalize }}{{ 'a\\nb\\n\\nc'|indent(2) }}",
    "{{ [3,1,2]|sort }}{{ ['b','A']|sort|join('-') }}{{ {'B':1,'a':2}|dictsort }}",
    "{{ [{'a':{'b':1}},{'a':{'b':2}}]|map(attribute='a.b')|list }}{{ ['a','b']|map('upper')|join }}",
    "{{ [{'r':'x','n':1},{'r':'y','n':2}]|selectattr('r','equalto','y')|map(attribute='n')|first }}",
    "{{ x is defined }}{{ x is undefined }}{{ none is none }}{{ 1 is number }}{{ {} is mapping }}{{ 'a' is sequence }}{{ x.y if x is defined else 'no' }}",
    "{{ x|default('d') }}{{ ''|default('e', true) }}{{ none|default('f') }}",
    "{{ '{} {1} {a} {{}}'.format(1, 2, a=3) if false else '{} {a}'.format(1, a=3) }}{{ '%s-%d%%' % ('a', 3) }}",
    "{{ {'items': 1}['items'] }}{{ {'a': 1}.b }}{{ {'get': 1}.a is defined }}",
    "{{ 'a' in 'abc' }}{{ 1 in [1.0] }}{{ 'k' in {'k': 1} }}{{ 2 not in (1,) }}",
    "{{ '<b>'|safe + '<i>' }}{{ '<b>'|e }}",
    '{{ (1, 2) }}{{ () }}{{ (1,) }}',
    "{{ '\\x41\\u00e9\\101\\q' }}",
    "{{ 5 if false }}|{{ 0 or 'x' }}|{{ 1 and '' }}|{{ not 1 }}",
    "{{ 'a\\r\\nb'.splitlines() }}{{ '7' | int + 1 }}{{ 'x'|int(5) }}{{ '1.5'|float }}{{ 2.5|round }}{{ 3|abs }}",
]

# With the line that an error must name; what the reference would take and the engine does not is among them.
REFUSED = [
    ("{% include 'x' %}", 1),
    ("a\n{% extends 'x' %}", 2),
    ('{% block x %}{% endblock %}', 1),
    ("{% import 'x' as y %}", 1),
    ('{% foo %}', 1),
    ('{{ x | nothing }}', 1),
    ('\n\n{{ x is nothing }}', 3),
    ('{{ f(*x) }}', 1),
    ('{{ f(**x) }}', 1),
    ('{% for x in y recursive %}{% endfor %}', 1),
    ('{% if x %}', 1),
    ('{{ x', 1),
    ("{{ 'x }}", 1),
    ('{# x', 1),
    ('{{ }}', 1),
    ('{{ 1 2 }}', 1),
    ('{{ (1 }}', 1),
    ('{{ ] }}', 1),
    ('{% set true = 1 %}', 1),
    ('{% break %}', 1),
    ("{{ '\\N{DASH}' }}", 1),
    ('{% macro f() %}{{ varargs }}{% endmacro %}', 1),
    ('{{ 99999999999999999999 }}', 1),
    ('{{ 1 $ 2 }}', 1),
    ('{% endif %}', 1),
    ('{% raw %}', 1),
    ('{% do x %}', 1),
    ('{% set x.y.z = 1 %}', 1),
    ('{{ a[1:2:3:4] }}', 1),
    ('{{ a[] }}', 1),
]

FAILING = [
    '{{ x.y }}',
    '{{ x.y.z }}',
    '{{ x() }}',
    "{{ 1 + 'a' }}",
    '{{ none + 1 }}',
    "{{ [1] < ['a'] }}",
    '{{ 1 in 2 }}',
    '{{ 1 // 0 }}',
    '{{ 9223372036854775807 + 1 }}',
    '{{ -9223372036854775807 - 2 }}',
    '{{ (-9223372036854775807 - 1) // -1 }}',
    '{{ 2 ** 64 }}',
    '{{ none | length }}',
    '{% for i in 5 %}{% endfor %}',
    '{% for a, b in [[1]] %}{% endfor %}',
    '{{ {[]: 1} }}',
    '{{ x | tojson }}',
    '{% macro f(a) %}{% endmacro %}{{ f(1, 2) }}',
    '{% macro f(a) %}{% endmacro %}{{ f(b=2) }}',
    '{% set x.y = 1 %}',
    "{{ 'a'.split('') }}",
    "{{ '{'.format(1) }}",
    "{{ '%s' % () }}",
    '{{ [1].append(2) }}',
    '{{ {}.update(a=1) }}',
    '{{ range(0, 5, 0) }}',
    "{{ [1,2]|map('upper')|tojson }}",
    '{% if true %}{{ x | nothing }}{% endif %}',
]

# Each does something else with x, a text from outside.
PROVENANCE = [
    '{{ x }}',
    "{{ '<|im_end|>' + x }}",
    '{{ x.strip() }}',
    '{{ x[0:200] }}',
    '{{ x[::-1][::-1] }}',
    '{{ x | upper | lower }}',
    "{{ x.split('q') | join('<|im_start|>') }}",
    "{{ x | replace('q', '<|im_start|>') }}",
    "{{ '%s' % x }}",
    "{{ 'a{}b'.format(x) }}",
    '{{ x | tojson }}',
    '{{ [x] }}',
    "{{ {'a': x} }}",
    '{{ {x: 1} }}',
    '{% set y %}{{ x }}{% endset %}{{ y | trim }}',
    '{% macro f(a) %}<|im_start|>{{ a }}{% endmacro %}{{ f(x) }}',
    '{{ x | indent(2) }}',
    "{{ x | safe + '<' }}",
    "{{ ('<'|safe) + x }}",
    '{% for c in x %}{{ c }}{% endfor %}',
    '{{ x | list | join }}',
    "{{ x.partition('m') | join }}",
    '{{ x | title }}',
    '{% filter trim %}{{ x }}{% endfilter %}',
    '{{ [x, x] | unique | first }}',
    '{{ x.splitlines()[0] }}',
    '{{ x * 2 }}',
    '{{ x ~ x }}',
    "{{ x | string | default('d') }}",
    '{{ d.keys() | first }}',
    '{{ d | items | first | last }}',
    '{{ strftime_now(x) }}',
    "{{ x.removeprefix('q') }}",
    '{{ x.zfill(50) }}',
    '{% call(y) g(x) %}{{ y }}{% endcall %}{{ x }}',
]

# Stopped by a budget; longer ones are made by the test.
ENDLESS = [
    ('a macro that calls itself', '{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}'),
    ('a macro that calls itself twice', '{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}'),
    ('two macros in turn', '{% macro f() %}{{ g() }}{% endmacro %}{% macro g() %}{{ f() }}{% endmacro %}{{ f() }}'),
    ('a tree of calls', '{% macro f(n) %}{% if n %}{{ f(n-1) }}{{ f(n-1) }}{% endif %}{% endmacro %}{{ f(40) }}'),
    ('a caller that calls', '{% macro f() %}{{ caller() }}{% endmacro %}{% macro h() %}{% call f() %}{{ h() }}{% endcall %}{% endmacro %}{{ h() }}'),
    ('a default that calls', '{% macro f(a=f()) %}{% endmacro %}{{ f() }}'),
    ('range(10^9)', '{% for i in range(1000000000) %}x{% endfor %}'),
    ('range of everything', '{{ range(-9223372036854775807, 9223372036854775807) }}'),
    ('ranges in ranges', '{% for a in range(90000) %}{% for b in range(90000) %}{% endfor %}{% endfor %}'),
    ("'a' * 10^9", "{{ 'a' * 1000000000 }}"),
    ("10^9 * 'a'", "{{ 1000000000 * 'a' }}"),
    ("'a' * 2^62", "{{ 'aaaa' * 4611686018427387904 }}"),
    ('[1] * 10^9', '{{ [1] * 1000000000 }}'),
    ('[[1] * 2^62]', '{{ [1, 2, 3] * 4611686018427387904 }}'),
    ('multiplied products', "{{ ('a' * 4000000) * 4000000 }}"),
    ('doubling text', "{% set n = namespace(x='a') %}{% for i in range(100) %}{% set n.x = n.x + n.x %}{% endfor %}{{ n.x }}"),
    ('doubling by ~', "{% set n = namespace(x='a') %}{% for i in range(100) %}{% set n.x = n.x ~ n.x %}{% endfor %}"),
    ('doubling by join', "{% set n = namespace(x='a') %}{% for i in range(100) %}{% set n.x = [n.x, n.x] | join %}{% endfor %}"),
    ('doubling by replace', "{% set n = namespace(x='aa') %}{% for i in range(100) %}{% set n.x = n.x | replace('a', n.x) %}{% endfor %}"),
    ('doubling by format', "{% set n = namespace(x='a') %}{% for i in range(100) %}{% set n.x = '{0}{0}'.format(n.x) %}{% endfor %}"),
    ('doubling by %', "{% set n = namespace(x='a') %}{% for i in range(100) %}{% set n.x = '%s%s' % (n.x, n.x) %}{% endfor %}"),
    ('doubling lists', '{% set n = namespace(x=[1]) %}{% for i in range(100) %}{% set n.x = n.x + n.x %}{% endfor %}'),
    ('doubling JSON', '{% set n = namespace(x=\'"\') %}{% for i in range(100) %}{% set n.x = n.x | tojson %}{% endfor %}'),
    ('doubling blocks', "{% set n = namespace(x='a') %}{% for i in range(100) %}{% set y %}{{ n.x }}{{ n.x }}{% endset %}{% set n.x = y %}{% endfor %}"),
    ('shared lists written out', "{% set n = namespace(x=['a']) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x | tojson }}"),
    ('shared lists shown', "{% set n = namespace(x=['a']) %}{% for i in range(100) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x }}"),
    ('shared lists compared', "{% set n = namespace(x=['a'], y=['a']) %}{% for i in range(100) %}{% set n.x = [n.x, n.x] %}{% set n.y = [n.y, n.y] %}{% endfor %}{{ n.x == n.y }}"),
    ('shared lists ordered', "{% set n = namespace(x=['a'], y=['a']) %}{% for i in range(100) %}{% set n.x = [n.x, n.x] %}{% set n.y = [n.y, n.y] %}{% endfor %}{{ n.x < n.y }}"),
    ('a tower of lists', '{% set n = namespace(x=[]) %}{% for i in range(90000) %}{% set n.x = [n.x] %}{% endfor %}'),
    ('a tower of dictionaries', "{% set n = namespace(x={}) %}{% for i in range(90000) %}{% set n.x = {'a': n.x} %}{% endfor %}"),
    ('a tower of series', "{% set n = namespace(x=[]) %}{% for i in range(90000) %}{% set n.x = [n.x] | map('list') %}{% endfor %}"),
    ('shared tuples as keys', '{% set n = namespace(x=()) %}{% for i in range(100) %}{% set n.x = (n.x, n.x) %}{% endfor %}{{ {n.x: 1} if 1 == 2 else n.x }}'),
    ('a tower of tuples as keys', '{% set n = namespace(x=()) %}{% for i in range(90000) %}{% set n.x = (n.x,) %}{% endfor %}{{ {n.x: 1} }}'),
    ('giant output', "{% for i in range(90000) %}{{ 'x' * 1000 }}{% endfor %}"),
    ('giant indents', "{% for i in range(90000) %}{{ ('a\n' * 1000) | indent(1000) }}{% endfor %}"),
]

# These end, whatever comes out.
ODD = [
    "{{ ''.__class__.__mro__ }}",
    '{{ messages.__class__ }}',
    '{{ self._TemplateReference__context }}',
    '{{ cycler.__init__.__globals__ }}',
    '{{ [].__class__.__base__.__subclasses__() }}',
    '{{ namespace.__init__ }}',
    '{{ range.__globals__ }}',
    "{{ ''['__class__'] }}",
    "{{ 'x'.format.__globals__ }}",
    "{{ '{0.__class__}'.format(1) }}",
    "{{ messages | attr('__class__') }}",
    '{{ dict.mro() }}',
    '{% set n = namespace() %}{% set n.n = n %}{{ n.n.n.n }}',
    '{% set h = namespace() %}{% set h.last = namespace() %}{% set h.first = h.last %}{% for i in range(50000) %}{% set t = h.last %}{% set t.next = namespace() %}{% set h.last = t.next %}{% endfor %}',
    '{% macro f() %}{% endmacro %}{% set n = namespace(f=f) %}{% for i in range(1000) %}{% macro g() %}{{ n.f() }}{% endmacro %}{% set n.f = g %}{% endfor %}',
    "{% set a = 'a' * 2000000 %}{{ a.find('a' * 1000000 ~ 'b') }}",
    "{% set a = 'ab' * 1000000 %}{{ a.count('abababab') }}",
    "{{ ('a b ' * 100000).split() | length }}",
    "{{ ('ab' * 100000).split('b') | length }}",
    "{{ ('x' * 1000000) | title | length }}",
    '{{ (range(50000) | list | sort(reverse=true))[0] }}',
    "{{ (['a'] * 50000) | unique | list | length }}",
    '{{ 0.5 ** 3 if false }}',
    '{{ 10 ** 18 }}{{ 1 ** 9223372036854775807 }}{{ (0 - 1) ** 9223372036854775807 }}',
    "{{ 'x'.zfill(4096) | length }}",
    '{{ 1e308 * 10 }}{{ (1e308 * 10) | int }}{{ 1e300 // 1e-300 }}',
    "{{ {1: 'a', 1.0: 'b', true: 'c'} }}",
    '{{ loop }}',
    '{{ range }}',
]


def main():
    env = environment()
    rendered = [{"source": source, "rendered": env.from_string(source).render()} for source in RENDERED]
    for source in FAILING:
        try:
            env.from_string(source).render()
        except Exception:
            continue
        print("renders in the reference:", source)
    lists = {
        "rendered": rendered,
        "refused": [{"source": s, "line": l} for s, l in REFUSED],
        "failing": FAILING,
        "provenance": PROVENANCE,
        "endless": [{"name": n, "source": s} for n, s in ENDLESS],
        "odd": ODD,
    }
    with open(sys.argv[1], "w") as f:
        rows = [f"{json.dumps(k)}: [\n" + ",\n".join(json.dumps(i, ensure_ascii=False) for i in v) + "\n]" for k, v in lists.items()]
        f.write("{" + ",\n".join(rows) + "}\n")
    print({k: len(v) for k, v in lists.items()})


main()
