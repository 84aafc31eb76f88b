// The views of what is there: overview, campaigns, campaign.
import { go, replaceAddress, say, setTitle } from './app.js';
import { bind, button, el, keyed, labelled, minutesChart, muted, progressBar, setAttrs, setText,
  show, slot, statuses, swatch, table, terms, thinBar, update, visible, windowChart }
  from './charts.js';
import { apiURL, ask, campaigns, known, now, onChange, remember, session, token } from './live.js';
import { duration, hoursText, number, percent, t, time, words } from './words.js';

const active = ['halted', 'running', 'paused', 'scheduled'];
const over = ['completed', 'canceled', 'expired'];
const states = ['draft', 'scheduled', 'running', 'paused', 'halted', ...over];

export const isOver = ({ state }) => over.includes(state);

/** How much of a campaign is done: the part of its recipients that are final. */
export function percentOf(campaign) {
  const { total, queued, sending, retrying } = campaign.counts;
  return percent(total - queued - sending - retrying, total, isOver(campaign));
}

export const nameOf = ({ name }) => visible(name || t('campaign.unnamed'));

const linkTo = (id, query) => `#/campaigns/${id}${query ? `?${query}` : ''}`;
const listOf = (query) => `#/campaigns${query ? `?${query}` : ''}`;
const queryOf = (...pairs) => pairs.filter(([, value]) => value)
  .map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
const ofStates = (chosen) => queryOf(...chosen.map((state) => ['state', state]));
const chip = () => slot('state', 'span', { class: 'state' });
const faultLine = () => el('p', { class: 'fault', role: 'alert', hidden: true });
const perMinute = (n) => (n ? t('row.per_minute', { n }) : '–');
const secondsTo = (at) => Math.ceil((Date.parse(at) - now()) / 1000);

const card = (title, aside, ...children) => el('section', { class: 'card' },
  el('div', { class: 'head' }, el('h2', {}, t(title)), aside), children);
const wide = (...parts) => {
  const node = card(...parts);
  node.classList.add('flush');
  return node;
};

