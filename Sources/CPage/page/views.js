// The views of what is there: overview, campaigns, campaign.
import { go, replaceAddress, say, setTitle } from './app.js';
import { minutesChart, progressBar, statuses, thinBar, windowChart } from './charts.js';
import { bind, button, el, keyed, setAttr, setText, show, slot, table, update, visible }
  from './dom.js';
import { apiURL, ask, campaigns, known, now, onChange, remember, rememberQuota, session, token }
  from './live.js';
import { duration, number, percent, t, time, weekday, words } from './words.js';

const active = ['halted', 'running', 'paused', 'scheduled'];
const states = ['draft', 'scheduled', 'running', 'paused', 'halted', 'completed', 'canceled',
  'expired'];
const activeQuery = active.map((state) => `state=${state}`).join('&');

/** Whether a campaign has ended. */
export const isOver = ({ state }) => ['completed', 'canceled', 'expired'].includes(state);

/** How much of a campaign is done: the part of its recipients that are final. */
export function percentOf(campaign) {
  const { total, queued, sending, retrying } = campaign.counts;
  return percent(total - queued - sending - retrying, total, isOver(campaign));
}

/** A campaign's name, as it is shown. */
export const nameOf = ({ name }) => visible(name || t('campaign.unnamed'));

const linkTo = (id, query = '') => `#/campaigns/${id}${query && `?${query}`}`;
const chip = () => slot('state', 'span', { class: 'state' });
const perMinute = (value) => (value ? t('row.per_minute', { n: value }) : '–');
const secondsTo = (at) => Math.ceil((Date.parse(at) - now()) / 1000);

function reasonText(_, { reason }) {
  if (!reason) return '';
  const said = words('code', reason.code, reason.text);
  return { ...said, text: visible(reason.code ? `${reason.code} ${said.text}` : said.text) };
}

const shownFields = {
  state: (value) => words('state', value),
  status: (value) => words('status', value),
  code: (value) => (value ? String(value) : ''),
  info: (value, { code }) => (value ? words('code', code, visible(value)) : ''),
  name: (_, campaign) => nameOf(campaign),
  'reason.text': reasonText,
  messages_last_minute: perMinute,
};

/** Listeners that end when the view is left. */
function whileShown() {
  const ends = [];
  return {
    on: (subject, listener) => ends.push(onChange(subject, listener)),
    leave: () => ends.forEach((end) => end()),
  };
}

/** Says in a node why an answer didn't come; what was broken off is no fault. */
function tellFault(node, problem) {
  if (problem.name === 'AbortError' || problem.status === 401) return;
  setText(node, problem.message);
  show(node, true);
}

/** Puts what the module of actions makes in its place, and returns what keeps it up to date. */
function acting(place, make, isForReaders) {
  let module;
  let made;
  let last;
  const draw = () => {
    if (!module || !last) return;
    if (made === undefined) {
      made = make(module, last) ?? null;
      if (made) place.append(made);
    } else made?.update?.(last);
  };
  if (session.can_write || isForReaders) {
    import('./actions.js').then((actions) => {
      module = actions;
      draw();
    });
  }
  return (value) => {
    last = value;
    draw();
  };
}

const act = (name, ...values) => import('./actions.js').then((actions) => actions[name](...values));

/* ---- Why isn't it moving? ---- */

const explainEvery = 3;

/** A panel with the causes, which are asked for while it is open. */
function explanation(path, life) {
  const summary = el('p', { class: 'muted' });
  const list = el('ul', { class: 'causes' });
  const node = el('div', { class: 'why', hidden: true }, summary, list);
  let answer = null;
  let age = 0;

  async function load() {
    age = 0;
    try {
      answer = await ask(path);
      draw();
    } catch (problem) {
      tellFault(summary, problem);
    }
  }

  function draw() {
    const { moving, last_call_at: last, causes } = answer;
    setText(summary, t(moving ? 'why.moving' : 'why.still')
      + (last ? ` ${t('why.last', { time: time(last, 'clock') })}` : ''));
    keyed(list, causes, ({ cause }) => cause,
      ({ cause }) => el('li', { 'data-cause': cause }, el('span'), ' ',
        el('span', { class: 'muted' }), el('p')), drawCause);
  }

  life.on('tick', () => {
    if (node.hidden) return;
    age += 1;
    if (age >= explainEvery) load();
    else if (answer) draw();
  });
  return {
    node,
    set(isOpen) {
      show(node, isOpen);
      if (isOpen) load();
    },
  };
}

