// What the daemon says: requests, the token, the stream of events, and the copy they keep.
import { t } from './words.js';

const base = new URL('.', document.baseURI);
const place = `token ${base.pathname}`;
const channel = new BroadcastChannel(`fanoutd ${base.pathname}`);

export const apiURL = (path) => new URL(path, base).href;

/** A refusal by the daemon, or an answer that didn't come (`status` 0). */
export class Problem extends Error {
  constructor(status, { title, detail, errors = [] }) {
    super(detail ?? title ?? `HTTP ${status}`);
    Object.assign(this, { status, errors });
  }
}

/* ---- Who listens ---- */

const listeners = new Map();

/**
 * Calls `listener` whenever a subject changed, and returns what ends that. Subjects: `opened` (all
 * is to be fetched anew), `link`, `session`, `login`, `quota`, `minute`, `campaigns` (told the set
 * of ids), `campaign ID`, `deleted` (told the id), `totals` (a campaign's state is another), and
 * `tick`, once a second.
 */
export function onChange(subject, listener) {
  if (!listeners.has(subject)) listeners.set(subject, new Set());
  listeners.get(subject).add(listener);
  return () => listeners.get(subject).delete(listener);
}

function emit(subject, value) {
  for (const listener of [...listeners.get(subject) ?? []]) listener(value);
}

setInterval(() => document.hidden || emit('tick'), 1000);

// Bursts are drawn once a frame and at most four times a second.
const drawnEvery = 250;
let changes = new Map();
let lastDrawn = 0;

function changed(subject, value) {
  if (changes.size === 0) {
    const wait = Math.max(0, lastDrawn + drawnEvery - performance.now());
    setTimeout(() => requestAnimationFrame(draw), wait);
  }
  changes.set(subject, value);
}

function draw() {
  const drawn = changes;
  changes = new Map();
  lastDrawn = performance.now();
  for (const change of drawn) emit(...change);
}

/* ---- What is known ---- */

/** The answer of `v1/session`, empty before it. */
export const session = {};

/** The last quota and running minute, null before there is one. */
export const known = { quota: null, minute: null };

/** Whether this node stands by, while another one leads. */
export const isStandby = () => known.quota?.cluster?.role === 'standby';

/** Campaigns as last heard of, by id; those that changed last stay. */
export const campaigns = new Map();
const campaignLimit = 400;

/**
 * How the stream is: `on`, `off` or `paused`, when it last was on, when it is tried again, and why
 * the daemon refuses it.
 */
export const link = { state: 'off', at: null, next: null, fault: null, isUpdated: false };

let clockOffset = 0;
let pageVersion;

/** The daemon's clock, in milliseconds. */
export const now = () => Date.now() + clockOffset;

// When each campaign of an answer was asked for.
const askedAt = new WeakMap();
const doubtWait = 1000;

/** Takes a campaign from an answer or an event into the copy, which keeps a message it has. */
export function remember(news) {
  const { message, ...campaign } = news;
  const whole = { ...campaigns.get(campaign.id), ...campaign };
  if (message) whole.message = message;
  // An event that overtook the answer had the last word, unless another one follows.
  if (whole.heardAt > askedAt.get(news)) setTimeout(settle, doubtWait, whole);
  campaigns.delete(campaign.id);
  campaigns.set(campaign.id, whole);
  if (campaigns.size > campaignLimit) campaigns.delete(campaigns.keys().next().value);
  tellCampaign(campaign.id);
  return whole;
}

function settle({ id, heardAt }) {
  if (campaigns.get(id)?.heardAt === heardAt) ask(`v1/campaigns/${id}`).then(remember, () => {});
}

export function rememberQuota(quota) {
  known.quota = quota;
  changed('quota');
}

function tellCampaign(id) {
  changed('campaigns', (changes.get('campaigns') ?? new Set()).add(id));
  changed(`campaign ${id}`);
}

function setLink(values) {
  Object.assign(link, values);
  document.documentElement.dataset.live = link.state;
  emit('link');
}

/* ---- Requests ---- */

let freeRequests = 2;
const waiting = [];

const isPlain = (body) => body !== undefined && typeof body !== 'string' && !(body instanceof Blob);

async function send(path, { method, body, headers, signal }) {
  const all = { ...headers };
  const mine = token();
  if (mine) all.Authorization = `Bearer ${mine}`;
  if (isPlain(body)) all['Content-Type'] = 'application/json';
  let response;
  try {
    response = await fetch(apiURL(path), { method, signal, cache: 'no-store', headers: all,
      body: isPlain(body) ? JSON.stringify(body) : body });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Problem(0, { detail: t('problem.unreachable') });
  }
  if (response.ok) return response;
  if (response.status === 401 && token() === mine) logIn();
  throw new Problem(response.status, await response.json().catch(() => ({})));
}

/** Asks the daemon: JSON as a value, anything else as text; a refusal is thrown as a `Problem`. */
export async function ask(path, options = {}) {
  if (freeRequests === 0) await new Promise((resolve) => waiting.push(resolve));
  else freeRequests -= 1;
  try {
    const asked = performance.now();
    const response = await send(path, options);
    const text = await response.text();
    if (!/json/.test(response.headers.get('Content-Type'))) return text;
    const answer = JSON.parse(text);
    for (const each of [answer, ...answer?.items ?? []]) if (each?.counts) askedAt.set(each, asked);
    return answer;
  } finally {
    if (waiting.length) waiting.shift()();
    else freeRequests += 1;
  }
}

/* ---- The token ---- */

