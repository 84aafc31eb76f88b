// The frame around the views: router, header, menu, status line, shortcuts.
import { button, el, setAttr, setText, show, update } from './dom.js';
import { begin, freeze, known, link, login, logout, now, onChange, session, token } from './live.js';
import { campaignList, campaignView, nameOf, overview, percentOf } from './views.js';
import { duration, inUTC, t, time, useLanguage, words, zoneName } from './words.js';

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

let isFirst = true;
let view = null;
let shownHash = null;

/** Goes to a view, such as `#/campaigns`. */
export function go(hash) {
  location.hash = hash;
}

/** Changes the address without a step in the history; the view has changed already. */
export function replaceAddress(hash) {
  shownHash = hash;
  history.replaceState(null, '', hash);
}

/** What the fragment asks for: the view's path, `id` of a campaign, and the parameters. */
function route() {
  const [path, query] = location.hash.slice(1).split('?');
  const [, name, id] = path.split('/');
  return { path, name, id, params: new URLSearchParams(query) };
}

async function makeView({ name, id, params }) {
  if (name === 'campaigns') return id ? campaignView(id, params) : campaignList(params);
  if (name === 'new' && session.can_write) return (await import('./compose.js')).newView(params);
  return overview();
}

async function navigate() {
  if (!session.version || location.hash === shownHash) return;
  const wanted = route();
  if (view?.path === wanted.path && view.setParams) {
    shownHash = location.hash;
    view.setParams(wanted.params);
    return;
  }
  if (view && await view.leave?.() === false) {
    history.replaceState(null, '', shownHash);
    return;
  }
  shownHash = location.hash;
  setTitle(null);
  view = { ...await makeView(wanted), path: wanted.path };
  main.replaceChildren(view.node);
  markPlace(wanted.name ?? '');
  if (!isFirst) focusHeading();
  isFirst = false;
}

function focusHeading() {
  scrollTo(0, 0);
  const heading = main.querySelector('h1');
  setAttr(heading, 'tabindex', '-1');
  heading?.focus({ preventScroll: true });
}

/** Shows a campaign's progress in the tab's title, or the instance alone. */
export function setTitle(campaign) {
  const title = session.title || (session.version ? `App ${session.sdk_app_id}` : 'fanoutd');
  const text = campaign ? `${percentOf(campaign)} ${nameOf(campaign)} · ${title}` : title;
  if (document.title !== text) document.title = text;
}

function rebuild() {
  view?.leave?.();
  view = shownHash = null;
  header.querySelector('.bar-end')?.remove();
  header.querySelector('nav')?.remove();
  makeHeader();
  if (session.version) navigate();
}

/* ---- Header ---- */

const parts = {};

function makeHeader() {
  setText(document.querySelector('.skip'), t('app.skip'));
  const links = [['', 'nav.overview'], ['campaigns', 'nav.campaigns'], ['new', 'nav.new']];
  parts.nav = el('nav', { 'aria-label': t('nav.label') }, links.map(([path, key]) =>
    el('a', { href: `#/${path}`, 'data-path': path }, t(key))));
  parts.simulator = el('span', { class: 'tag' }, t('app.simulator'));
  parts.state = el('span', { class: 'state', 'data-field': 'state' });
  parts.live = el('span', { class: 'live' });
  parts.freeze = button('', () => freeze(link.state !== 'paused'), { class: 'quiet freeze' });
  parts.zone = el('span', { class: 'zone' });
  parts.caller = el('span', { class: 'caller' });
  parts.menu = makeMenu();
  parts.end = el('div', { class: 'bar-end' }, parts.simulator, parts.state,
    el('span', { class: 'link' }, parts.live, parts.freeze),
    el('span', { class: 'who' }, parts.zone, parts.caller), parts.menu);
  header.append(parts.nav, parts.end);
  parts.lines ??= makeLines();
  drawSession();
  drawQuota();
  drawLink();
}

function makeLines() {
  parts.config = el('p', { class: 'line', hidden: true, 'data-field': 'config_error' });
  parts.fault = el('p', { class: 'line', hidden: true });
  parts.updated = el('p', { class: 'line', hidden: true }, t('app.updated'), ' ',
    button(t('app.reload'), () => location.reload(), { class: 'small' }));
  const lines = el('div', {}, parts.fault, parts.config, parts.updated);
  header.after(lines);
  return lines;
}

function markPlace(name) {
  for (const node of parts.nav.children) {
    setAttr(node, 'aria-current', node.dataset.path === name ? 'page' : null);
  }
}

function drawSession() {
  const isKnown = Boolean(session.version);
  show(parts.nav, isKnown);
  show(parts.end, isKnown);
  show(parts.nav.lastChild, session.can_write);
  setText(document.getElementById('title'),
    session.title || (isKnown ? `App ${session.sdk_app_id}` : 'fanoutd'));
  show(parts.simulator, session.simulator);
  show(parts.logout, token());
  setText(parts.zone, zoneName());
  setText(parts.caller, session.can_write ? session.caller ?? ''
    : t('app.read_only', { caller: session.caller ?? '' }));
  show(parts.updated, link.isUpdated);
}

let lastState = null;

function drawQuota() {
  const { quota } = known;
  show(parts.state, quota);
  if (!quota) return;
  update(parts.state, quota.state, words('state', quota.state));
  update(parts.config, quota.config_error,
    quota.config_error && t('app.config_error', { error: quota.config_error }));
  show(parts.config, quota.config_error);
  if (lastState && lastState !== quota.state) {
    say(t('say.service', { state: words('state', quota.state).text }));
  }
  lastState = quota.state;
}