function drawCause(node, { cause, text, until, remedy }) {
  const [said, wait, help] = node.children;
  setText(said, words('cause', cause, text));
  const left = until && secondsTo(until);
  setText(wait, left > 0 ? t('why.until', { wait: duration(left), time: time(until, 'clock') }) : '');
  setText(help, remedy ? words('remedy', cause, remedy) : '');
}

/* ---- Rows of campaigns ---- */

const rowColumns = ['name', 'state', 'progress', 'recipients', 'rate', 'end', 'why'];
const rowWriters = new WeakMap();

function endOf({ state }) {
  if (isOver({ state })) return ['finished_at', 'row.ended'];
  return state === 'scheduled' ? ['start_at', 'row.starts'] : ['eta', 'row.done'];
}

function makeRow({ id }, life) {
  const name = el('a', { class: 'name', href: linkTo(id) }, slot('name', 'bdi'));
  const bar = progressBar();
  const share = el('span', { class: 'percent' });
  const end = el('span');
  const why = explanation(`v1/campaigns/${id}/explain`, life);
  const toggle = button(t('why.ask'), () => {
    why.set(why.node.hidden);
    setAttr(toggle, 'aria-expanded', !why.node.hidden);
  }, { class: 'small', 'aria-expanded': 'false' });
  const cells = [[name, slot('reason.text', 'p', { class: 'muted' })], chip(),
    el('div', { class: 'progress' }, bar.node, share), slot('counts.total'),
    slot('messages_last_minute'), end, toggle];
  const node = el('tbody', { role: 'rowgroup', 'data-campaign': id },
    el('tr', { role: 'row' }, cells.map((cell, index) => el('td', { role: 'cell',
      class: `c-${rowColumns[index]}`, 'data-label': t(`row.${rowColumns[index]}`) }, cell))),
    el('tr', { role: 'row', class: 'more' }, el('td', { role: 'cell', colspan: 7 }, why.node)));
  const write = bind(node, shownFields);
  rowWriters.set(node, (campaign) => {
    write(campaign);
    bar.update(campaign);
    setText(share, percentOf(campaign));
    const [path, key] = endOf(campaign);
    const at = campaign[path];
    setAttr(end, 'data-field', path);
    update(end, at, at ? t(key, { time: time(at) }) : '–');
    show(toggle, active.includes(campaign.state));
  });
  return node;
}

/** A table of campaigns, whose rows stay while their campaigns do. */
function campaignTable(label, life) {
  const node = el('table', { class: 'campaigns', role: 'table', 'aria-label': label },
    el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' }, rowColumns.map((name) =>
      el('th', { role: 'columnheader', scope: 'col', class: `c-${name}` }, t(`row.${name}`))))));
  const nobody = el('p', { class: 'empty', hidden: true });
  const set = (items, none) => {
    keyed(node, items, ({ id }) => id, (item) => makeRow(item, life),
      (row, item) => rowWriters.get(row)(item));
    show(node, items.length);
    show(nobody, !items.length);
    setText(nobody, none);
  };
  return {
    nodes: [node, nobody],
    set,
    /** Writes the campaigns of which something was heard. */
    refresh(ids) {
      for (const row of node.tBodies) {
        const campaign = campaigns.get(row.dataset.campaign);
        if (campaign && ids.has(campaign.id)) rowWriters.get(row)(campaign);
      }
    },
  };
}

/** Asks for the totals by state when one changes, at most once a second. */
function watchTotals(life, draw) {
  let timer = null;
  life.on('totals', () => {
    timer ??= setTimeout(async () => {
      timer = null;
      draw((await ask('v1/campaigns?limit=1&message=false').catch(() => ({}))).totals);
    }, 1000);
  });
}

/* ---- Overview ---- */

const rowLimit = 20;

