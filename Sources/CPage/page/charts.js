// The charts: messages a minute, the quota's window, and a campaign's progress.
import { bind, el, keyed, setAttr, setText, show, slot, svg, table, update } from './dom.js';
import { now } from './live.js';
import { duration, number, t, time } from './words.js';

/* ---- Progress ---- */

/** The statuses of recipients, in the order of the bar. */
export const statuses = ['sent', 'sending', 'retrying', 'unknown', 'failed', 'suppressed',
  'canceled', 'expired', 'queued'];

/** A campaign's recipients by status, as one bar; `update(campaign)` changes it. */
export function progressBar() {
  const { node, rects, set } = partsBar(statuses, 10);
  rects.forEach((rect, index) => setAttr(rect, 'data-field', `counts.${statuses[index]}`));
  return {
    node,
    update({ counts }) {
      set(statuses.map((status) => counts[status] ?? 0));
      const said = statuses.filter((status) => counts[status])
        .map((status) => `${number(counts[status])} ${t(`status.${status}`)}`);
      setAttr(node, 'aria-label', said.join(', ') || t('chart.nobody'));
    },
  };
}

const gap = 2;
const least = 3;
const hatched = { canceled: 'rising', expired: 'falling', suppressed: 'upright',
  unanswered: 'busy' };

const drawers = new WeakMap();
const sizes = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) drawers.get(target)(contentRect.width);
});

/** A bar of parts with gaps, in which a part that isn't zero can be seen. */
function partsBar(names, height) {
  const rects = names.map((name) => svg('rect', { class: `is-${name}`,
    fill: hatched[name] && `url(#${hatched[name]})`, height: name === 'queued' ? 4 : height,
    y: name === 'queued' ? height / 2 - 2 : 0 }));
  const node = svg('svg', { class: 'bar', role: 'img', height, width: '100%' }, rects);
  let values = names.map(() => 0);
  let width = 0;

  function draw() {
    const sum = values.reduce((all, value) => all + value, 0);
    const room = width - gap * (values.filter(Boolean).length - 1);
    const small = values.filter((value) => value && value * room < least * sum);
    const rest = sum - small.reduce((all, value) => all + value, 0);
    let end = 0;
    rects.forEach((rect, index) => {
      const value = values[index];
      const isSmall = value * room < least * sum;
      const start = Math.round(end);
      end += isSmall ? least : (value * (room - least * small.length)) / rest;
      setAttr(rect, 'data-value', value);
      setAttr(rect, 'x', start);
      setAttr(rect, 'width', value ? Math.max(0, Math.round(end) - start) : 0);
      end = value ? end + gap : start;
    });
  }

  drawers.set(node, (size) => {
    width = size;
    draw();
  });
  sizes.observe(node);
  return {
    node,
    rects,
    set(given) {
      values = given;
      draw();
    },
  };
}

/** A bar of a value's part of the most there is. */
export function thinBar() {
  const rect = svg('rect', { class: 'is-failed', height: 6 });
  return {
    node: svg('svg', { class: 'bar', height: 6, width: '100%', 'aria-hidden': 'true' }, rect),
    set: (value, most) => setAttr(rect, 'width', `${Math.max(1, (100 * value) / most)}%`),
  };
}

/* ---- Columns ---- */

/** The figures of a chart as a table, made when it is opened. */
function asTable(columns, rowsOf) {
  const shown = table(null, columns);
  const node = el('details', { class: 'as-table' }, el('summary', {}, t('chart.as_table')),
    el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': t('chart.as_table') },
      shown.node));
  const draw = () => node.open
    && shown.body.replaceChildren(...rowsOf().map((cells) => shown.row({}, ...cells)));
  node.addEventListener('toggle', draw);
  return { node, draw };
}

const axisOf = (...labels) => el('p', { class: 'axis', 'aria-hidden': 'true' },
  labels.map((label) => el('span', {}, label)));

const rect = (name) => svg('rect', { class: `is-${name}`, 'data-field': name });

/* ---- Messages a minute ---- */

const outcomes = ['sent', 'failed', 'retrying', 'unknown'];
const nameOf = (name) => t(`${outcomes.includes(name) ? 'status' : 'chart'}.${name}`);
const empty = { limit: 0, addressed: 0, sent: 0, failed: 0, retrying: 0, unknown: 0 };
const chartHeight = 132;
const ranges = { hour: { minutes: 60, step: 60_000, title: 'chart.minutes' },
  day: { minutes: 1440, step: 900_000, title: 'chart.quarters' } };

