// How things are drawn: elements, which are made and written to here alone, and the charts.
import { ask, known, now } from './live.js';
import { duration, number, t, time } from './words.js';

/* ---- Elements ---- */

/**
 * Makes an HTML element. Of `props`, `on` holds listeners, everything else is an attribute.
 * Children are strings, nodes or daemon's words; null and false are left out.
 */
export const el = (tag, props, ...children) => fill(document.createElement(tag), props, children);

/** Makes an SVG element; the namespace is that of the mark in the document. */
function svg(tag, props, ...children) {
  const space = document.getElementById('mark').namespaceURI;
  return fill(document.createElementNS(space, tag), props, children);
}

function fill(node, { on, ...attributes } = {}, children) {
  setAttrs(node, attributes);
  for (const [event, listener] of Object.entries(on ?? {})) node.addEventListener(event, listener);
  for (const child of children.flat(Infinity)) {
    if (child == null || child === false) continue;
    const isWords = child.text !== undefined && !child.nodeType;
    node.append(isWords ? el('span', { lang: child.lang }, child.text) : child);
  }
  return node;
}

/** Writes the attributes that changed: null and false remove one, true sets it empty. */
export function setAttrs(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    const isText = /^(aria|data)-/.test(name);
    const text = value === true && !isText ? '' : String(value);
    if (value == null || (value === false && !isText)) node.removeAttribute(name);
    else if (node.getAttribute(name) !== text) node.setAttribute(name, text);
  }
}

/** Writes a node's text, a string or daemon's words, if it changed. */
export function setText(node, value) {
  const text = value?.text ?? String(value ?? '');
  if (value?.text !== undefined || node.lang) setAttrs(node, { lang: value?.lang });
  if (node.textContent !== text) node.textContent = text;
}

/** Writes a property of the style, such as a box's proportions. */
export function setStyle(node, name, value) {
  if (node.style.getPropertyValue(name) !== String(value)) node.style.setProperty(name, value);
}

export const show = (node, isShown) => setAttrs(node, { hidden: !isShown });

/** An element for the value at a path of the API, which `bind` or `update` writes. */
export const slot = (path, tag = 'span', props) => el(tag, { ...props, 'data-field': path });

/** An element for one value of the API, with what it is and how it is shown. */
export function field(path, raw, shown, tag) {
  const node = slot(path, tag);
  update(node, raw, shown);
  return node;
}

/** Writes a field's raw value and what is shown for it. */
export function update(node, raw, shown = raw) {
  const isObject = typeof raw === 'object' && raw;
  setAttrs(node, { 'data-value': isObject ? JSON.stringify(raw) : raw ?? '' });
  setText(node, shown);
}

/**
 * Finds the fields below `node`, and returns what writes an object's values into them: shown as
 * `shown` says for their paths, else as an instant, a number or a text, and null as a dash.
 */
export function bind(node, shown = {}) {
  const fields = [...node.querySelectorAll('[data-field]:not(rect)')];
  return (object) => {
    for (const each of fields) {
      const path = each.dataset.field;
      const raw = path.split('.').reduce((value, name) => value?.[name], object) ?? null;
      if (shown[path]) update(each, raw, shown[path](raw, object));
      else if (raw && /_at$|^eta$/.test(path)) updateWhen(each, raw);
      else update(each, raw, typeof raw === 'number' ? number(raw) : visible(raw ?? '–'));
    }
  };
}

function updateWhen(node, iso) {
  const title = `${iso.slice(0, 19).replace('T', ' ')} UTC`;
  if (node.dataset.value !== iso) node.replaceChildren(el('time', { datetime: iso, title }));
  setAttrs(node, { 'data-value': iso });
  setText(node.firstChild, time(iso));
}

const keyedNodes = new WeakMap();