const shownFields = {
  state: (value) => words('state', value),
  status: (value) => words('status', value),
  code: (value) => value || '',
  info: (value, { code }) => (value ? words('code', code, visible(value)) : ''),
  name: (_, campaign) => nameOf(campaign),
  messages_last_minute: perMinute,
  'reason.text': (text, { reason }) => {
    if (!reason) return '';
    const said = words('code', reason.code, visible(text));
    return { ...said, text: reason.code ? `${reason.code} ${said.text}` : said.text };
  },
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

/** What the module of actions makes by a name, once it is loaded: only for those who may write. */
function acting(name, isForReaders) {
  const node = el('div', { class: 'actions' });
  const loading = (session.can_write || isForReaders) && import('./actions.js');
  let made;
  return {
    node,
    async update(value) {
      const actions = await loading;
      if (!actions) return;
      if (!made) node.append(made = actions[name](value));
      made.update(value);
    },
  };
}

const act = (name, ...values) => import('./actions.js').then((actions) => actions[name](...values));

/* ---- Why isn't it moving? ---- */

const explainEvery = 3;

/** A panel with the causes, which are asked for while it is open. */
function explanation(id, life) {
  const summary = muted();
  const list = el('ul', { class: 'causes' });
  const node = el('div', { class: 'why', hidden: true }, summary, list);
  let answer = null;
  let age = 0;

  async function load() {
    age = 0;
    try {
      answer = await ask(`v1/campaigns/${id}/explain`);
      draw();
    } catch (problem) {
      tellFault(summary, problem);
    }
  }

  function draw() {
    const last = answer.last_call_at && t('why.last', { time: time(answer.last_call_at, 'clock') });
    setText(summary, `${t(answer.moving ? 'why.moving' : 'why.still')} ${last ?? ''}`);
    keyed(list, answer.causes, ({ cause }) => cause,
      ({ cause }) => el('li', { 'data-cause': cause },
        el('span'), ' ', el('span', { class: 'muted' }), el('p')),
      ({ children: [said, wait, help] }, { cause, text, until, remedy }) => {
        const left = until ? secondsTo(until) : 0;
        const values = { wait: duration(left), time: until && time(until, 'clock') };
        setText(said, words('cause', cause, text));
        setText(wait, left > 0 ? t('why.until', values) : '');
        setText(help, remedy ? words('remedy', cause, remedy) : '');
      });
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

/* ---- Rows of campaigns ---- */

function endOf(campaign) {
  if (isOver(campaign)) return ['finished_at', 'row.ended'];
  return campaign.state === 'scheduled' ? ['start_at', 'row.starts'] : ['eta', 'row.done'];
}

/** A table of campaigns, whose rows stay while their campaigns do. */
function campaignTable(label, life) {
  const columns = ['name', 'state', 'progress', 'recipients', 'rate', 'end', 'why'];
  const { node, body, row } = table(
    Object.fromEntries(columns.map((name) => [name, t(`row.${name}`)])),
    { class: 'campaigns', 'aria-label': label });
  const nobody = el('p', { class: 'empty', hidden: true });
  body.remove();

  function make({ id }) {
    const bar = progressBar();
    const share = el('span', { class: 'percent' });
    const end = el('span');
    const why = explanation(id, life);
    const toggle = button(t('why.ask'), () => {
      why.set(why.node.hidden);
      setAttrs(toggle, { 'aria-expanded': !why.node.hidden });
    }, { class: 'small', 'aria-expanded': 'false' });
    const group = el('tbody', { role: 'rowgroup', 'data-campaign': id },
      row({}, [el('a', { class: 'name', href: linkTo(id) }, slot('name', 'bdi')),
        slot('reason.text', 'p', { class: 'muted' })], chip(),
      el('div', { class: 'progress' }, bar.node, share), slot('counts.total'),
      slot('messages_last_minute'), end, toggle),
      el('tr', { role: 'row', class: 'more' },
        el('td', { role: 'cell', colspan: columns.length }, why.node)));
    const write = bind(group, shownFields);
    group.update = (campaign) => {
      write(campaign);
      bar.update(campaign);
      setText(share, percentOf(campaign));
      const [path, key] = endOf(campaign);
      const at = campaign[path];
      setAttrs(end, { 'data-field': path });
      update(end, at, at ? t(key, { time: time(at) }) : '–');
      show(toggle, active.includes(campaign.state));
    };
    return group;
  }

  life.on('campaigns', (ids) => {
    for (const group of node.tBodies) {
      const campaign = campaigns.get(group.dataset.campaign);
      if (campaign && ids.has(campaign.id)) group.update(campaign);
    }
  });
  life.on('deleted', (id) => node.querySelector(`[data-campaign="${id}"]`)?.remove());
  return {
    nodes: [node, nobody],
    set(items, none) {
      keyed(node, items, ({ id }) => id, make, (group, item) => group.update(item));
      show(node, items.length);
      show(nobody, !items.length);
      setText(nobody, none);
    },
  };
}

/** Asks for the totals by state when one changes after the first, at most once a second. */
function watchTotals(life, draw, isLoaded) {
  let timer = null;
  life.on('totals', () => {
    if (isLoaded()) timer ??= setTimeout(async () => {
      timer = null;
      draw((await ask('v1/campaigns?limit=1&message=false').catch(() => ({}))).totals);
    }, 1000);
  });
}

const totalLink = (state) => el('a', { href: listOf(ofStates([state])) }, `${t(`state.${state}`)} `,
  slot(`totals.${state}`));
const writeTotal = (link, n) => update(link.lastChild, n ?? 0, number(n ?? 0));

/* ---- Overview ---- */

const rowLimit = 20;

export function overview() {
  const life = whileShown();
  const service = serviceState();
  const quota = windowChart();
  const minutes = minutesChart();
  const progress = inProgress(life);
  const node = el('div', { class: 'view' },
    el('h1', { class: 'sr' }, t('nav.overview')),
    service.node,
    el('div', { class: 'pair' }, [quota, minutes].map((chart) =>
      el('section', { class: 'card' }, chart.node))),
    progress.node);
  const drawQuota = () => {
    if (!known.quota?.window) return;
    service.update(known.quota);
    quota.update(known.quota);
  };
  const load = async () => {
    try {
      await Promise.all([minutes.load(), progress.load()]);
    } catch (problem) {
      tellFault(service.fault, problem);
    }
  };
  life.on('quota', drawQuota);
  life.on('minute', minutes.take);
  life.on('tick', () => {
    quota.tick();
    service.tick();
    if (now() % 60_000 < 1000) minutes.draw();
  });
  life.on('opened', load);
  drawQuota();
  if (document.documentElement.dataset.live !== 'off') load();
  return { node, leave: life.leave };
}

/** What a standby has to show: where the leader is. */
export function standbyView() {
  const life = whileShown();
  const leader = slot('cluster.leader', 'a');
  const draw = () => {
    const url = known.quota?.cluster?.leader;
    setAttrs(leader, { href: /^https?:/.test(url) ? `${url}${location.hash}` : null });
    update(leader, url, visible(url ?? t('standby.nobody')));
  };
  life.on('quota', draw);
  draw();
  return {
    node: el('section', { class: 'view card' }, el('h1', {}, t('standby.title')),
      el('p', {}, t('standby.leader'), ' ', leader), muted(t('standby.help'))),
    leave: life.leave,
  };
}

// Seconds: not with the first view, and then as seldom as a minute's backlog wants it.
const hooksFirst = 10;
const hooksEvery = 20;
const hookPatience = 60_000;

function serviceState() {
  const until = slot('until');
  const fault = faultLine();
  const figures = muted();
  const hooks = el('ul', { class: 'hooks' });
  const actions = acting('serviceActions');
  const node = el('section', { class: 'service', 'aria-label': t('service.label') },
    el('div', {}, el('p', { class: 'headline' }, chip(), ' ', slot('since'), ' ', until),
      slot('reason.text', 'p'), slot('remedy', 'p'), figures, hooks, fault),
    actions.node);
  const untilText = (at) => (secondsTo(at) > 0
    ? t('service.until', { wait: duration(secondsTo(at)) }) : '');
  const write = bind(node, {
    ...shownFields,
    since: (at) => (at ? t('service.since', { time: time(at) }) : ''),
    until: untilText,
    remedy: (text, { state }) => (text ? words('remedy', state, text) : ''),
  });
  async function loadHooks() {
    const { items } = await ask('v1/webhooks').catch(() => ({ items: [] }));
    const late = items.filter(({ oldest_at: at }) => at && now() - Date.parse(at) > hookPatience);
    keyed(hooks, late, ({ id }) => id, ({ id }) => el('li', { class: 'line', 'data-hook': id }),
      (line, { url, backlog: n, oldest_at: at, last }) => setText(line, t('hooks.waits', {
        url: visible(url), n, time: time(at), answer: last?.status ?? visible(last?.error ?? '–') })));
  }

  let age = 0;
  return {
    node,
    fault,
    tick() {
      setText(until, untilText(until.dataset.value));
      age += 1;
      if (age % hooksEvery === hooksFirst) loadHooks();
    },
    update(quota) {
      write(quota);
      const { in_flight: calls, calls_per_second: rate, pace } = quota;
      setText(figures, t('service.figures', { calls, rate, pace }));
      show(fault, false);
      actions.update(quota);
    },
  };
}

function inProgress(life) {
  const rows = campaignTable(t('progress.title'), life);
  const totals = el('p', { class: 'totals' });
  const all = el('a', { class: 'all', hidden: true, href: listOf(ofStates(active)) });
  const node = wide('progress.title', totals, rows.nodes, el('p', {}, all));
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
    if (order !== lastOrder) rows.set(items, t('list.none'));
    lastOrder = order;
    setTitle(items.find((item) => !isOver(item)));
  }

  function drawTotals(values) {
    if (!values) return;
    keyed(totals, ['running', 'halted', 'paused', 'scheduled'], (state) => state, totalLink,
      (link, state) => writeTotal(link, values[state]));
    const n = active.reduce((sum, state) => sum + (values[state] ?? 0), 0);
    setText(all, t('progress.all', { n }));
    show(all, n > rowLimit);
  }

  async function load() {
    const page = async (query) => {
      const answer = await ask(`v1/campaigns?${query}&limit=${rowLimit}&message=false`);
      answer.items.forEach(remember);
      return answer;
    };
    const { next_cursor: more, totals: values } = await page(ofStates(active));
    if (more && values.halted) await page('state=halted');
    drawTotals(values);
    isLoaded = true;
    lastOrder = null;
    arrange();
  }

  node.addEventListener('mouseleave', () => isStale && arrange());
  life.on('campaigns', arrange);
  watchTotals(life, drawTotals, () => isLoaded);
  return { node, load };
}

/* ---- Pages ---- */

/**
 * The pages of a route: `query` gives the parameters, `draw` takes an answer and returns what is
 * said of it. A page without items goes on by itself until there are some or it is stopped.
 */
function pager(path, query, draw, backKey, onwardKey) {
  const said = el('span', { class: 'muted' });
  const stop = button(t('act.stop'), () => request.abort(), { class: 'small', hidden: true });
  const back = button(t(backKey), () => turn(cursors.slice(0, -1)), { disabled: true });
  const onward = button(t(onwardKey), () => turn([...cursors, next]), { disabled: true });
  let cursors = [''];
  let next = null;
  let request;

  async function load() {
    request?.abort();
    const mine = new AbortController();
    request = mine;
    let n = 0;
    next = cursors.at(-1);
    try {
      for (;;) {
        const answer = await ask(`${path}?${query(['cursor', next])}`, { signal: mine.signal });
        next = answer.next_cursor;
        n += 1;
        if (answer.items.length || !next) {
          setText(said, draw(answer, cursors.length === 1));
          break;
        }
        show(stop, true);
        setText(said, t('recipient.looking', { n }));
      }
    } catch (problem) {
      if (request !== mine) return;
      const isStopped = problem.name === 'AbortError';
      setText(said, isStopped ? t('recipient.stopped', { n }) : problem.message);
    }
    show(stop, false);
    back.disabled = cursors.length < 2;
    onward.disabled = !next;
  }

  function turn(to) {
    cursors = to;
    return load().then(() => back.closest('section, .view').scrollIntoView());
  }

  function open() {
    cursors = [''];
    return load();
  }

  return { state: [stop, said], buttons: [back, onward], load, open, stop: () => request?.abort() };
}

/* ---- Campaigns ---- */

const pageLimit = 50;
const typingPause = 300;

export function campaignList(params) {
  const life = whileShown();
  const rows = campaignTable(t('nav.campaigns'), life);
  const search = el('input', { type: 'search', name: 'name', 'data-search': '',
    'aria-label': t('list.search'), placeholder: t('list.search'), value: params.get('name'),
    on: { input: type } });
  const tabs = el('nav', { class: 'tabs', 'aria-label': t('row.state') });
  const pages = pager('v1/campaigns', (cursor) => query(undefined, ['limit', pageLimit],
    ['message', 'false'], cursor), draw, 'list.newer', 'list.older');
  const fresh = button('', pages.open, { class: 'fresh', hidden: true });
  const node = el('div', { class: 'view' },
    el('div', { class: 'head' }, el('h1', {}, t('nav.campaigns')), fresh, search), tabs,
    el('section', { class: 'card flush' }, rows.nodes),
    el('p', { class: 'pages' }, pages.buttons, pages.state));
  let newest = '';
  let typing;
  const news = new Set();

  const query = (chosen = params.getAll('state'), ...more) =>
    queryOf(...chosen.map((state) => ['state', state]), ['name', params.get('name')], ...more);

  function draw({ items, totals }, isFirst) {
    const name = params.get('name');
    items.forEach(remember);
    rows.set(items, t(name ? 'list.no_hit' : 'list.none', { name }));
    if (isFirst) newest = items[0]?.id ?? '';
    news.clear();
    drawNews();
    drawTabs(totals);
  }

  function drawTabs(totals) {
    if (!totals) return;
    const chosen = params.getAll('state');
    const all = Object.values(totals).reduce((sum, count) => sum + count, 0);
    keyed(tabs, ['', ...states], (state) => state, (state) => (state ? totalLink(state)
      : el('a', {}, `${t('list.all')} `, slot('totals'))),
    (tab, state) => {
      const isChosen = state ? chosen.includes(state) : !chosen.length;
      const href = listOf(query(state ? [state] : []));
      setAttrs(tab, { href, 'aria-current': isChosen || null });
      writeTotal(tab, state ? totals[state] : all);
    });
  }

  function drawNews() {
    show(fresh, news.size);
    setText(fresh, t('list.fresh', { n: news.size }));
  }

  function type() {
    clearTimeout(typing);
    typing = setTimeout(() => {
      params.set('name', search.value);
      replaceAddress(listOf(query()));
      pages.open();
    }, typingPause);
  }

  function isNew({ id, name, state }) {
    const chosen = params.getAll('state');
    const part = (params.get('name') ?? '').toLowerCase();
    return id > newest && (!chosen.length || chosen.includes(state))
      && name.toLowerCase().includes(part);
  }

  life.on('campaigns', (ids) => {
    for (const id of ids) {
      const item = campaigns.get(id);
      if (item && isNew(item)) news.add(id);
      else if (!item) news.delete(id);
    }
    drawNews();
  });
  life.on('opened', pages.load);
  watchTotals(life, drawTabs, () => tabs.hasChildNodes());
  pages.load();
  return {
    node,
    leave: life.leave,
    setParams(given) {
      params = given;
      if (document.activeElement !== search) search.value = params.get('name') ?? '';
      pages.open();
    },
  };
}

/* ---- Campaign ---- */

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
    const head = campaignHead();
    const first = [campaignProgress(id, life), acting('jobPanel', true), failures(id)];
    const second = [timeline(), settings(), message(campaign)];
    const stack = (name, parts) => el('div', { class: name }, parts.map((part) => part.node));
    sections = [head, ...first, ...second, people];
    first[1].node.className = 'jobs';
    node.replaceChildren(head.node, el('div', { class: 'columns-2' }, stack('stack', first),
      stack('stack aside', second), people.node));
  }

  async function load() {
    try {
      take(remember(await ask(`v1/campaigns/${id}`)));
    } catch (problem) {
      const isGone = problem.status === 404;
      if (campaign && !isGone) return;
      node.replaceChildren(el('h1', {}, isGone ? t('campaign.gone') : problem.message),
        muted(visible(id)));
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
  const remedy = muted();
  const actions = acting('campaignActions');
  const node = el('div', { class: 'campaign-head' },
    el('div', {}, el('p', {}, el('a', { href: listOf() }, t('nav.campaigns'))),
      el('div', { class: 'title' }, el('h1', {}, slot('name', 'bdi')), chip()),
      slot('reason.text', 'p'), remedy, muted(slot('id', 'code'))),
    actions.node);
  const write = bind(node, shownFields);
  return {
    node,
    update(campaign) {
      write(campaign);
      setText(remedy, campaign.state === 'halted' ? t('campaign.halted') : '');
      actions.update(campaign);
    },
  };
}

const stillLimit = 60_000;

function campaignProgress(id, life) {
  const share = el('p', { class: 'big' });
  const quotaShare = el('span');
  const bar = progressBar();
  const [eta, ended] = [slot('eta'), slot('finished_at')];
  const counts = ['total', ...statuses].map((status) => el('li', {},
    el('a', { href: linkTo(id, status !== 'total' && `status=${status}`) }, swatch(status),
      slot(`counts.${status}`, 'b'), ' ', t(`status.${status}`))));
  const why = explanation(id, life);
  const asked = el('details', { class: 'asked', on: { toggle: () => why.set(asked.open) } },
    el('summary', {}, t('why.title')), why.node);
  const node = el('section', { class: 'card', 'aria-label': t('row.progress') },
    el('div', { class: 'top' }, share, terms({ class: 'terms' }, [
      [t('row.rate'), slot('messages_last_minute')], [t('campaign.share'), quotaShare],
      [t('row.end'), eta, ended]])),
    bar.node,
    el('ul', { class: 'counts' }, counts,
      el('li', {}, slot('resent', 'b'), ' ', t('campaign.resent'))),
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
      show(eta, !campaign.finished_at);
      show(ended, campaign.finished_at);
      show(asked, !isOver(campaign));
      const current = campaign.state === 'running' ? JSON.stringify(campaign.counts) : '';
      if (current !== place && movedAt !== Infinity) movedAt = now();
      place = current;
    },
  };
}

/* ---- Failures ---- */

export const mayRetry = ({ state, expires_at: end, recall }) => state !== 'draft'
  && !(end && Date.parse(end) <= now()) && !['running', 'waiting'].includes(recall?.state);

function failures(id) {
  const shown = table({ code: t('recipient.code'), words: t('failures.words'),
    count: t('row.recipients'), passes: t('failures.may_pass'), acts: t('failures.do') });
  const nobody = el('p', { class: 'empty' }, t('failures.none'));
  const node = wide('failures.title', null, shown.node, nobody);
  let current = null;

  function make({ code, text, may_pass: mayPass }) {
    const count = slot(`failures.${code}`);
    const bar = thinBar();
    const again = button(t('act.retry'), () => act('retryDialog', current, [code]),
      { class: 'small', 'data-action': 'retry' });
    // A code that has no words says all by itself.
    const row = shown.row({}, el('code', {}, String(code)), words('code', code, text ?? '–'),
      [el('a', { href: linkTo(id, `status=failed&code=${code}`) }, count), bar.node],
      t(mayPass ? 'failures.passes' : 'failures.final'),
      el('div', { class: 'actions' },
        exportButtons(id, { status: 'failed', code }, ['csv']), again));
    row.update = (value, most) => {
      update(count, value, number(value));
      bar.set(value, most);
      show(again, session.can_write && mayRetry(current));
    };
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
        (row, { count }) => row.update(count, sorted[0].count));
    },
  };
}

