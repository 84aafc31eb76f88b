// The frame around the views: router, header, menu, status line, shortcuts.
import { button, el, labelled, setAttrs, setText, show, slot, terms, update } from './charts.js';
import { begin, freeze, isStandby, known, link, login, logout, now, onChange, session, token }
  from './live.js';
import { campaignList, campaignView, nameOf, overview, percentOf, standbyView } from './views.js';
import { duration, inUTC, languages, t, time, useLanguage, words, zoneName } from './words.js';

const main = document.getElementById('main');
const header = document.getElementById('header');
const root = document.documentElement;

/* ---- The status line ---- */

const statusEvery = 5000;
let messages = [];
let lastSaid = -Infinity;
let statusTimer;

/** Says something in the one status line: at most once in 5 s, joined. */
export function say(text) {
  messages.push(text);
  clearTimeout(statusTimer);
  statusTimer = setTimeout(speak, Math.max(0, lastSaid + statusEvery - performance.now()));
}

function speak() {
  const node = document.getElementById('status');
  setText(node, [...new Set(messages)].join(' '));
  messages = [];
  lastSaid = performance.now();
  statusTimer = setTimeout(setText, 2 * statusEvery, node, '');
}

/* ---- Views ---- */

let view = null;
let shownHash = null;
let shownAsStandby = null;
let focusNext = null;

export function go(hash) {
  location.hash = hash;
}

/** Changes the address without a step in the history; the view has changed already. */
export function replaceAddress(hash) {
  shownHash = hash;
  history.replaceState(null, '', hash);
}

async function makeView(name, id, params) {
  if (isStandby()) return standbyView();
  if (name === 'campaigns') return id ? campaignView(id, params) : campaignList(params);
  if (name === 'new' && session.can_write) return (await import('./compose.js')).newView(params);
  return overview();
}

/** Shows what the fragment asks for: `#/NAME/ID?PARAMETERS`. */
async function navigate() {
  const isOther = shownAsStandby !== isStandby();
  if (!session.version || (location.hash === shownHash && !isOther)) return;
  const [path, query] = location.hash.slice(1).split('?');
  const [, name = '', id] = path.split('/');
  const params = new URLSearchParams(query);
  const isSame = !isOther && view?.path === path && view.setParams;
  if (view && !isSame && await view.leave?.() === false) {
    history.replaceState(null, '', shownHash);
    return;
  }
  shownHash = location.hash;
  shownAsStandby = isStandby();
  if (isSame) {
    view.setParams(params);
    return;
  }
  closeDialog();
  setTitle(null);
  view = { ...await makeView(name, id, params), path };
  main.replaceChildren(view.node);
  for (const link of parts.nav.children) {
    setAttrs(link, { 'aria-current': link.dataset.path === name ? 'page' : null });
  }
  focusHeading();
}

/** A question about what is no longer shown isn't asked any more. */
const closeDialog = () => document.querySelector('dialog')?.close();

/** Focuses the heading after a change of view, or what a shortcut asked for. */
function focusHeading() {
  const first = main.querySelector(focusNext ?? 'h1');
  setAttrs(main.querySelector('h1'), { tabindex: -1 });
  if (focusNext !== null) {
    scrollTo(0, 0);
    first?.focus({ preventScroll: true });
  }
  focusNext = 'h1';
}

const instanceName = () =>
  session.title || (session.version ? `App ${session.sdk_app_id}` : 'fanoutd');

/** Shows a campaign's progress in the tab's title, or the instance alone. */
export function setTitle(campaign) {
  const title = instanceName();
  const text = campaign ? `${percentOf(campaign)} ${nameOf(campaign)} · ${title}` : title;
  if (document.title !== text) document.title = text;
}

/* ---- Header ---- */

const parts = {};