/** Keeps one child of `parent` for each item, by key and in order, behind a table's head. */
export function keyed(parent, items, keyOf, make, write) {
  const old = keyedNodes.get(parent) ?? new Map();
  const kept = new Map();
  let place = parent.tHead ? parent.tHead.nextSibling : parent.firstChild;
  items.forEach((item, index) => {
    const key = keyOf(item);
    const node = old.get(key) ?? make(item);
    old.delete(key);
    kept.set(key, node);
    write?.(node, item, index);
    if (node === place) place = place.nextSibling;
    else parent.insertBefore(node, place);
  });
  for (const node of old.values()) node.remove();
  keyedNodes.set(parent, kept);
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

export const button = (text, click, props) =>
  el('button', { type: 'button', ...props, on: { click } }, text);

export const muted = (...children) => el('p', { class: 'muted' }, children);

/** A field with its words before and notes behind. */
export const labelled = (words, input, ...notes) =>
  el('label', {}, el('span', {}, words), input, notes);

export const terms = (props, entries) => el('dl', props, entries.map(([term, ...value]) =>
  el('div', {}, el('dt', {}, term), el('dd', {}, value))));

/**
 * A table whose rows keep their roles when narrow screens stack them: `columns` are names and
 * heads, `body` is the node for the rows that `row` makes.
 */
export function table(columns, props) {
  const tr = (attributes, tag, cells) => el('tr', { role: 'row', ...attributes },
    Object.entries(columns).map(([name, head], index) => el(tag, { class: `c-${name}`,
      ...tag === 'th' ? { role: 'columnheader', scope: 'col' }
        : { role: 'cell', 'data-label': head } }, cells[index])));
  const body = el('tbody', { role: 'rowgroup' });
  const node = el('table', { role: 'table', ...props },
    el('thead', { role: 'rowgroup' }, tr({}, 'th', Object.values(columns))), body);
  return { node, body, row: (attributes, ...cells) => tr(attributes, 'td', cells) };
}

/* ---- Bars ---- */

/** The statuses of recipients, in the order of the bar. */
export const statuses = ['sent', 'sending', 'retrying', 'unknown', 'failed', 'canceled', 'expired',
  'suppressed', 'queued'];

const gap = 2;
const least = 3;
const hatched = { canceled: 'rising', expired: 'falling', suppressed: 'upright', unanswered: 'busy' };
const sizes = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) target.resize(contentRect.width);
});

/** A bar of parts with gaps, in which a part that isn't zero can be seen. */
function partsBar(names, height, pathOf) {
  const rects = names.map((name) => svg('rect', { class: `is-${name}`,
    'data-field': pathOf?.(name), fill: hatched[name] && `url(#${hatched[name]})`,
    ...name === 'queued' ? { height: 4, y: height / 2 - 2 } : { height } }));
  const node = svg('svg', { class: 'bar', role: 'img', height, width: '100%' }, rects);
  let values = [];
  let width = 0;

  function draw() {
    const sum = values.reduce((all, value) => all + value, 0);
    const room = width - gap * (values.filter(Boolean).length - 1);
    const isSmall = (value) => value * room < least * sum;
    const small = values.filter((value) => value && isSmall(value));
    const rest = sum - small.reduce((all, value) => all + value, 0);
    let end = 0;
    values.forEach((value, index) => {
      const x = Math.round(end);
      if (value) end += isSmall(value) ? least : (value * (room - least * small.length)) / rest;
      setAttrs(rects[index], { x, width: Math.max(0, Math.round(end) - x),
        display: value ? null : 'none', 'data-value': value });
      if (value) end += gap;
    });
  }

  node.resize = (size) => {
    width = size;
    draw();
  };
  sizes.observe(node);
  return {
    node,
    draw(given, label) {
      values = given;
      setAttrs(node, { 'aria-label': label });
      draw();
    },
  };
}

/** A campaign's recipients by status, as one bar; `update(campaign)` changes it. */
export function progressBar() {
  const bar = partsBar(statuses, 10, (status) => `counts.${status}`);
  return {
    node: bar.node,
    update({ counts }) {
      const said = statuses.filter((status) => counts[status])
        .map((status) => `${number(counts[status])} ${t(`status.${status}`)}`);
      bar.draw(statuses.map((status) => counts[status] ?? 0), said.join(', ') || t('chart.nobody'));
    },
  };
}

export function thinBar() {
  const rect = svg('rect', { class: 'is-failed', height: 6 });
  return {
    node: svg('svg', { class: 'bar', height: 6, width: '100%', 'aria-hidden': 'true' }, rect),
    set: (value, most) => setAttrs(rect, { width: `${Math.max(1, (100 * value) / most)}%` }),
  };
}

/* ---- Columns ---- */

export const swatch = (name) => el('i', { class: `swatch is-${name}` });

const legend = (...items) => el('ul', { class: 'legend' },
  items.map(([name, ...text]) => el('li', {}, swatch(name), text)));