/** Buttons that download recipients; the form is in the document only while it is sent. */
export function exportButtons(id, fields, formats = ['csv', 'ndjson']) {
  return formats.map((format) => button(t('export.as', { format: format.toUpperCase() }), () => {
    const values = Object.entries({ ...fields, format, access_token: token() });
    const form = el('form', { method: 'post', action: apiURL(`v1/campaigns/${id}/export`) },
      values.filter(([, value]) => value)
        .map(([name, value]) => el('input', { type: 'hidden', name, value })));
    document.body.append(form);
    form.submit();
    form.remove();
  }, { class: 'small', 'data-action': `export-${format}` }));
}

/* ---- Timeline, settings, message ---- */

function timeline() {
  const list = el('ol', { class: 'timeline' });
  const keys = { created_at: 'timeline', start_at: 'settings', started_at: 'timeline',
    finished_at: 'timeline', eta: 'timeline', expires_at: 'settings' };
  return {
    node: card('timeline.title', null, list),
    update(campaign) {
      const items = Object.keys(keys).filter((name) => campaign[name])
        .map((name) => ({ name, at: Date.parse(campaign[name]) }))
        .sort((one, other) => one.at - other.at);
      keyed(list, items, ({ name }) => name, ({ name }) => el('li', {},
        el('span', {}, t(`${keys[name]}.${name}`)), slot(name), el('span', { class: 'muted' })),
      (row, { at }, index) => {
        bind(row)(campaign);
        setAttrs(row, { class: at > now() ? 'ahead' : null });
        setText(row.lastChild, index ? `+${duration((at - items[index - 1].at) / 1000)}` : '');
      });
    },
  };
}