/** The token of this tab, or null. */
export const token = () => sessionStorage.getItem(place);

/** Takes a token and says whether the daemon knows it; a wrong one is thrown as a `Problem`. */
export async function login(text) {
  sessionStorage.setItem(place, text);
  await loadSession();
  follow();
}

/** Forgets the token, in all tabs. */
export function logout() {
  channel.postMessage({ logout: true });
  logIn();
}

function logIn() {
  sessionStorage.removeItem(place);
  isWanted = false;
  stopStream();
  for (const name of Object.keys(session)) delete session[name];
  campaigns.clear();
  Object.assign(known, { quota: null, minute: null });
  emit('login');
}

channel.addEventListener('message', ({ data }) => {
  if (data.logout && token()) logIn();
  if (data.wanted && token()) channel.postMessage({ token: token() });
  if (data.token && !token()) accept(data.token);
});

function accept(text) {
  sessionStorage.setItem(place, text);
  stopStream();
  follow();
}

function takeFromAddress() {
  const [, found] = /^#token=(.+)$/.exec(location.hash) ?? [];
  if (!found) return;
  history.replaceState(null, '', '#/');
  accept(decodeURIComponent(found));
}

addEventListener('hashchange', takeFromAddress);

const tabsAnswerWithin = 150;

/** Finds a token and follows the daemon, which asks for a login where that is needed. */
export function begin() {
  takeFromAddress();
  if (token()) return follow();
  channel.postMessage({ wanted: true });
  return setTimeout(follow, tabsAnswerWithin);
}

async function loadSession() {
  const asked = Date.now();
  const [answer] = await Promise.all([ask('v1/session'), ask('v1/quota').then(rememberQuota)]);
  clockOffset = Date.parse(answer.now) - (asked + Date.now()) / 2;
  pageVersion ??= answer.version;
  link.isUpdated = answer.version !== pageVersion;
  Object.assign(session, answer);
  emit('session');
}

/* ---- The stream ---- */

const silenceLimit = 40_000;
const hiddenLimit = 60_000;
const standbyWait = 5000;
let stream = null;
let attempts = 0;
let isWanted = false;
let retryTimer;
let hiddenTimer;

/**
 * Opens the stream, unless there is one, and then says that all is to be fetched. A standby has
 * none: it is asked again until it leads.
 */
async function follow() {
  clearTimeout(retryTimer);
  isWanted = true;
  if (stream || link.state === 'paused') return;
  const mine = new AbortController();
  stream = mine;
  setLink({ next: null });
  try {
    await loadSession();
    if (isStandby()) {
      setLink({ at: now(), fault: null });
      return;
    }
    const response = await send('v1/events?snapshot=false&message=false', { signal: mine.signal });
    attempts = 0;
    setLink({ state: 'on', at: now(), fault: null });
    campaigns.clear();
    emit('opened');
    await read(response.body.pipeThrough(new TextDecoderStream()).getReader(), mine);
  } catch (error) {
    if (!(error instanceof Problem || error.name === 'AbortError')) throw error;
    if (error.status !== 401) link.fault = error.status || !session.version ? error.message : null;
  } finally {
    if (stream === mine) tryAgain(mine);
  }
}

function tryAgain(mine) {
  mine.abort();
  stream = null;
  const longest = isStandby() ? standbyWait : 30_000;
  const wait = Math.min(longest, 1000 * 2 ** attempts) * (0.75 + Math.random() / 2);
  attempts += 1;
  setLink({ state: 'off', next: Date.now() + wait });
  retryTimer = setTimeout(follow, wait);
}

async function read(reader, mine) {
  let rest = '';
  let silence;
  try {
    for (;;) {
      clearTimeout(silence);
      silence = setTimeout(() => mine.abort(), silenceLimit);
      const { done, value } = await reader.read().catch(() => ({ done: true }));
      if (done || stream !== mine) return;
      link.at = now();
      const blocks = (rest + value).split('\n\n');
      rest = blocks.pop();
      for (const block of blocks) take(block);
    }
  } finally {
    clearTimeout(silence);
  }
}

function take(block) {
  const [, event] = /^event: ?(.*)$/m.exec(block) ?? [];
  if (!event) return;
  const data = JSON.parse(block.match(/(?<=^data: ?).*/gm).join('\n'));
  if (event === 'campaign') {
    if (campaigns.get(data.id)?.state !== data.state) changed('totals');
    remember({ ...data, heardAt: performance.now() });
  } else if (event === 'deleted') {
    campaigns.delete(data.id);
    changed('totals');
    tellCampaign(data.id);
    emit('deleted', data.id);
  } else if (event === 'quota') rememberQuota(data);
  else if (event === 'minute') {
    known.minute = data;
    changed('minute');
  }
}

function stopStream(state = 'off') {
  clearTimeout(retryTimer);
  stream?.abort();
  stream = null;
  setLink({ state, next: null });
}

/** Freezes the numbers, or lets them go on. */
export function freeze(isFrozen) {
  stopStream(isFrozen ? 'paused' : 'off');
  if (!isFrozen) follow();
}

function tryNow() {
  if (document.hidden || !isWanted) return;
  attempts = 0;
  follow();
}

/** Closes the stream of a tab that stays hidden: a browser opens only six to one origin. */
function watchVisibility() {
  clearTimeout(hiddenTimer);
  if (!document.hidden) tryNow();
  else hiddenTimer = setTimeout(() => link.state !== 'paused' && stopStream(), hiddenLimit);
}

addEventListener('online', tryNow);
document.addEventListener('visibilitychange', watchVisibility);
watchVisibility();