function drawLink() {
  setText(parts.fault, link.fault);
  show(parts.fault, link.fault);
  setText(parts.freeze, t(link.state === 'paused' ? 'app.go_on' : 'app.freeze'));
  if (link.state === 'on') return setText(parts.live, t('app.live'));
  const keys = { paused: 'app.frozen', off: link.next ? 'app.as_of' : 'app.connecting' };
  return setText(parts.live, t(link.at ? keys[link.state] : 'app.connecting', {
    time: link.at && time(new Date(link.at).toISOString(), 'clock'),
    wait: duration((link.next - Date.now()) / 1000),
  }));
}

/* ---- Menu ---- */

function makeMenu() {
  const menu = el('details', { class: 'menu' },
    el('summary', { 'aria-label': t('menu.label') }, '☰'),
    el('div', { class: 'sheet' },
      choice('theme', ['', 'light', 'dark'], localStorage.getItem('theme') ?? '', () => {
        dispatchEvent(new Event('themechange'));
      }),
      choice('lang', ['', 'en', 'zh'], localStorage.getItem('lang') ?? '', async () => {
        await useLanguage();
        rebuild();
      }),
      tick('utc', inUTC(), 'on', rebuild),
      tick('shortcuts', hasShortcuts(), 'off', () => {}),
      button(t('menu.keys'), showKeys, { class: 'quiet' }),
      parts.logout = button(t('menu.logout'), logout, { 'data-action': 'logout' })));
  menu.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    menu.open = false;
    menu.firstChild.focus();
  });
  return menu;
}

document.addEventListener('click', ({ target }) => {
  if (parts.menu?.open && !parts.menu.contains(target)) parts.menu.open = false;
});

function choice(name, values, chosen, listener) {
  const options = values.map((value) =>
    el('option', { value, selected: value === chosen }, t(`menu.${name}.${value || 'auto'}`)));
  const select = el('select', { name }, options);
  select.addEventListener('change', () => keep(name, select.value, listener));
  return el('label', {}, el('span', {}, t(`menu.${name}`)), select);
}

function tick(name, isOn, value, listener) {
  const box = el('input', { type: 'checkbox', name, checked: isOn });
  box.addEventListener('change', () => {
    keep(name, box.checked === (value === 'on') ? value : '', listener);
  });
  return el('label', {}, el('span', {}, t(`menu.${name}`)), box);
}

function keep(name, value, listener) {
  if (value) localStorage.setItem(name, value);
  else localStorage.removeItem(name);
  listener();
}

/* ---- Shortcuts ---- */

const hasShortcuts = () => localStorage.getItem('shortcuts') !== 'off';
let isAfterG = false;

document.addEventListener('keydown', (event) => {
  const isTyping = event.target.closest('input, textarea, select, dialog, [contenteditable]');
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  if (!hasShortcuts() || !session.version) return;
  const key = isAfterG ? `g ${event.key}` : event.key;
  isAfterG = key === 'g';
  const act = {
    '/': focusSearch,
    'g o': () => go('#/'),
    'g c': () => go('#/campaigns'),
    n: () => session.can_write && go('#/new'),
    '?': showKeys,
  }[key];
  if (!act) return;
  event.preventDefault();
  act();
});

async function focusSearch() {
  if (!main.querySelector('[data-search]')) {
    go('#/campaigns');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  main.querySelector('[data-search]')?.focus();
}

function showKeys() {
  const keys = ['/', 'g o', 'g c', 'n', '?'];
  const dialog = el('dialog', { class: 'keys', 'aria-labelledby': 'keys-title' },
    el('h2', { id: 'keys-title' }, t('keys.title')),
    el('dl', {}, keys.map((key) => [
      el('dt', {}, key.split(' ').map((part) => el('kbd', {}, part))),
      el('dd', {}, t(`keys.${key}`))])),
    el('form', { method: 'dialog' }, el('button', {}, t('app.close'))));
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/* ---- Login ---- */

function showLogin() {
  if (main.querySelector('form.login')) return;
  view?.leave?.();
  view = shownHash = lastState = link.fault = null;
  isFirst = false;
  setTitle(null);
  drawSession();
  main.replaceChildren(loginForm());
  main.querySelector('input').focus();
}

function loginForm() {
  const isLocal = /^(localhost|127\..*|\[::1\])$/.test(location.hostname);
  const fault = el('p', { id: 'login-fault', class: 'fault', hidden: true });
  const input = el('input', { type: 'password', name: 'token', autocomplete: 'current-password',
    required: true, 'aria-describedby': 'login-help login-fault', spellcheck: 'false' });
  const submit = el('button', { class: 'primary', 'data-action': 'login' }, t('login.submit'));
  const form = el('form', { class: 'login card', method: 'post' },
    el('h1', {}, t('login.title', { host: location.host })),
    el('label', {}, el('span', {}, t('login.token')), input), fault,
    el('p', { id: 'login-help', class: 'muted' }, t('login.help')),
    location.protocol === 'http:' && !isLocal && el('p', { class: 'line' }, t('login.plain')),
    submit);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    submit.disabled = true;
    try {
      await login(input.value.trim());
    } catch (problem) {
      setText(fault, problem.status === 401 ? t('login.wrong') : problem.message);
      show(fault, true);
      input.select();
      input.focus();
    } finally {
      submit.disabled = false;
    }
  });
  return form;
}

/* ---- Start ---- */

let lostTimer = null;
let isLost = false;

function tellLink() {
  drawLink();
  if (link.state === 'off' && session.version && !document.hidden) {
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
  onChange('session', () => {
    drawSession();
    navigate();
  });
  onChange('login', showLogin);
  onChange('link', tellLink);
  onChange('quota', drawQuota);
  onChange('tick', drawLink);
  addEventListener('hashchange', navigate);
  begin();
}

start();