/** Sums the history's minutes into one bar for each step, the running one last. */
function barsOf(items, { minutes, step }) {
  const count = (minutes * 60_000) / step;
  const last = Math.floor(now() / step);
  const bars = Array.from({ length: count }, (_, index) => (
    { ...empty, at: new Date((last - count + 1 + index) * step).toISOString() }));
  for (const item of items) {
    const bar = bars[Math.floor(Date.parse(item.at) / step) - last + count - 1];
    if (!bar) continue;
    for (const name of ['addressed', ...outcomes]) bar[name] += item[name];
    bar.limit = Math.max(bar.limit, (item.limit * step) / 60_000);
  }
  return bars;
}

const heightOf = (bar) => Math.max(bar.addressed, outcomes.reduce((sum, name) => sum + bar[name], 0));

/** What was sent in the last hour or day; `load(minutes)` is asked for the history. */
export function minutesChart(load) {
  let range = 'hour';
  let items = [];
  let limit = 0;
  const plot = svg('svg', { class: 'columns minutes', role: 'img' });
  const line = svg('line', { class: 'limit', x1: '0', x2: '100%' });
  const bars = svg('g');
  plot.append(bars, line);
  const title = el('h2', {}, t('chart.minutes'));
  const head = el('p', { class: 'figure' });
  const axis = axisOf('', '', '');
  const tabs = Object.keys(ranges).map((name) => el('button', { type: 'button', 'data-range': name,
    on: { click: () => choose(name) } }, t(`chart.${name}`)));
  const columns = ['time', 'addressed', ...outcomes, 'limit'];
  const figures = asTable(columns.map(nameOf), () =>
    barsOf(items, ranges[range]).filter((bar) => heightOf(bar)).reverse().map((bar) => [
      time(bar.at), ...columns.slice(1).map((name) => number(bar[name]))]));
  const node = el('figure', { class: 'chart' },
    el('figcaption', {}, title, el('div', { class: 'tabs' }, tabs), head),
    plot, axis, el('ul', { class: 'legend' }, outcomes.map((name) =>
      el('li', {}, el('i', { class: `swatch is-${name}` }), nameOf(name)))), figures.node);

  async function choose(name) {
    range = name;
    tabs.forEach((tab) => setAttr(tab, 'aria-pressed', tab.dataset.range === range));
    items = (await load(ranges[range].minutes)).items;
    draw();
  }

  function draw() {
    const shown = barsOf(items, ranges[range]);
    const cap = limit * (ranges[range].step / 60_000);
    const highest = Math.max(...shown.map(heightOf));
    const isNear = cap > 0 && cap <= 4 * highest;
    const top = Math.max(1, highest, isNear ? cap : 0) * 1.04;
    const scale = (value) => Math.round((value / top) * chartHeight);
    show(line, isNear);
    for (const end of ['y1', 'y2']) setAttr(line, end, chartHeight - scale(cap) + 0.5);
    keyed(bars, shown, (bar) => bar.at, makeBar, (group, bar) => {
      placeBar(group, bar, shown.indexOf(bar), shown.length, scale);
    });
    const n = Math.max(...shown.map((bar) => bar.addressed));
    const key = isNear ? 'chart.busiest' : n ? 'chart.busiest_low' : 'chart.quiet';
    const text = t(key, { n, limit: cap });
    setText(title, t(ranges[range].title));
    setText(head, text);
    setAttr(plot, 'aria-label', `${title.textContent}: ${text}`);
    const middle = shown[Math.floor(shown.length / 2)].at;
    [time(shown[0].at), time(middle), t('chart.now')]
      .forEach((label, index) => setText(axis.children[index], label));
    figures.draw();
  }

  return {
    node,
    reload: () => choose(range),
    /** Takes in the running minute. */
    take(minute) {
      const index = items.findIndex((item) => item.at === minute.at);
      if (index < 0) items.push(minute);
      else items[index] = minute;
      draw();
    },
    setLimit(value) {
      if (value === limit) return;
      limit = value;
      draw();
    },
    draw,
  };
}