/** The overview: state, quota, traffic and what is in progress. */
export function overview() {
  const life = whileShown();
  const service = serviceState();
  const quotaChart = windowChart();
  const minutes = minutesChart((count) => ask(`v1/history?minutes=${count}`));
  const progress = inProgress(life);
  const node = el('div', { class: 'view' },
    el('h1', { class: 'sr' }, t('nav.overview')),
    service.node,
    el('div', { class: 'pair' }, el('section', { class: 'card' }, quotaChart.node),
      el('section', { class: 'card' }, minutes.node)),
    progress.node);
  const drawQuota = () => {
    if (!known.quota) return;
    service.update(known.quota);
    quotaChart.update(known.quota);
    minutes.setLimit(known.quota.messages_per_minute);
  };
  const load = () => Promise.all([
    ask('v1/quota').then(rememberQuota), minutes.reload(), progress.load(),
  ]).catch((problem) => tellFault(service.fault, problem));
  life.on('quota', drawQuota);
  life.on('minute', () => minutes.take(known.minute));
  life.on('tick', () => {
    quotaChart.tick();
    service.tick();
    if (now() % 60_000 < 1000) minutes.draw();
  });
  life.on('opened', load);
  drawQuota();
  if (document.documentElement.dataset.live !== 'off') load();
  return { node, leave: life.leave };
}

function serviceState() {
  const until = slot('until');
  const fault = el('p', { class: 'fault', hidden: true });
  const figures = el('p', { class: 'muted' });
  const place = el('div', { class: 'actions' });
  const node = el('section', { class: 'service', 'aria-label': t('service.label') },
    el('div', {}, el('p', { class: 'headline' }, chip(), ' ', slot('since'), ' ', until),
      slot('reason.text', 'p'), slot('remedy', 'p'), figures, fault),
    place);
  const untilText = (at) => (secondsTo(at) > 0
    ? t('service.until', { wait: duration(secondsTo(at)) }) : '');
  const write = bind(node, {
    ...shownFields,
    since: (at) => (at ? t('service.since', { time: time(at) }) : ''),
    until: untilText,
    remedy: (text, { state }) => (text ? words('remedy', state, text) : ''),
  });
  const writeActions = acting(place, (actions, quota) => actions.serviceActions(quota));
  return {
    node,
    fault,
    tick: () => setText(until, untilText(until.dataset.value)),
    update(quota) {
      write(quota);
      const { in_flight: calls, calls_per_second: rate, pace } = quota;
      setText(figures, t('service.figures', { calls, rate, pace }));
      show(fault, false);
      writeActions(quota);
    },
  };
}

function inProgress(life) {
  const rows = campaignTable(t('progress.title'), life);
  const totals = el('p', { class: 'totals' });
  const more = el('p', { class: 'more-link' });
  const node = el('section', { class: 'card flush' },
    el('div', { class: 'head' }, el('h2', {}, t('progress.title')), totals), rows.nodes, more);
  const watched = new Set();
  let lastOrder = null;
  let isLoaded = false;
  let isStale = false;

  function arrange() {
    // Rows keep their places while somebody points at them.
    isStale = node.matches(':hover, :focus-within');
    if (isStale || !isLoaded) return;
    for (const item of campaigns.values()) if (active.includes(item.state)) watched.add(item.id);
    const rank = ({ state }) => (active.indexOf(state) + 1) || 9;
    const items = [...watched].map((id) => campaigns.get(id)).filter(Boolean)
      .sort((one, other) => rank(one) - rank(other) || (one.id < other.id ? 1 : -1))
      .slice(0, rowLimit);
    const order = items.map(({ id }) => id).join();
    if (order !== lastOrder) rows.set(items, t('progress.none'));
    lastOrder = order;
    setTitle(items.find((item) => !isOver(item)));
  }

  function drawTotals(values) {
    if (!values) return;
    keyed(totals, ['running', 'halted', 'paused', 'scheduled'], (state) => state,
      (state) => el('a', { href: `#/campaigns?state=${state}` }, `${t(`state.${state}`)} `,
        slot(`totals.${state}`)),
      (link, state) => update(link.lastChild, values[state] ?? 0, number(values[state] ?? 0)));
    const n = active.reduce((sum, state) => sum + (values[state] ?? 0), 0);
    const link = el('a', { href: `#/campaigns?${activeQuery}` }, t('progress.all', { n }));
    more.replaceChildren(...(n > rowLimit ? [link] : []));
  }

  async function load() {
    const page = (query) => ask(`v1/campaigns?${query}&limit=${rowLimit}&message=false`);
    const answer = await page(activeQuery);
    answer.items.forEach(remember);
    if (answer.next_cursor && answer.totals.halted) {
      (await page('state=halted')).items.forEach(remember);
    }
    drawTotals(answer.totals);
    isLoaded = true;
    lastOrder = null;
    arrange();
  }

  node.addEventListener('mouseleave', () => isStale && arrange());
  life.on('campaigns', (ids) => {
    rows.refresh(ids);
    arrange();
  });
  watchTotals(life, drawTotals);
  return { node, load };
}

