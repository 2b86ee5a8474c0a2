// Markdown to elements. Nothing is ever parsed as HTML: tags in a text are shown as they stand, links lead to the web or
// to mail only, and pictures are links, since a text must not make the browser fetch anything.
//
// A text may be anything, so the work is linear in its length and the depth of elements is bounded.

import { copyButton, make } from './dom.js';
import { inline } from './markdown-inline.js';

const maxDepth = 8;
const maxColumns = 40;

/** Shows a text in `container`; blocks that stay the same keep their elements, so that a growing text costs only its end. */
export function show(text, container) {
  const blocks = parse(text.replace(/\r\n?/g, '\n').split('\n'), 0);
  let element = container.firstElementChild;
  for (const block of blocks) {
    if (element && element.source === block.source) {
      element = element.nextElementSibling;
      continue;
    }
    if (element && block.grow?.(element)) {
      element.source = block.source;
      element = element.nextElementSibling;
      continue;
    }
    const made = block.build();
    made.source = block.source;
    if (element) {
      const old = element;
      element = element.nextElementSibling;
      old.replaceWith(made);
    } else container.append(made);
  }
  while (element) {
    const next = element.nextElementSibling;
    element.remove();
    element = next;
  }
}

const indent = (line) => line.length - line.trimStart().length;

/** The blocks of some lines: each has its source and builds its element. */
function parse(lines, depth) {
  const blocks = [];
  let at = 0;
  const add = (end, build, grow) => {
    blocks.push({ source: lines.slice(at, end).join('\n'), build, grow });
    at = end;
  };
  while (at < lines.length) {
    if (lines[at].trim() === '') {
      at += 1;
      continue;
    }
    const reader = [readFence, readHeading, readRule, readQuote, readList, readTable].find((read) => {
      const found = read(lines, at, depth);
      if (found) add(found.end, found.build, found.grow);
      return found !== null;
    });
    if (!reader) {
      const start = at;
      let end = at + 1;
      while (end < lines.length && !endsParagraph(lines, end)) end += 1;
      add(end, () => make('p', {}, inline(lines.slice(start, end).map((line) => line.trimStart()).join('\n'))));
    }
  }
  return blocks;
}

const build = (lines, depth) => parse(lines, depth).map((block) => block.build());

function endsParagraph(lines, at) {
  const line = lines[at];
  if (line.trim() === '') return true;
  const marker = listMarker(line);
  return fence(line) !== null || heading(line) !== null || isRule(line) || /^ {0,3}>/.test(line)
    || (marker !== null && (!marker.ordered || marker.number === 1)) || isTable(lines, at);
}

// Code