function makeBar() {
  return svg('g', {}, svg('title'), svg('rect', { class: 'hit', y: 0, height: '100%' }),
    outcomes.map(rect));
}

function placeBar(group, bar, index, count, scale) {
  setAttr(group, 'data-at', bar.at);
  setAttr(group, 'data-value', bar.addressed);
  setAttr(group, 'class', index === count - 1 ? 'running' : null);
  const [title, hit, ...rects] = group.children;
  setText(title, `${time(bar.at)} – ${['addressed', ...outcomes].filter((name) => bar[name])
    .map((name) => `${number(bar[name])} ${nameOf(name)}`).join(', ') || t('chart.nobody')}`);
  const place = { x: `${(100 * index) / count}%`, width: `${100 / count}%` };
  for (const [name, value] of Object.entries(place)) setAttr(hit, name, value);
  let below = 0;
  rects.forEach((node, part) => {
    const value = bar[outcomes[part]];
    const height = value ? Math.max(1, scale(value)) : 0;
    below += height;
    const values = { x: place.x, width: `${82 / count}%`, y: chartHeight - below, height };
    for (const [name, number] of Object.entries(values)) setAttr(node, name, number);
    setAttr(node, 'data-value', value);
  });
}

/* ---- The quota's window ---- */

const releaseHeight = 56;

/** What the quota's window holds and when room comes back; `update(quota)` changes it. */
export function windowChart() {
  let quota = null;
  const next = slot('next_call_at');
  const bar = partsBar(['unanswered', 'held', 'room'], 20);
  const span = (index) => `${5 * index}–${duration(5 * index + 5)}`;
  const columns = Array.from({ length: 16 }, (_, index) => svg('rect', { class: 'is-held',
    'data-field': `window.releases.${index}`, 'data-at': index,
    x: `${6.25 * index}%`, width: '5.4%' }, svg('title')));
  const plot = svg('svg', { class: 'columns releases', role: 'img' }, columns);
  const figures = asTable([t('chart.within'), t('chart.released')], () =>
    quota.window.releases.map((value, index) => [span(index), number(value)]));
  const item = (name, ...text) => el('li', {}, el('i', { class: `swatch is-${name}` }), text);
  const node = el('figure', { class: 'chart' },
    el('figcaption', {}, el('h2', {}, t('chart.window')),
      el('p', { class: 'figure' }, slot('window.held', 'b'), ` ${t('chart.of')} `,
        slot('messages_per_minute', 'b'), ` ${t('chart.held')} · `, slot('window.room', 'b'),
        ` ${t('chart.room')} · `, next)),
    bar.node,
    el('ul', { class: 'legend' },
      item('unanswered', slot('window.unanswered'), ` ${t('chart.unanswered')}`),
      item('held', t('chart.answered')), item('room', t('chart.room'))),
    el('p', { class: 'caption' }, t('chart.releases')), plot,
    axisOf(t('chart.now'), `+${duration(40)}`, `+${duration(80)}`), figures.node);
  const write = bind(node, { next_call_at: nextText });

  return {
    node,
    tick: () => quota && update(next, quota.next_call_at, nextText(quota.next_call_at)),
    update(value) {
      quota = value;
      write(quota);
      const { window: { held, unanswered, room, releases }, messages_per_minute: limit } = quota;
      bar.set([unanswered, held - unanswered, Math.max(0, limit - held)]);
      setAttr(bar.node, 'aria-label', t('chart.window_said', { held, limit, room }));
      const most = Math.max(...releases);
      releases.forEach((part, index) =>
        placeColumn(columns[index], part, part / Math.max(1, most), span(index)));
      setAttr(plot, 'aria-label', t('chart.releases_said', { n: held - unanswered, most }));
      figures.draw();
    },
  };
}

function nextText(at) {
  const wait = Math.ceil((Date.parse(at) - now()) / 1000);
  return wait > 0 ? t('chart.next', { wait: duration(wait) }) : t('chart.fits');
}

function placeColumn(column, value, share, span) {
  const height = value ? Math.max(2, Math.round(share * releaseHeight)) : 1;
  setAttr(column, 'data-value', value);
  setAttr(column, 'y', releaseHeight - height);
  setAttr(column, 'height', height);
  setText(column.firstChild, `${span}: ${number(value)}`);
}