/* ---- Campaigns ---- */

const pageLimit = 50;

/** The list of campaigns, by state and name. */
export function campaignList(params) {
  const life = whileShown();
  const rows = campaignTable(t('nav.campaigns'), life);
  const search = el('input', { type: 'search', name: 'name', 'data-search': '',
    'aria-label': t('list.search'), placeholder: t('list.search'), value: params.get('name') });
  const tabs = el('nav', { class: 'tabs', 'aria-label': t('list.states') });
  const fresh = button('', open, { class: 'fresh', hidden: true });
  const fault = el('p', { class: 'fault', hidden: true });
  const [newer, older] = ['newer', 'older'].map((key) =>
    button(t(`list.${key}`), () => turn(key === 'older'), { disabled: true }));
  const node = el('div', { class: 'view' },
    el('div', { class: 'head' }, el('h1', {}, t('nav.campaigns')), fresh, search), tabs,
    el('section', { class: 'card flush' }, rows.nodes), fault, el('p', { class: 'pages' }, newer, older));
  let cursors = [''];
  let next = null;
  let newest = '';
  let request;
  const news = new Set();

  function query(state = params.getAll('state')) {
    const asked = new URLSearchParams([state].flat().map((each) => ['state', each]));
    if (params.get('name')) asked.set('name', params.get('name'));
    return asked.toString();
  }

  const address = (asked) => `#/campaigns${asked && `?${asked}`}`;

  async function load() {
    request?.abort();
    request = new AbortController();
    const { signal } = request;
    try {
      let answer;
      next = cursors.at(-1);
      // A page may be short of hits: it goes on until there is one.
      do {
        const from = next && `&cursor=${encodeURIComponent(next)}`;
        answer = await ask(`v1/campaigns?${query()}&limit=${pageLimit}&message=false${from}`
          .replace('?&', '?'), { signal });
        next = answer.next_cursor;
      } while (next && !answer.items.length);
      answer.items.forEach(remember);
      draw(answer);
    } catch (problem) {
      tellFault(fault, problem);
    }
  }

  function draw({ items, totals }) {
    const name = params.get('name');
    show(fault, false);
    rows.set(items, t(name ? 'list.no_hit' : 'list.none', { name }));
    newer.disabled = cursors.length < 2;
    older.disabled = !next;
    if (cursors.length === 1) newest = items[0]?.id ?? '';
    news.clear();
    drawNews();
    drawTabs(totals);
  }

  function drawTabs(totals) {
    if (!totals) return;
    const chosen = params.getAll('state');
    const all = Object.values(totals).reduce((sum, count) => sum + count, 0);
    keyed(tabs, ['', ...states], (state) => state, (state) => el('a', {},
      t(state ? `state.${state}` : 'list.all'), ' ', slot(state ? `totals.${state}` : 'totals')),
    (tab, state) => {
      setAttr(tab, 'href', address(query(state ? [state] : [])));
      const isChosen = state ? chosen.includes(state) : !chosen.length;
      setAttr(tab, 'aria-current', isChosen ? 'true' : null);
      const count = state ? totals[state] ?? 0 : all;
      update(tab.lastChild, count, number(count));
    });
  }

  function drawNews() {
    show(fresh, news.size);
    setText(fresh, t('list.fresh', { n: news.size }));
  }

  function open() {
    cursors = [''];
    return load();
  }

  function turn(isOlder) {
    if (isOlder) cursors.push(next);
    else cursors.pop();
    return load().then(() => scrollTo(0, 0));
  }

  function isNew({ id, name, state }) {
    const wanted = params.getAll('state');
    const part = (params.get('name') ?? '').toLowerCase();
    return id > newest && (!wanted.length || wanted.includes(state))
      && name.toLowerCase().includes(part);
  }

  let typing;
  search.addEventListener('input', () => {
    clearTimeout(typing);
    typing = setTimeout(() => {
      params.set('name', search.value);
      replaceAddress(address(query()));
      open();
    }, 300);
  });
  life.on('campaigns', (ids) => {
    rows.refresh(ids);
    for (const id of ids) {
      const item = campaigns.get(id);
      if (item && isNew(item)) news.add(id);
      else if (!item) news.delete(id);
    }
    drawNews();
  });
  life.on('opened', load);
  watchTotals(life, drawTabs);
  load();
  return {
    node,
    leave: life.leave,
    setParams(given) {
      params = given;
      if (document.activeElement !== search) search.value = params.get('name') ?? '';
      open();
    },
  };
}

