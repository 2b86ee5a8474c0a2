// What stands within a line of Markdown: code, emphasis, links.

import { make } from './dom.js';

const punctuation = /[!-/:-@[-`{-~]/;
const maxAddress = 2000;
const maxDepth = 20;
const maxRuns = 4000;

/** An address that a link may have; null for what would run or fetch something else. */
export function safeAddress(text) {
  let address;
  try { address = new URL(text); } catch { return null; }
  return ['https:', 'http:', 'mailto:'].includes(address.protocol) ? address.href : null;
}

/** The nodes of a text. */
export function inline(text) {
  const root = document.createDocumentFragment();
  new Inline(text, root).read();
  return [...root.childNodes];
}

class Inline {
  constructor(text, root) {
    this.text = text;
    this.root = root;
    this.at = 0;
    this.plain = '';
    this.runs = [];
    this.openings = [];
    this.codeLengths = new Set();
    // How deep the elements below a node go.
    this.depths = new Map();
  }

  read() {
    const { text } = this;
    while (this.at < text.length) {
      const sign = text[this.at];
      if (sign === '\\') this.escape();
      else if (sign === '`') this.code();
      else if (sign === '*' || sign === '_' || sign === '~') this.run(sign);
      else if (sign === '[' || (sign === '!' && text[this.at + 1] === '[')) this.openLink(sign === '!');
      else if (sign === ']') this.closeLink();
      else if (sign === '\n') this.lineEnd();
      else if (sign === '<') this.bracketed();
      else if (sign === 'h' && /^https?:\/\//.test(text.slice(this.at, this.at + 8))) this.bareAddress();
      else {
        this.plain += sign;
        this.at += 1;
      }
    }
    this.flush();
    this.emphasis(0);
  }

  flush() {
    if (this.plain === '') return;
    this.root.append(this.plain);
    this.plain = '';
  }

  add(node) {
    this.flush();
    this.root.append(node);
    return node;
  }

  escape() {
    const next = this.text[this.at + 1];
    if (next === '\n') {
      this.add(make('br'));
      this.at += 2;
    } else if (next !== undefined && punctuation.test(next)) {
      this.plain += next;
      this.at += 2;
    } else {
      this.plain += '\\';
      this.at += 1;
    }
  }

  runLength(sign) {
    let end = this.at;
    while (this.text[end] === sign) end += 1;
    return end - this.at;
  }

  code() {
    const length = this.runLength('`');
    const start = this.at + length;
    // A length that found no end once finds none later either.
    if (!this.codeLengths.has(length)) {
      for (let at = this.text.indexOf('`', start); at >= 0;) {
        let end = at;
        while (this.text[end] === '`') end += 1;
        if (end - at === length) {
          let code = this.text.slice(start, at).replaceAll('\n', ' ');
          if (code.startsWith(' ') && code.endsWith(' ') && code.trim() !== '') code = code.slice(1, -1);
          this.add(make('code', {}, code));
          this.at = end;
          return;
        }
        at = this.text.indexOf('`', end);
      }
      this.codeLengths.add(length);
    }
    this.plain += '`'.repeat(length);
    this.at = start;
  }

  lineEnd() {
    this.plain = this.plain.trimEnd();
    this.add(make('br'));
    this.at += 1;
    while (this.text[this.at] === ' ') this.at += 1;
  }

  bracketed() {
    const end = this.text.slice(this.at, this.at + maxAddress).indexOf('>');
    const inside = end > 0 ? this.text.slice(this.at + 1, this.at + end) : '';
    const address = /^(https?:\/\/|mailto:)[^\s<]+$/.test(inside) ? safeAddress(inside) : null;
    if (address) {
      this.add(link(address, [inside]));
      this.at += end + 1;
    } else {
      this.plain += '<';
      this.at += 1;
    }
  }

  bareAddress() {
    let address = /^[^\s<>"`*|\\]+/.exec(this.text.slice(this.at, this.at + maxAddress))[0];
    while (/[.,;:!?'"_~]$/.test(address)
      || (address.endsWith(')') && address.split(')').length > address.split('(').length)
      || (address.endsWith(']') && !address.includes('['))) address = address.slice(0, -1);
    const safe = address.length > 8 && !/[A-Za-z0-9]$/.test(this.plain) ? safeAddress(address) : null;
    if (safe) {
      this.add(link(safe, [address]));
      this.at += address.length;
    } else {
      this.plain += 'h';
      this.at += 1;
    }
  }

  // Links

  openLink(isPicture) {
    const node = this.add(document.createTextNode(isPicture ? '![' : '['));
    this.openings.push({ node, isPicture, run: this.runs.length });
    this.at += isPicture ? 2 : 1;
  }

  closeLink() {
    const opening = this.openings.pop();
    const target = opening && this.text[this.at + 1] === '(' ? this.target(this.at + 2) : null;
    if (!target) {
      this.plain += ']';
      this.at += 1;
      return;
    }
    this.flush();
    this.emphasis(opening.run);
    const inside = [];
    for (let node = opening.node.nextSibling; node; node = node.nextSibling) inside.push(node);
    this.at = target.end;
    opening.node.remove();
    // There are no links in links.
    this.openings = [];
    if (!target.address) {
      // What it leads to is shown, but not gone to.
      this.add(document.createTextNode(` (${target.text})`));
      return;
    }
    this.add(link(target.address, opening.isPicture ? ['picture: ', ...inside] : inside));
  }

  /** `address "title")` from a place on. */
  target(start) {
    let depth = 0;
    const limit = Math.min(this.text.length, start + maxAddress);
    for (let at = start; at < limit; at += 1) {
      const sign = this.text[at];
      if (sign === '\n') return null;
      if (sign === '\\') at += 1;
      else if (sign === '(') depth += 1;
      else if (sign === ')' && depth > 0) depth -= 1;
      else if (sign === ')') {
        const whole = this.text.slice(start, at).trim();
        const text = (/^<([^<>]*)>|^\S*/.exec(whole)[1] ?? whole.split(/\s/)[0]);
        return { end: at + 1, address: safeAddress(text), text };
      }
    }
    return null;
  }

  // Emphasis: https://spec.commonmark.org/0.31.2/#delimiter-run

  run(sign) {
    const length = this.runLength(sign);
    const before = this.text[this.at - 1] ?? ' ';
    const after = this.text[this.at + length] ?? ' ';
    const isSpace = (character) => /\s/.test(character);
    const isSign = (character) => punctuation.test(character) || /\p{P}/u.test(character);
    const left = !isSpace(after) && (!isSign(after) || isSpace(before) || isSign(before));
    const right = !isSpace(before) && (!isSign(before) || isSpace(after) || isSign(after));
    const isWord = sign === '_';
    this.at += length;
    if (this.runs.length >= maxRuns || (sign === '~' && length !== 2)) {
      this.plain += sign.repeat(length);
      return;
    }
    const node = this.add(document.createTextNode(sign.repeat(length)));
    this.runs.push({
      node, sign, length, opens: left && (!isWord || !right || isSign(before)),
      closes: right && (!isWord || !left || isSign(after)),
    });
  }

  /** Wraps what runs from the given one on embrace. */
  emphasis(first) {
    const open = [];
    // How many open runs of a sign there are, so that none is looked for in vain.
    const waiting = { '*': 0, _: 0, '~': 0 };
    for (const run of this.runs.splice(first)) {
      while (run.closes && run.length > 0 && waiting[run.sign] > 0) {
        let index = open.length - 1;
        while (open[index].sign !== run.sign) index -= 1;
        // What lies between has no partner.
        for (const lost of open.splice(index + 1)) waiting[lost.sign] -= 1;
        this.wrap(open[index], run);
        if (open[index].length === 0) {
          open.pop();
          waiting[run.sign] -= 1;
        }
      }
      if (run.opens && run.length > 0) {
        open.push(run);
        waiting[run.sign] += 1;
      }
    }
  }

  wrap(opener, closer) {
    const used = opener.sign === '~' || (opener.length >= 2 && closer.length >= 2) ? 2 : 1;
    const inside = [];
    let depth = 0;
    for (let node = opener.node.nextSibling; node !== closer.node; node = node.nextSibling) {
      inside.push(node);
      depth = Math.max(depth, this.depths.get(node) ?? 0);
    }
    for (const run of [opener, closer]) {
      run.length -= used;
      run.node.data = run.sign.repeat(run.length);
    }
    if (depth >= maxDepth || inside.length === 0) return;
    const element = make(used === 1 ? 'em' : opener.sign === '~' ? 's' : 'strong');
    opener.node.after(element);
    element.append(...inside);
    this.depths.set(element, depth + 1);
  }
}

function link(address, content) {
  return make('a', { href: address, target: '_blank', rel: 'noopener noreferrer nofollow', title: address }, content);
}