const axis = (...labels) => el('p', { class: 'axis', 'aria-hidden': 'true' },
  labels.map((label) => el('span', {}, label)));

/** Columns of stacked parts; `draw` takes what each is of, its values, and the highest there is. */
function columns(height, names, pathOf) {
  const node = svg('svg', { class: 'columns', role: 'img', height });
  const make = ({ at }) => svg('g', { 'data-at': at }, svg('title'),
    svg('rect', { class: 'hit', height: '100%' }),
    names.map((name) => svg('rect', { class: `is-${name}`, 'data-field': pathOf(name, at) })));
  const draw = (bars, most) => keyed(node, bars, ({ at }) => at, make,
    (group, { value, values, said }, index) => {
      const [title, hit, ...rects] = group.children;
      const step = 100 / bars.length;
      const x = `${step * index}%`;
      let y = height;
      setAttrs(group, { 'data-value': value });
      setText(title, said);
      setAttrs(hit, { x, width: `${step}%` });
      values.forEach((part, at) => {
        const size = part && Math.max(1, Math.round((height * part) / most));
        y -= size;
        setAttrs(rects[at], { x, y, width: `${0.84 * step}%`, height: size, 'data-value': part });
      });
    });
  return { node, draw };
}

/** A chart in its frame: title and main number, what is drawn, and its figures as a table. */
function frame(title, lead, drawn, heads, rowsOf) {
  const figures = table(heads);
  const draw = () => node.lastChild.open && figures.body.replaceChildren(
    ...rowsOf().map((cells) => figures.row({}, ...cells)));
  const node = el('figure', { class: 'chart' }, el('figcaption', {}, title, lead), drawn,
    el('details', { class: 'as-table', on: { toggle: draw } },
      el('summary', {}, t('chart.as_table')),
      el('div', { class: 'scroll', tabindex: 0, role: 'region',
        'aria-label': Object.values(heads)[1] }, figures.node)));
  return { node, draw };
}

/* ---- Messages a minute ---- */

const outcomes = ['sent', 'failed', 'retrying', 'unknown'];
const sums = ['addressed', ...outcomes];
const nameOf = (name) => t(`${outcomes.includes(name) ? 'status' : 'chart'}.${name}`);
const plotHeight = 132;
const ranges = { hour: { minutes: 60, step: 60_000, title: 'chart.minutes' },
  day: { minutes: 1440, step: 900_000, title: 'chart.quarters' } };

/** Sums the history's minutes into one bar for each step, the running one last. */
function barsOf(items, { minutes, step }) {
  const count = (minutes * 60_000) / step;
  const first = Math.floor(now() / step) - count + 1;
  const bars = Array.from({ length: count }, (_, index) => ({ limit: 0,
    ...Object.fromEntries(sums.map((name) => [name, 0])),
    at: new Date((first + index) * step).toISOString() }));
  for (const item of items) {
    const bar = bars[Math.floor(Date.parse(item.at) / step) - first];
    if (!bar) continue;
    for (const name of sums) bar[name] += item[name];
    bar.limit = Math.max(bar.limit, (item.limit * step) / 60_000);
  }
  return bars;
}

const sumOf = (bar) => sums.reduce((sum, name) => sum + bar?.[name], 0);
const heightOf = (bar) => Math.max(bar.addressed, sumOf(bar) - bar.addressed);