/* ---- Campaign ---- */

/** One campaign with all that is known of it. */
export async function campaignView(id, params) {
  const node = el('div', { class: 'view', 'data-campaign': id }, el('h1', {}, '…'));
  const life = whileShown();
  let campaign = null;
  let sections = null;
  let people = null;

  function take(value) {
    const before = campaign?.state;
    campaign = { ...campaign, ...value };
    if (!sections) build();
    for (const section of sections) section.update(campaign);
    setTitle(campaign);
    if (before && before !== campaign.state) {
      say(t('say.campaign', { name: nameOf(campaign), state: t(`state.${campaign.state}`) }));
    }
  }

  function build() {
    people = recipients(campaign, params);
    const [head, ...rest] = [campaignHead(), campaignProgress(id, life), jobs(), failures(id),
      people, timeline(), settings(), message(campaign)];
    sections = [head, ...rest];
    const nodes = rest.map((section) => section.node);
    node.replaceChildren(head.node, el('div', { class: 'columns-2' },
      el('div', { class: 'stack' }, nodes.slice(0, 4)), el('div', { class: 'stack' }, nodes.slice(4))));
  }

  async function load() {
    try {
      take(remember(await ask(`v1/campaigns/${id}`)));
    } catch (problem) {
      const text = problem.status === 404 ? t('campaign.gone') : problem.message;
      if (!campaign || problem.status === 404) {
        node.replaceChildren(el('h1', {}, text), el('p', { class: 'muted' }, visible(id)));
      }
    }
  }

  life.on('opened', load);
  life.on(`campaign ${id}`, () => {
    if (campaign && campaigns.has(id)) take(campaigns.get(id));
    else if (campaign) load();
  });
  await load();
  return {
    node,
    leave() {
      people?.stop();
      life.leave();
    },
    setParams: (given) => people?.setParams(given),
  };
}

function campaignHead() {
  const remedy = el('p', { class: 'muted' });
  const place = el('div', { class: 'actions' });
  const node = el('div', { class: 'campaign-head' },
    el('div', {}, el('p', {}, el('a', { href: '#/campaigns' }, t('nav.campaigns'))),
      el('div', { class: 'title' }, el('h1', {}, slot('name', 'bdi')), chip()),
      slot('reason.text', 'p'), remedy, el('p', { class: 'muted' }, slot('id', 'code'))),
    place);
  const write = bind(node, shownFields);
  const writeActions = acting(place, (actions, campaign) => actions.campaignActions(campaign));
  return {
    node,
    update(campaign) {
      write(campaign);
      setText(remedy, campaign.state === 'halted' ? t('campaign.halted') : '');
      writeActions(campaign);
    },
  };
}

const stillLimit = 60_000;

