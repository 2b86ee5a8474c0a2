// Reads Prometheus' text form: https://prometheus.io/docs/instrumenting/exposition_formats/

/** All figures of a text, by name: `[{ labels: Map, value }]`; lines that are none are passed over. */
export function parse(text) {
  const families = new Map();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const figure = parseLine(line);
    if (!figure) continue;
    if (!families.has(figure.name)) families.set(figure.name, []);
    families.get(figure.name).push({ labels: figure.labels, value: figure.value });
  }
  return families;
}

function parseLine(line) {
  const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(line)?.[0];
  if (!name) return null;
  let at = name.length;
  const labels = new Map();
  if (line[at] === '{') {
    at += 1;
    while (line[at] !== '}') {
      const equals = line.indexOf('="', at);
      if (equals < 0) return null;
      const label = line.slice(at, equals).trim();
      let value = '';
      at = equals + 2;
      for (; line[at] !== '"'; at += 1) {
        if (at >= line.length) return null;
        if (line[at] === '\\') {
          at += 1;
          value += line[at] === 'n' ? '\n' : line[at] ?? '';
        } else value += line[at];
      }
      labels.set(label, value);
      at += 1;
      if (line[at] === ',') at += 1;
    }
    at += 1;
  }
  const word = line.slice(at).trim().split(/\s+/)[0];
  const value = word === '+Inf' ? Infinity : word === '-Inf' ? -Infinity : Number(word);
  return word === '' ? null : { name, labels, value };
}

/** The sum of a name's figures over all labels, or of those that `wanted` takes. */
export function total(families, name, wanted = () => true) {
  const figures = families.get(name);
  return figures ? figures.filter((figure) => wanted(figure.labels)).reduce((sum, { value }) => sum + value, 0) : NaN;
}

/** A histogram, all labels together: bounds in ascending order with how many values fell at or below each. */
export function histogram(families, name) {
  const sums = new Map();
  for (const { labels, value } of families.get(`${name}_bucket`) ?? []) {
    const bound = labels.get('le') === '+Inf' ? Infinity : Number(labels.get('le'));
    if (!Number.isNaN(bound)) sums.set(bound, (sums.get(bound) ?? 0) + value);
  }
  const buckets = [...sums].sort((a, b) => a[0] - b[0]).map(([bound, below]) => ({ bound, below }));
  return { buckets, count: total(families, `${name}_count`), sum: total(families, `${name}_sum`) };
}

/** What came to `late` since `early`; all of it if the server began anew in between. */
export function since(late, early) {
  if (!early || early.buckets.length !== late.buckets.length || late.count < early.count) return late;
  return {
    buckets: late.buckets.map(({ bound, below }, index) => ({ bound, below: below - early.buckets[index].below })),
    count: late.count - early.count, sum: late.sum - early.sum,
  };
}

/**
 * The value that the share `q` of a histogram's values does not pass, even spread assumed within a bucket; `NaN` without
 * values. What lies above the last bound counts as that bound.
 */
export function quantile(q, { buckets }) {
  const all = buckets.at(-1)?.below ?? 0;
  if (!(all > 0)) return NaN;
  const rank = q * all;
  const index = buckets.findIndex(({ below }) => below >= rank);
  const { bound, below } = buckets[index];
  const [lowBound, lowBelow] = index === 0 ? [0, 0] : [buckets[index - 1].bound, buckets[index - 1].below];
  if (bound === Infinity) return lowBound;
  return below === lowBelow ? bound : lowBound + (bound - lowBound) * ((rank - lowBelow) / (below - lowBelow));
}