export function minutesChart() {
  let range = ranges.hour;
  let items = new Map();
  const title = el('h2');
  const lead = el('p', { class: 'figure' });
  const line = svg('line', { class: 'limit', x2: '100%' });
  const plot = columns(plotHeight, outcomes, (name) => name);
  plot.node.append(line);
  plot.node.classList.add('minutes');
  const marks = axis('', '', t('chart.now'));
  const tabs = Object.keys(ranges).map((name) => button(t(`chart.${name}`), () => {
    range = ranges[name];
    load().catch(draw);
  }, { 'data-range': name }));
  const heads = Object.fromEntries(['time', ...sums, 'limit'].map((name) => [name, nameOf(name)]));
  const { node, draw: drawFigures } = frame(title, [el('div', { class: 'tabs' }, tabs), lead],
    [plot.node, marks, legend(...outcomes.map((name) => [name, nameOf(name)]))], heads,
    () => barsOf(items.values(), range).filter(heightOf).reverse().map((bar) =>
      [time(bar.at), ...[...sums, 'limit'].map((name) => number(bar[name]))]));

  async function load() {
    const answer = await ask(`v1/history?minutes=${range.minutes}`);
    items = new Map(answer.items.map((item) => [item.at, item]));
    draw();
  }

  function draw() {
    const { minute, quota } = known;
    if (minute && !(sumOf(items.get(minute.at)) > sumOf(minute))) items.set(minute.at, minute);
    const bars = barsOf(items.values(), range);
    const limit = (quota?.messages_per_minute ?? 0) * (range.step / 60_000);
    const highest = Math.max(...bars.map(heightOf));
    const isNear = limit <= 4 * highest;
    const most = Math.max(1, highest, isNear ? limit : 0) * 1.04;
    plot.draw(bars.map((bar) => ({ at: bar.at, value: bar.addressed,
      values: outcomes.map((name) => bar[name]), said: textOf(bar) })), most);
    const y = Math.round(plotHeight * (1 - limit / most)) + 0.5;
    setAttrs(line, { y1: y, y2: y, display: isNear ? null : 'none' });
    const n = Math.max(...bars.map((bar) => bar.addressed));
    const key = n === 0 ? 'chart.quiet' : isNear ? 'chart.busiest' : 'chart.busiest_low';
    setText(title, t(range.title));
    setText(lead, t(key, { n, limit }));
    setAttrs(plot.node, { 'aria-label': `${title.textContent}: ${lead.textContent}` });
    [0, bars.length / 2].forEach((at, index) => setText(marks.children[index], time(bars[at].at)));
    for (const tab of tabs) {
      setAttrs(tab, { 'aria-pressed': ranges[tab.dataset.range] === range });
    }
    drawFigures();
  }

  // What a minute had at its end is the history's to say.
  const take = () => {
    const isNext = items.size > 0 && !items.has(known.minute.at);
    return isNext ? load().catch(draw) : draw();
  };

  return { node, load, draw, take };
}

const textOf = (bar) => `${time(bar.at)} – ${sums.filter((name) => bar[name])
  .map((name) => `${number(bar[name])} ${nameOf(name)}`).join(', ') || t('chart.nobody')}`;

/* ---- The quota's window ---- */

/** What the quota's window holds and when room comes back; `update(quota)` changes it. */
export function windowChart() {
  let quota = null;
  const next = slot('next_call_at');
  const lead = el('p', { class: 'figure' }, slot('window.held', 'b'), ` ${t('chart.of')} `,
    slot('messages_per_minute', 'b'), ` ${t('chart.held')} · `, slot('window.room', 'b'),
    ` ${t('chart.room')} · `, next);
  const bar = partsBar(['unanswered', 'held', 'room'], 20);
  const plot = columns(56, ['held'], (_, at) => `window.releases.${at}`);
  const span = (at) => `${5 * at}–${duration(5 * at + 5)}`;
  setAttrs(plot.node, { 'aria-label': t('chart.releases') });
  const { node, draw } = frame(el('h2', {}, t('chart.window')), lead, [
    bar.node,
    legend(['unanswered', slot('window.unanswered'), ` ${t('chart.unanswered')}`],
      ['held', t('chart.answered')], ['room', t('chart.room')]),
    el('p', { class: 'caption' }, t('chart.releases')), plot.node,
    axis(t('chart.now'), `+${duration(40)}`, `+${duration(80)}`),
  ], { time: t('chart.time'), n: t('chart.releases') }, () =>
    quota.window.releases.map((value, at) => [span(at), number(value)]));
  const write = bind(node, { next_call_at: nextText });

  return {
    node,
    tick: () => quota && setText(next, nextText(quota.next_call_at)),
    update(value) {
      quota = value;
      write(quota);
      const { window: { held, unanswered, releases }, messages_per_minute: limit } = quota;
      bar.draw([unanswered, held - unanswered, Math.max(0, limit - held)], lead.textContent);
      plot.draw(releases.map((part, at) => (
        { at, value: part, values: [part], said: `${span(at)}: ${number(part)}` })),
      Math.max(1, ...releases));
      draw();
    },
  };
}

function nextText(at) {
  const wait = Math.ceil((Date.parse(at) - now()) / 1000);
  return wait > 0 ? t('chart.next', { wait: duration(wait) }) : t('chart.fits');
}