function campaignProgress(id, life) {
  const share = el('p', { class: 'big' });
  const quotaShare = el('span');
  const bar = progressBar();
  const terms = { 'row.rate': slot('messages_last_minute'), 'campaign.share': quotaShare,
    'row.end': slot('eta', 'time') };
  const counts = ['total', ...statuses].map((status) => el('li', {},
    el('a', { href: linkTo(id, status === 'total' ? '' : `status=${status}`) },
      el('i', { class: `swatch is-${status}` }), slot(`counts.${status}`, 'b'), ' ',
      t(`status.${status}`))));
  const why = explanation(`v1/campaigns/${id}/explain`, life);
  const asked = el('details', { class: 'asked', on: { toggle: () => why.set(asked.open) } },
    el('summary', {}, t('why.title')), why.node);
  const node = el('section', { class: 'card', 'aria-label': t('row.progress') },
    el('div', { class: 'top' }, share, el('dl', { class: 'terms' },
      Object.entries(terms).map(([key, value]) =>
        el('div', {}, el('dt', {}, t(key)), el('dd', {}, value))))),
    bar.node,
    el('ul', { class: 'counts' }, counts, el('li', {}, slot('resent', 'b'), ' ', t('campaign.resent'))),
    asked);
  const write = bind(node, shownFields);
  let movedAt = now();
  let place = '';
  life.on('tick', () => {
    if (!place || now() - movedAt < stillLimit) return;
    asked.open = true;
    movedAt = Infinity;
  });
  return {
    node,
    update(campaign) {
      write(campaign);
      bar.update(campaign);
      setText(share, percentOf(campaign));
      const limit = known.quota?.messages_per_minute;
      setText(quotaShare, limit ? percent(campaign.messages_last_minute, limit, true) : '–');
      show(asked, !isOver(campaign));
      const current = campaign.state === 'running' ? JSON.stringify(campaign.counts) : '';
      if (current !== place && movedAt !== Infinity) movedAt = now();
      place = current;
    },
  };
}

function jobs() {
  const node = el('div', { class: 'jobs' });
  return { node, update: acting(node, (actions, campaign) => actions.jobPanel(campaign), true) };
}

/* ---- Failures ---- */

const mayRetry = ({ state, expires_at: end, recall }) => !['draft', 'scheduled'].includes(state)
  && !(end && Date.parse(end) <= now()) && !['running', 'waiting'].includes(recall?.state);

function failures(id) {
  const columns = ['code', 'words', 'count', 'may_pass', 'do'].map((name) => t(`failures.${name}`));
  const shown = table(null, columns);
  const nobody = el('p', { class: 'empty' }, t('failures.none'));
  const node = el('section', { class: 'card flush' },
    el('div', { class: 'head' }, el('h2', {}, t('failures.title'))), shown.node, nobody);
  const writers = new WeakMap();
  let current = null;

  function make({ code, text, may_pass: mayPass }) {
    const count = slot(`failures.${code}`);
    const bar = thinBar();
    const again = button(t('failures.retry'), () => act('retryDialog', current, [code]),
      { class: 'small', 'data-action': 'retry' });
    const row = shown.row({}, el('code', {}, String(code)), words('code', code, text),
      [el('a', { href: linkTo(id, `status=failed&code=${code}`) }, count), bar.node],
      t(mayPass ? 'failures.passes' : 'failures.final'),
      el('div', { class: 'actions' }, exportButtons(id, { status: 'failed', code }, ['csv']), again));
    writers.set(row, (value, most) => {
      update(count, value, number(value));
      bar.set(value, most);
      show(again, session.can_write && mayRetry(current));
    });
    return row;
  }

  return {
    node,
    update(campaign) {
      current = campaign;
      const sorted = [...campaign.failures].sort((one, other) => other.count - one.count);
      show(shown.node, sorted.length);
      show(nobody, !sorted.length);
      keyed(shown.body, sorted, ({ code }) => code, make,
        (row, { count }) => writers.get(row)(count, sorted[0].count));
    },
  };
}

/** Buttons that download recipients; the form is in the document only while it is sent. */
function exportButtons(id, fields, formats = ['csv', 'ndjson']) {
  return formats.map((format) => button(t('export.as', { format: format.toUpperCase() }), () => {
    const values = Object.entries({ ...fields, format, access_token: token() });
    const action = apiURL(`v1/campaigns/${id}/export`);
    const form = el('form', { method: 'post', action, hidden: true }, values.filter(([, value]) => value)
      .map(([name, value]) => el('input', { type: 'hidden', name, value })));
    document.body.append(form);
    form.submit();
    form.remove();
  }, { class: 'small', 'data-action': `export-${format}` }));
}

/* ---- Timeline, settings, message ---- */