function makeHeader() {
  setText(document.querySelector('.skip'), t('app.skip'));
  const line = (props, ...children) => el('p', { class: 'line', hidden: true, ...props }, children);
  const links = { '': 'nav.overview', campaigns: 'nav.campaigns', new: 'nav.new' };
  Object.assign(parts, {
    nav: el('nav', { 'aria-label': t('nav.label') }, Object.entries(links).map(([path, key]) =>
      el('a', { href: `#/${path}`, 'data-path': path }, t(key)))),
    simulator: el('span', { class: 'tag' }, t('app.simulator')),
    state: slot('state', 'span', { class: 'state' }),
    live: el('span', { class: 'live' }),
    freeze: button('', () => freeze(link.state !== 'paused'), { class: 'quiet freeze' }),
    caller: el('span'),
    fault: line(),
    config: line({ 'data-field': 'config_error' }),
    copies: line({ 'data-field': 'cluster.synchronous' }),
    updated: line({}, t('app.updated'), ' ',
      button(t('app.reload'), () => location.reload(), { class: 'small' })),
  });
  parts.end = el('div', { class: 'bar-end' }, parts.simulator, parts.state,
    el('span', { class: 'link' }, parts.live, parts.freeze),
    el('span', { class: 'link who' }, el('span', {}, zoneName()), parts.caller), makeMenu());
  header.append(parts.nav, parts.end,
    el('div', { class: 'lines' }, parts.fault, parts.config, parts.copies, parts.updated));
  drawSession();
  drawQuota();
  drawLink();
}

function drawSession() {
  const isKnown = Boolean(session.version);
  show(parts.nav, isKnown && !isStandby());
  show(parts.end, isKnown);
  show(parts.nav.lastChild, session.can_write);
  setText(document.getElementById('title'), instanceName());
  show(parts.simulator, session.simulator);
  show(parts.logout, token());
  const caller = session.caller ?? '';
  setText(parts.caller, session.can_write ? caller : t('app.read_only', { caller }));
  show(parts.updated, link.isUpdated);
}

let lastState = null;

function drawQuota() {
  const { quota } = known;
  show(parts.state, quota && !isStandby());
  if (!quota) return;
  const state = words('state', quota.state);
  const error = quota.config_error;
  update(parts.state, quota.state, state);
  update(parts.config, error, error && t('app.config_error', { error }));
  show(parts.config, error);
  const { role, synchronous, epoch } = quota.cluster ?? {};
  const isAlone = role === 'leader' && synchronous === false;
  update(parts.copies, synchronous, isAlone && t('cluster.alone', { epoch }));
  show(parts.copies, isAlone);
  if (lastState && lastState !== quota.state && !isStandby()) {
    say(t('say.campaign', { name: t('service.label'), state: state.text }));
  }
  lastState = quota.state;
}

function drawLink() {
  setText(parts.fault, link.fault);
  show(parts.fault, link.fault);
  setText(parts.freeze, t(link.state === 'paused' ? 'app.go_on' : 'app.freeze'));
  const keys = { on: 'app.live', paused: 'app.frozen', off: link.next && 'app.as_of' };
  setText(parts.live, t((link.at && keys[link.state]) || 'app.connecting', {
    time: link.at && time(new Date(link.at).toISOString(), 'clock'),
    wait: duration((link.next - Date.now()) / 1000),
  }));
}

/* ---- Menu ---- */

function makeMenu() {
  const reload = () => location.reload();
  parts.logout = button(t('menu.logout'), logout, { 'data-action': 'logout' });
  parts.menu = el('details', { class: 'menu' },
    el('summary', { 'aria-label': t('menu.label') }, '☰'),
    el('div', { class: 'sheet' },
      choice('theme', ['', 'light', 'dark'], () => dispatchEvent(new Event('themechange'))),
      choice('lang', ['', ...Object.keys(languages)], reload),
      tick('utc', 'on', inUTC(), reload),
      tick('shortcuts', 'off', hasShortcuts()),
      button(t('menu.keys'), showKeys, { class: 'quiet' }), parts.logout));
  parts.menu.addEventListener('keydown', ({ key }) => {
    if (key !== 'Escape') return;
    parts.menu.open = false;
    parts.menu.firstChild.focus();
  });
  return parts.menu;
}

document.addEventListener('click', ({ target }) => {
  if (parts.menu?.open && !parts.menu.contains(target)) parts.menu.open = false;
});

function choice(name, values, then) {
  const chosen = localStorage.getItem(name) ?? '';
  const change = ({ target }) => keep(name, target.value, then);
  return labelled(t(`menu.${name}`), el('select', { name, on: { change } }, values.map((value) =>
    el('option', { value, selected: value === chosen },
      languages[value] ?? t(`menu.${name}.${value || 'auto'}`)))));
}

