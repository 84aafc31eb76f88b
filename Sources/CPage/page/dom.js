// The one place where elements are made and written to.
import { number, time } from './words.js';

/**
 * Makes an HTML element. Of `props`, `on` holds listeners, everything else is an attribute: null
 * and false leave it out, true sets it empty. Children are strings, nodes or daemon's words.
 */
export function el(tag, props, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** Makes an SVG element; the namespace is that of the mark in the document. */
export function svg(tag, props, ...children) {
  const space = document.getElementById('mark').namespaceURI;
  return fill(document.createElementNS(space, tag), props, children);
}

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (name === 'on') listen(node, value);
    else setAttr(node, name, value);
  }
  for (const child of children.flat(Infinity)) {
    if (child == null || child === false) continue;
    node.append(child.text === undefined || child.nodeType ? child : worded(child));
  }
  return node;
}

const worded = ({ text, lang }) => el('span', { lang }, text);

function listen(node, listeners) {
  for (const [event, listener] of Object.entries(listeners)) node.addEventListener(event, listener);
}

/** Writes an attribute if it changed. Listeners and styles have their own ways in. */
export function setAttr(node, name, value) {
  if (/^(on|style$)/i.test(name)) throw new TypeError(`${name} is not set as an attribute`);
  const isText = /^(aria|data)-/.test(name);
  if (value == null || (value === false && !isText)) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
    return;
  }
  const text = value === true && !isText ? '' : String(value);
  if (node.getAttribute(name) !== text) node.setAttribute(name, text);
}

/** Writes a node's text, a string or daemon's words, if it changed. */
export function setText(node, value) {
  const text = value?.text ?? String(value ?? '');
  if (value?.text !== undefined || node.lang) setAttr(node, 'lang', value?.lang);
  if (node.textContent !== text) node.textContent = text;
}

/** Writes a property of the style, such as a bar's width. */
export function setStyle(node, name, value) {
  if (node.style.getPropertyValue(name) !== String(value)) node.style.setProperty(name, value);
}

/** Shows or hides a node. */
export function show(node, isShown) {
  if (node.hidden === Boolean(isShown)) node.hidden = !isShown;
}

/** An element for one value of the API, with `update(node, raw, shown)` to change it. */
export function field(path, rawValue, shownText, tag = 'span') {
  const node = el(tag, { 'data-field': path });
  update(node, rawValue, shownText);
  return node;
}

/** Writes a field's raw value and what is shown for it. */
export function update(node, raw, shown = raw) {
  setAttr(node, 'data-value', typeof raw === 'object' && raw ? JSON.stringify(raw) : raw ?? '');
  setText(node, shown);
}

const keyedNodes = new WeakMap();

/** Keeps one child of `parent` for each item, by key and in order; others go. */
export function keyed(parent, items, keyOf, make, update) {
  const old = keyedNodes.get(parent) ?? new Map();
  const now = new Map();
  let place = parent.firstChild;
  for (const item of items) {
    const key = keyOf(item);
    const node = old.get(key) ?? make(item);
    old.delete(key);
    now.set(key, node);
    update?.(node, item);
    if (node === place) place = place.nextSibling;
    else parent.insertBefore(node, place);
  }
  for (const node of old.values()) node.remove();
  keyedNodes.set(parent, now);
}

// Joiners and selectors inside an emoji belong to it; anywhere else they hide a difference.
const hiddenCharacters = new RegExp(
  '(?<!\\p{ExtPict}[\\ufe0f\\u{1f3fb}-\\u{1f3ff}]?)[\\u200d\\ufe0f]'
    + '|(?![\\u200d\\ufe0f])[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}\\u034f\\u115f\\u1160\\u17b4\\u17b5'
    + '\\u180b-\\u180f\\u2800\\u3164\\ufe00-\\ufe0f\\uffa0\\u{e0100}-\\u{e01ef}]',
  'gu',
);

/** A text in which control and invisible characters can be seen. */
export function visible(text) {
  const code = (character) => character.codePointAt(0).toString(16).toUpperCase().padStart(4, '0');
  return String(text).replace(hiddenCharacters, (character) => `⟨U+${code(character)}⟩`);
}

/** A name or an account, whose direction is its own. */
export const bdi = (text) => el('bdi', {}, visible(text));

/** An element for the value at a path, which `bind` writes. */
export const slot = (path, tag = 'span', props) => el(tag, { ...props, 'data-field': path });

/**
 * Finds the fields below `node`, and returns what writes an object's values into them: shown as
 * `shown` says for their paths, else as a number, an instant or a text, and null as a dash.
 */
export function bind(node, shown = {}) {
  const fields = [...node.querySelectorAll('[data-field]:not(rect)')];
  return (object) => {
    for (const each of fields) {
      const path = each.dataset.field;
      const raw = path.split('.').reduce((value, name) => value?.[name], object) ?? null;
      if (each.dateTime !== undefined) setWhen(each, raw);
      update(each, raw, shown[path] ? shown[path](raw, object) : plain(raw, each));
    }
  };
}

function plain(raw, { dateTime }) {
  if (raw === null) return '–';
  if (typeof raw === 'number') return number(raw);
  return dateTime === undefined ? visible(raw) : time(raw);
}

/** Gives a `time` its instant, with UTC as its title. */
function setWhen(node, iso) {
  setAttr(node, 'datetime', iso);
  setAttr(node, 'title', iso && `${iso.slice(0, 19).replace('T', ' ')} UTC`);
}

/** A button with a text; more attributes by `props`. */
export function button(text, listener, props) {
  return el('button', { type: 'button', ...props, on: { click: listener } }, text);
}

/**
 * A table whose rows keep their roles when narrow screens stack them: `columns` are heads,
 * `body` is the node for the rows that `row` makes.
 */
export function table(caption, columns) {
  const heads = columns.map((column) => el('th', { scope: 'col', role: 'columnheader' }, column));
  const body = el('tbody', { role: 'rowgroup' });
  const node = el('table', { role: 'table' },
    caption && el('caption', {}, caption),
    el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' }, heads)),
    body);
  const row = (props, ...cells) => el('tr', { role: 'row', ...props },
    cells.map((cell, index) => el('td', { role: 'cell', 'data-label': columns[index] }, cell)));
  return { node, body, row };
}