function timeline() {
  const list = el('ol', { class: 'timeline' });
  const node = el('section', { class: 'card' }, el('h2', {}, t('timeline.title')), list);
  const names = ['created_at', 'start_at', 'started_at', 'finished_at', 'eta', 'expires_at'];
  return {
    node,
    update(campaign) {
      const items = names.filter((name) => campaign[name])
        .map((name) => ({ name, at: Date.parse(campaign[name]) }))
        .sort((one, other) => one.at - other.at);
      keyed(list, items, ({ name }) => name, ({ name }) => el('li', {},
        el('span', {}, t(`timeline.${name}`)), slot(name, 'time'), el('span', { class: 'muted' })),
      (row, { at }) => {
        const before = items[items.findIndex((item) => item.at === at) - 1];
        bind(row)(campaign);
        setAttr(row, 'class', at > now() ? 'ahead' : null);
        setText(row.lastChild, before ? `+${duration((at - before.at) / 1000)}` : '');
      });
    },
  };
}

function hoursText(hours) {
  if (!hours) return t('settings.any_time');
  const days = hours.days?.length < 7 ? ` ${hours.days.map(weekday).join(' ')}` : '';
  return `${hours.from}–${hours.to} ${hours.time_zone}${days}`;
}

function settings() {
  let current = null;
  const edit = button(t('settings.edit'), () => act('editSettings', current),
    { class: 'small', 'data-action': 'edit' });
  const row = (path, tag) => el('div', {}, el('dt', {}, t(`settings.${path}`)),
    el('dd', {}, slot(path, tag)));
  const node = el('section', { class: 'card' },
    el('div', { class: 'head' }, el('h2', {}, t('settings.title')), edit),
    el('dl', { class: 'settings' },
      ['priority', 'messages_per_minute', 'on_unknown', 'send_between'].map((path) => row(path)),
      ['start_at', 'expires_at'].map((path) => row(path, 'time'))));
  const write = bind(node, {
    priority: (value) => t(`priority.${value}`),
    on_unknown: (value) => t(`on_unknown.${value}`),
    messages_per_minute: (value) => (value ? perMinute(value) : t('settings.no_cap')),
    send_between: hoursText,
  });
  return {
    node,
    update(campaign) {
      current = campaign;
      write(campaign);
      show(edit, session.can_write && !isOver(campaign));
    },
  };
}

function message(campaign) {
  const place = el('div', { class: 'bubbles' });
  const node = el('section', { class: 'card' }, el('h2', {}, t('message.title')), place,
    el('details', {}, el('summary', {}, t('message.json')),
      el('pre', { tabindex: '0' }, JSON.stringify(campaign.message, null, 2))));
  import('./compose.js').then(({ bubble }) => place.append(bubble(campaign.message)));
  return { node, update() {} };
}

/* ---- Recipients ---- */

const recipientLimit = 100;
const recipientColumns = { account: 'bdi', status: 'span', code: 'span', attempts: 'span',
  next_attempt_at: 'time', msg_key: 'code', updated_at: 'time' };

/** A table of recipients; `set(items)` puts others in it. */
function recipientTable() {
  const names = Object.keys(recipientColumns);
  const shown = table(null, names.map((name) => t(`recipient.${name}`)));
  const makeRow = (item) => {
    const row = shown.row({ 'data-account': item.account }, ...names.map((name) => {
      const value = slot(name, recipientColumns[name]);
      return name === 'code' ? [value, ' ', slot('info')] : value;
    }));
    bind(row, shownFields)(item);
    return row;
  };
  return { node: shown.node, set: (items) => shown.body.replaceChildren(...items.map(makeRow)) };
}