/** A tick whose other position is kept as `value`. */
function tick(name, value, checked, then) {
  const change = ({ target }) =>
    keep(name, target.checked === (value === 'on') ? value : '', then);
  return labelled(t(`menu.${name}`),
    el('input', { type: 'checkbox', name, checked, on: { change } }));
}

function keep(name, value, then) {
  if (value) localStorage.setItem(name, value);
  else localStorage.removeItem(name);
  then?.();
}

/* ---- Shortcuts ---- */

const hasShortcuts = () => localStorage.getItem('shortcuts') !== 'off';
const shortcuts = {
  '/': ['list.search', () => {
    focusNext = '[data-search]';
    if (main.querySelector(focusNext)) focusHeading();
    else go('#/campaigns');
  }],
  'g o': ['nav.overview', () => go('#/')],
  'g c': ['nav.campaigns', () => go('#/campaigns')],
  n: ['nav.new', () => session.can_write && go('#/new')],
  '?': ['menu.keys', showKeys],
};
let isAfterG = false;

document.addEventListener('keydown', (event) => {
  const isTyping = event.target.closest('input, textarea, select, dialog, [contenteditable]');
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  if (!hasShortcuts() || !session.version) return;
  const [, act] = shortcuts[isAfterG ? `g ${event.key}` : event.key] ?? [];
  isAfterG = event.key === 'g';
  if (!act) return;
  event.preventDefault();
  act();
});

function showKeys() {
  const dialog = el('dialog', { 'aria-labelledby': 'keys' },
    el('h2', { id: 'keys' }, t('menu.shortcuts')),
    terms({ class: 'settings' }, Object.entries(shortcuts).map(([keys, [key]]) =>
      [keys.split(' ').map((each) => el('kbd', {}, each)), t(key)])),
    el('form', { method: 'dialog' }, el('button', {}, t('app.close'))));
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/* ---- Login ---- */

function showLogin() {
  if (main.querySelector('form.login')) return;
  view?.leave?.();
  closeDialog();
  view = shownHash = lastState = link.fault = null;
  focusNext = 'h1';
  setTitle(null);
  drawSession();
  main.replaceChildren(loginForm());
  main.querySelector('input').focus();
}

function loginForm() {
  const isOpen = location.protocol === 'http:'
    && !/^(localhost|127\..*|\[::1\])$/.test(location.hostname);
  const fault = el('p', { id: 'login-fault', class: 'fault', hidden: true });
  const input = el('input', { type: 'password', name: 'token', autocomplete: 'current-password',
    required: true, 'aria-describedby': 'login-help login-fault', spellcheck: 'false' });
  const verb = el('button', { class: 'primary', 'data-action': 'login' }, t('login.submit'));
  const submit = async (event) => {
    event.preventDefault();
    verb.disabled = true;
    try {
      await login(input.value.trim());
    } catch (problem) {
      setText(fault, problem.status === 401 ? t('login.wrong') : problem.message);
      show(fault, true);
      input.select();
    } finally {
      verb.disabled = false;
    }
  };
  return el('form', { class: 'login card', method: 'post', on: { submit } },
    el('h1', {}, t('login.title', { host: location.host })),
    labelled(t('login.token'), input), fault,
    el('p', { id: 'login-help', class: 'muted' }, t('login.help')),
    isOpen && el('p', { class: 'line' }, t('login.plain')), verb);
}

/* ---- Start ---- */

let lostTimer = null;
let isLost = false;

function tellLink() {
  drawLink();
  if (link.state === 'off' && session.version && !document.hidden && !isStandby()) {
    lostTimer ??= setTimeout(() => {
      isLost = true;
      say(t('say.lost'));
    }, 5000);
    return;
  }
  clearTimeout(lostTimer);
  lostTimer = null;
  if (isLost && link.state === 'on') say(t('say.back'));
  isLost = false;
}

async function start() {
  await useLanguage();
  makeHeader();
  document.querySelector('.skip').addEventListener('click', (event) => {
    event.preventDefault();
    main.focus();
  });
  const drawRole = () => {
    drawSession();
    navigate();
  };
  onChange('session', drawRole);
  onChange('login', showLogin);
  onChange('link', tellLink);
  onChange('quota', () => {
    drawQuota();
    if (shownAsStandby !== isStandby()) drawRole();
  });
  onChange('tick', drawLink);
  addEventListener('hashchange', navigate);
  begin();
}

start();