const choiceText = (name) => (value) => t(value ? `${name}.${value}` : 'settings.unset');

export const settingTexts = {
  priority: choiceText('priority'),
  messages_per_minute: (n) => (n ? perMinute(n) : t('settings.no_cap')),
  on_unknown: choiceText('on_unknown'),
  send_between: hoursText,
};

function settings() {
  let current = null;
  const edit = button(t('settings.edit'), () => act('editSettings', current),
    { class: 'small', 'data-action': 'edit' });
  const node = card('settings.title', edit, terms({ class: 'settings' },
    [...Object.keys(settingTexts), 'start_at', 'expires_at'].map((path) =>
      [t(`settings.${path}`), slot(path)])));
  const write = bind(node, settingTexts);
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
  const node = card('message.title', null, place,
    el('details', {}, el('summary', {}, t('message.json')),
      el('pre', { tabindex: '0' }, JSON.stringify(campaign.message, null, 2))));
  import('./compose.js').then(({ bubble }) => place.append(bubble(campaign.message)));
  return { node, update() {} };
}

/* ---- Recipients ---- */

const recipientLimit = 100;

/** A table of recipients; `set(items)` puts others in it. */
function recipientTable() {
  const tags = { account: 'bdi', status: 'span', code: 'span', attempts: 'span',
    next_attempt_at: 'span', msg_key: 'code', updated_at: 'span' };
  const names = Object.keys(tags);
  const shown = table(Object.fromEntries(names.map((name) => [name, t(`recipient.${name}`)])));
  const make = (item) => {
    const row = shown.row({ 'data-account': item.account }, ...names.map((name) =>
      [slot(name, tags[name]), name === 'code' && [' ', slot('info')]]));
    bind(row, shownFields)(item);
    return row;
  };
  return { node: shown.node, set: (items) => shown.body.replaceChildren(...items.map(make)) };
}