function fence(line) {
  const found = /^( {0,3})(`{3,}|~{3,})(.*)$/.exec(line);
  if (!found || (found[2][0] === '`' && found[3].includes('`'))) return null;
  return { indent: found[1].length, sign: found[2][0], length: found[2].length, language: found[3].trim() };
}

function readFence(lines, start) {
  const open = fence(lines[start]);
  if (!open) return null;
  let end = start + 1;
  while (end < lines.length) {
    const close = fence(lines[end]);
    if (close && close.sign === open.sign && close.length >= open.length && close.language === '') break;
    end += 1;
  }
  const code = lines.slice(start + 1, end).map((line) => line.slice(Math.min(indent(line), open.indent))).join('\n');
  const name = open.language.split(/\s/)[0].slice(0, 40) || 'text';
  return { end: Math.min(end + 1, lines.length), build: () => codeBlock(code, name), grow: (old) => grow(old, code, name) };
}

function codeBlock(text, name) {
  const code = make('code', {}, text);
  return make('figure', { class: 'code' },
    make('figcaption', {}, make('span', {}, name), copyButton(() => code.textContent, 'Copy this code')),
    make('pre', { tabindex: '0', role: 'region', 'aria-label': `Code: ${name}` }, code));
}

/** More of the same code keeps the element, and with it where a reader has scrolled or what is marked. */
function grow(old, text, name) {
  if (!old.matches('figure.code') || old.querySelector('figcaption span').textContent !== name) return false;
  const node = old.querySelector('code').firstChild;
  if (!node || !text.startsWith(node.data)) return false;
  node.appendData(text.slice(node.data.length));
  return true;
}

// Headings and rules

function heading(line) {
  const found = /^ {0,3}(#{1,6})([ \t]|$)/.exec(line);
  return found ? { level: found[1].length, text: line.slice(found[0].length).trim() } : null;
}

function readHeading(lines, at) {
  const found = heading(lines[at]);
  if (!found) return null;
  let text = found.text;
  const bare = text.replace(/#+$/, '');
  if (bare === '' || bare.endsWith(' ')) text = bare.trim();
  // The page's own headings stand above those of a message.
  return { end: at + 1, build: () => make(`h${Math.min(6, found.level + 3)}`, { class: `level-${found.level}` }, inline(text)) };
}

function isRule(line) {
  if (indent(line) > 3) return false;
  const signs = line.replace(/[ \t]/g, '');
  return signs.length >= 3 && '-*_'.includes(signs[0]) && [...signs].every((sign) => sign === signs[0]);
}

function readRule(lines, at) {
  return isRule(lines[at]) ? { end: at + 1, build: () => make('hr') } : null;
}

// Quotes and lists

function readQuote(lines, start, depth) {
  if (depth >= maxDepth || !/^ {0,3}>/.test(lines[start])) return null;
  let end = start;
  const inner = [];
  for (; end < lines.length && /^ {0,3}>/.test(lines[end]); end += 1) inner.push(lines[end].replace(/^ {0,3}> ?/, ''));
  return { end, build: () => make('blockquote', {}, build(inner, depth + 1)) };
}

function listMarker(line) {
  const found = /^( *)([-*+]|\d{1,9}[.)])( {1,4}|$)/.exec(line);
  if (!found || isRule(line)) return null;
  const ordered = found[2].length > 1;
  return {
    indent: found[1].length, width: found[0].length === line.length ? found[1].length + found[2].length + 1 : found[0].length,
    ordered, number: ordered ? Number.parseInt(found[2], 10) : 0, sign: found[2].at(-1),
  };
}

function readList(lines, start, depth) {
  const first = listMarker(lines[start]);
  if (!first || depth >= maxDepth) return null;
  const items = [];
  let isLoose = false;
  let hasGap = false;
  let end = start;
  while (end < lines.length) {
    const marker = listMarker(lines[end]);
    if (!marker || marker.ordered !== first.ordered || marker.sign !== first.sign || marker.indent >= first.width) break;
    // A gap between two items sets all of them apart; one after the last does not.
    if (hasGap) isLoose = true;
    hasGap = false;
    const item = [lines[end].slice(marker.width)];
    for (end += 1; end < lines.length; end += 1) {
      const line = lines[end];
      if (line.trim() === '') {
        hasGap = true;
        item.push('');
        continue;
      }
      if (indent(line) >= Math.min(marker.width, marker.indent + 2)) {
        if (hasGap) isLoose = true;
        item.push(line.slice(Math.min(indent(line), marker.width)));
      } else if (hasGap || listMarker(line) || endsParagraph(lines, end)) break;
      else item.push(line);
      hasGap = false;
    }
    items.push(item);
  }
  return { end, build: () => list(items, first, isLoose, depth) };
}

function list(items, first, isLoose, depth) {
  const attributes = first.ordered && first.number !== 1 ? { start: first.number } : {};
  return make(first.ordered ? 'ol' : 'ul', attributes, items.map((item) => {
    const children = build(item, depth + 1);
    // A list without gaps has no paragraphs.
    const parts = isLoose ? children : children.flatMap((child) => (child.tagName === 'P' ? [...child.childNodes] : [child]));
    return make('li', {}, parts);
  }));
}

// Tables

function cells(line) {
  let text = line.trim();
  if (text.startsWith('|')) text = text.slice(1);
  if (text.endsWith('|') && !text.endsWith('\\|')) text = text.slice(0, -1);
  return text.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|'));
}

function isTable(lines, at) {
  if (at + 1 >= lines.length || !lines[at].includes('|') || !/^[\s|:-]+$/.test(lines[at + 1])) return false;
  const marks = cells(lines[at + 1]);
  return marks.every((mark) => /^:?-+:?$/.test(mark)) && marks.length === cells(lines[at]).length;
}

function readTable(lines, start) {
  if (!isTable(lines, start)) return null;
  const heads = cells(lines[start]).slice(0, maxColumns);
  const sides = cells(lines[start + 1]).map((mark) => (mark.endsWith(':') ? (mark.startsWith(':') ? 'middle' : 'end') : null));
  let end = start + 2;
  while (end < lines.length && lines[end].includes('|') && lines[end].trim() !== '') end += 1;
  const rows = lines.slice(start + 2, end).map(cells);
  const row = (texts, name, attributes) => make('tr', {},
    heads.map((_, index) => make(name, { ...attributes, class: sides[index] }, inline(texts[index] ?? ''))));
  return {
    end,
    build: () => make('div', { class: 'wide', tabindex: '0', role: 'region', 'aria-label': 'Table' },
      make('table', {}, make('thead', {}, row(heads, 'th', { scope: 'col' })),
        make('tbody', {}, rows.map((texts) => row(texts, 'td', {}))))),
  };
}