function recipients(campaign, params) {
  const { id } = campaign;
  const shown = recipientTable();
  const [status, code] = ['status', 'code'].map((name) => el('select', { name,
    'aria-label': t(`recipient.${name}`), on: { change: choose } }));
  const state = el('p', { class: 'muted' });
  const stop = button(t('recipient.stop'), () => request?.abort(), { class: 'small', hidden: true });
  const first = button(t('recipient.first'), () => load(''), { disabled: true });
  const next = button(t('recipient.following'), () => load(cursor), { disabled: true });
  const exports = el('span', { class: 'actions' });
  const node = el('section', { class: 'card flush', 'aria-labelledby': 'recipients' },
    el('div', { class: 'head' }, el('h2', { id: 'recipients' }, t('recipient.title')), exports),
    lookUp(id),
    el('div', { class: 'filters' }, status, code,
      button(t('recipient.again'), () => load(''), { class: 'small' }), state, stop),
    shown.node, el('p', { class: 'pages' }, first, next));
  let current = campaign;
  let cursor = null;
  let request = null;

  function choose() {
    const chosen = [status, code].filter((select) => select.value);
    go(linkTo(id, chosen.map((select) => `${select.name}=${select.value}`).join('&')));
  }

  function filter() {
    return new URLSearchParams([...params].filter(([name, value]) =>
      value && ['status', 'code'].includes(name)));
  }

  /** Loads the page from a cursor; one without anybody goes on by itself until it is stopped. */
  async function load(from) {
    request?.abort();
    const mine = new AbortController();
    request = mine;
    let n = 0;
    try {
      for (let at = from; ;) {
        const query = filter();
        query.set('limit', recipientLimit);
        if (at) query.set('cursor', at);
        const answer = await ask(`v1/campaigns/${id}/recipients?${query}`, { signal: mine.signal });
        n += 1;
        at = answer.next_cursor;
        if (answer.items.length || !at) return draw(answer, from);
        show(stop, true);
        setText(state, t('recipient.looking', { n }));
      }
    } catch (problem) {
      if (request !== mine) return undefined;
      const isStopped = problem.name === 'AbortError';
      return setText(state, isStopped ? t('recipient.stopped', { n }) : problem.message);
    } finally {
      if (request === mine) show(stop, false);
    }
  }

  function draw({ items, next_cursor: following }, from) {
    cursor = following;
    first.disabled = !from;
    next.disabled = !cursor;
    shown.set(items);
    const at = time(new Date(now()).toISOString(), 'clock');
    setText(state, t(items.length ? 'recipient.as_of' : 'recipient.none', { time: at }));
  }

  function drawFilters() {
    const { counts, failures: list } = current;
    options(status, ['', ...statuses], params.get('status'), (value) => (value
      ? `${t(`status.${value}`)} · ${number(counts[value] ?? 0)}` : t('recipient.any_status')));
    const codes = new Set(['', ...list.map((failure) => String(failure.code)), ...params.getAll('code')]);
    options(code, [...codes], params.get('code'), (value) => value || t('recipient.any_code'));
  }

  function setParams(given) {
    params = given;
    const asked = filter();
    exports.replaceChildren(...exportButtons(id, Object.fromEntries(asked)));
    drawFilters();
    return load('');
  }

  setParams(params);
  return {
    node,
    setParams,
    stop: () => request?.abort(),
    update(value) {
      current = value;
      if (!node.contains(document.activeElement)) drawFilters();
    },
  };
}

function options(select, values, chosen, textOf) {
  keyed(select, values, (value) => value, (value) => el('option', { value }),
    (node, value) => setText(node, textOf(value)));
  select.value = chosen ?? '';
}

/** A form that says what became of one account. */
function lookUp(id) {
  const input = el('input', { name: 'account', required: true, autocomplete: 'off',
    spellcheck: 'false', autocapitalize: 'off' });
  const found = recipientTable();
  const fault = el('p', { class: 'fault', role: 'alert', hidden: true });
  show(found.node, false);
  const form = el('form', { class: 'look-up' },
    el('label', {}, el('span', {}, t('lookup.label')), input),
    el('button', {}, t('lookup.submit')), el('div', { class: 'answer' }, found.node, fault));
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const account = input.value;
    try {
      // A path can't hold these two: browsers take them for steps up.
      if (/^\.\.?$/.test(account)) throw new Error(t('lookup.dots'));
      const path = `v1/campaigns/${id}/recipients/${encodeURIComponent(account)}`;
      found.set([await ask(path)]);
      show(fault, false);
      show(found.node, true);
    } catch (problem) {
      show(found.node, false);
      tellFault(fault, problem.status === 404
        ? { message: t('lookup.nobody', { account: visible(account) }) } : problem);
    }
  });
  return form;
}