function recipients(campaign, params) {
  const { id } = campaign;
  const shown = recipientTable();
  const [status, code] = ['status', 'code'].map((name) => el('select', { name,
    'aria-label': t(`recipient.${name}`), on: { change: choose } }));
  const pages = pager(`v1/campaigns/${id}/recipients`, (cursor) =>
    filter(['limit', recipientLimit], cursor), draw, 'recipient.first', 'recipient.following');
  const exports = el('span', { class: 'actions' });
  const node = wide('row.recipients', exports, lookUp(id),
    el('div', { class: 'filters' }, status, code,
      button(t('recipient.again'), pages.open, { class: 'small' }), pages.state),
    shown.node, el('p', { class: 'pages' }, pages.buttons));
  let current = campaign;
  node.classList.add('people');

  const filter = (...more) => queryOf(['status', status.value], ['code', code.value], ...more);

  function choose() {
    go(linkTo(id, filter()));
  }

  function draw({ items }) {
    shown.set(items);
    const at = time(new Date(now()).toISOString(), 'clock');
    return t(items.length ? 'recipient.as_of' : 'recipient.none', { time: at });
  }

  function drawFilters() {
    const { counts, failures: list } = current;
    options(status, ['', ...statuses], params.get('status'), (value) => (value
      ? `${t(`status.${value}`)} · ${number(counts[value] ?? 0)}` : t('recipient.any_status')));
    const codes = list.map((failure) => String(failure.code));
    const all = new Set(['', ...codes, ...params.getAll('code')]);
    options(code, [...all], params.get('code'), (value) => value || t('recipient.any_code'));
  }

  function setParams(given) {
    params = given;
    drawFilters();
    exports.replaceChildren(...exportButtons(id, { status: status.value, code: code.value }));
    return pages.open();
  }

  setParams(params);
  return {
    node,
    setParams,
    stop: pages.stop,
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

function lookUp(id) {
  const input = el('input', { name: 'account', required: true, autocomplete: 'off',
    spellcheck: 'false', autocapitalize: 'off' });
  const found = recipientTable();
  const fault = faultLine();
  const submit = async (event) => {
    event.preventDefault();
    const account = input.value;
    show(fault, false);
    show(found.node, false);
    try {
      // A path can't hold these two: browsers take them for steps up.
      if (/^\.\.?$/.test(account)) throw new Error(t('lookup.dots'));
      found.set([await ask(`v1/campaigns/${id}/recipients/${encodeURIComponent(account)}`)]);
      show(found.node, true);
    } catch (problem) {
      tellFault(fault, problem.status === 404
        ? { message: t('lookup.nobody', { account: visible(account) }) } : problem);
    }
  };
  show(found.node, false);
  return el('form', { class: 'look-up', on: { submit } },
    labelled(t('lookup.label'), input),
    el('button', {}, t('lookup.submit')), el('div', { class: 'answer' }, found.node, fault));
}
