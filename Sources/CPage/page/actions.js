// What people may do to a campaign and to the service, and the questions that come before.
import {
  bdi, bind, button, el, field, keyed, labelled, muted, setAttrs, setText, show, slot, update,
} from './charts.js';
import { ask, campaigns, known, now, onChange, remember, rememberQuota, session } from './live.js';
import { dayName, duration, inUTC, number, t, time, week, words, zoneName } from './words.js';
import { go, say } from './app.js';
import { exportButtons, isOver, mayRetry, settingTexts } from './views.js';

// The second click of a hurried double click must not confirm.
const armsAfter = 1000;
const typedFrom = 1000;
const codesAtOnce = 100;
const jobs = {
  check: ['present', 'missing', 'unclear'],
  verify: ['found', 'absent', 'unclear'],
  recall: ['recalled', 'missing', 'failed'],
};

const isIn = (...states) => ({ state }) => states.includes(state);
const isDraft = isIn('draft');
const isHalted = isIn('halted');
const isStill = isIn('paused', 'halted');
const isBusy = (job) => Boolean(job) && isIn('running', 'waiting')(job);
const busyJob = (campaign) => Object.keys(jobs).find((name) => isBusy(campaign[name]));
const isFilled = (c) => isDraft(c) && c.counts.total > 0 && !busyJob(c);
const waiting = ({ counts }) => counts.queued + counts.retrying;
const total = ({ counts }) => counts.total;
const canRetry = (c) => mayRetry(c)
  && c.counts.failed + c.counts.unknown + c.counts.suppressed > 0;
const canRecall = (c) => (isOver(c) || isStill(c)) && c.counts.sent > 0 && !busyJob(c)
  && c.message?.OnlineOnlyFlag !== 1 && c.message?.MsgLifeTime !== 0;

const stateOf = ({ state }) => words('state', state).text;
export const sayState = (subject) => t('said.now', { state: stateOf(subject) });
const sayCount = (verb, n) => `${t(`act.${verb}`)}: ${number(n)}`;

/** Posts to a campaign, whose state in the answer is shown at once. */
export async function post({ id }, verb, body, method = 'POST') {
  const answer = await ask(`v1/campaigns/${id}${verb && `/${verb}`}`, { method, body });
  return answer.counts ? remember(answer) : answer;
}

const does = (verb) => (campaign) => post(campaign, verb).then(sayState);

const doesAll = (verb) => async () => {
  rememberQuota(await ask(`v1/${verb}`, { method: 'POST' }));
  return sayState(known.quota);
};

/** Lines, of which those that are false or empty are left out. */
export function drawLines(node, lines) {
  keyed(node, [...lines.filter(Boolean).entries()], ([at]) => at, () => el('p'),
    (row, [, line]) => setText(row, line));
}

/**
 * A place for refusals: faults stand beside the fields, which are given by their pointers, the
 * others in the box. `during` shows what a deed throws; `draw` is called as `isOut` changes.
 */
export function problemBox(fields = () => ({}), draw = () => {}) {
  const box = el('div', { class: 'problem', role: 'alert', hidden: true });
  const besides = new Map();
  const isBeside = ({ pointer, detail }) => {
    const inputs = fields();
    const key = Object.keys(inputs).filter((one) => pointer.startsWith(one, 1)).sort().pop();
    if (key === undefined) return false;
    const fault = el('span', { class: 'fault', lang: 'en' }, detail);
    setAttrs(inputs[key], { 'aria-invalid': 'true' });
    inputs[key].after(fault);
    besides.set(fault, inputs[key]);
    return true;
  };
  box.clear = () => {
    show(box, false);
    box.replaceChildren();
    for (const [fault, input] of besides) {
      setAttrs(input, { 'aria-invalid': null });
      fault.remove();
    }
    besides.clear();
  };
  box.tell = ({ message, status, errors = [] }) => {
    box.clear();
    const others = errors.filter((error) => !isBeside(error));
    const lines = [message, ...others.map(({ pointer, detail }) => `${pointer}: ${detail}`)];
    box.append(...lines.map((line) => el('p', { lang: status > 0 ? 'en' : null }, line)));
    show(box, true);
  };
  box.during = async (deed) => {
    box.clear();
    box.isOut = true;
    draw();
    await deed().catch(box.tell);
    box.isOut = false;
    draw();
  };
  return box;
}

/* ---- Buttons ---- */

/** The buttons that a campaign's state or the service's allows. */
export const campaignActions = (campaign) => actionRow(campaign, {
  start: [isFilled, askStart],
  pause: [isIn('running', 'scheduled'), pause],
  resume: [(c) => isStill(c) && !isBusy(c.recall), resumes('ask.same_message', does('resume'))],
  retry: [canRetry, (c) => retryDialog(c)],
  cancel: [(c) => !isOver(c), askCancel],
  delete: [(c) => (isDraft(c) || isOver(c)) && !busyJob(c), askDelete],
  fill: [isDraft, ({ id }) => go(`#/new?draft=${id}`)],
  clone: [() => true, ({ id }) => go(`#/new?from=${id}`)],
});

export const serviceActions = (quota) => actionRow(quota, {
  pause: [(q) => !isStill(q), doesAll('pause'), 'act.pause_all'],
  resume: [isStill, resumes('ask.same_credentials', doesAll('resume')), 'act.resume_all'],
});

/**
 * One button for each action whose condition holds: name to condition, deed and words. The deed
 * gets the subject, and what a question is to know of its action.
 */
function actionRow(subject, actions) {
  const buttons = el('div', { class: 'buttons' });
  const said = el('p', { hidden: true });
  const problem = problemBox(undefined, () => draw());
  const node = el('div', { class: 'acts' }, buttons, said, problem);
  let saidIn = null;
  let focused = null;
  const make = (name) => button(t(actions[name][2] ?? `act.${name}`), () => run(name), {
    'data-action': name, class: ['cancel', 'delete'].includes(name) ? 'danger' : null,
  });
  const draw = () => {
    if (buttons.contains(document.activeElement)) focused = document.activeElement.dataset.action;
    const names = Object.keys(actions).filter((name) => actions[name][0](subject));
    keyed(buttons, session.can_write ? names : [], (name) => name, make, (made) => {
      made.disabled = problem.isOut;
    });
    // A button that is off or gone loses the focus, which goes to what stands in its place.
    if (focused && document.activeElement === document.body) {
      (buttons.querySelector(`[data-action=${focused}]`) ?? buttons.firstChild)?.focus();
    }
    if (!problem.isOut) focused = null;
  };
  const run = (action) => {
    const [holds, deed] = actions[action];
    return problem.during(async () => {
      const sentence = await deed(subject, { action, holds });
      setText(said, sentence);
      show(said, sentence);
      if (sentence) say(sentence);
      saidIn = null;
    });
  };
  node.update = (next) => {
    subject = next;
    // What was said holds until the state is another one.
    saidIn ??= next.state;
    if (saidIn !== next.state) show(said, false);
    draw();
  };
  draw();
  return node;
}

async function pause(campaign) {
  const next = await post(campaign, 'pause');
  return next.counts.sending > 0 ? t('said.pause', { n: next.counts.sending }) : sayState(next);
}

/** Resumes what is paused at once, and what is halted after its reason was read. */
const resumes = (key, run) => (subject, action) => isHalted(subject) ? question(subject, {
  ...action,
  lines: ({ reason }) => [reason && words('code', reason.code, reason.text), t(key)],
  run,
}) : run(subject);

async function askStart(campaign, action) {
  const plan = await outlook(campaign);
  return question(campaign, {
    ...action,
    lines: (c) => startLines(total(c), plan, c.start_at),
    count: total,
    run: does('start'),
  });
}

const askCancel = (campaign, action) => question(campaign, {
  ...action,
  isDanger: true,
  lines: (c) => [
    t('ask.never', { n: waiting(c) }),
    c.counts.sending > 0 && t('ask.under_way', { n: c.counts.sending }),
    c.counts.sent > 0 && t('ask.have', { n: c.counts.sent }),
    t('ask.no_undo'),
  ],
  count: waiting,
  run: does('cancel'),
});

const askDelete = (campaign, action) => question(campaign, {
  ...action,
  isDanger: true,
  lines: (c) => [t('ask.removed', { n: total(c) }), t('ask.no_undo')],
  extra: total(campaign) > 0
    && el('div', { class: 'buttons' }, t('act.export'), exportButtons(campaign.id)),
  count: total,
  run: async (c) => {
    await post(c, '', undefined, 'DELETE');
    go('#/campaigns');
    return t('said.delete', { name: c.name || c.id });
  },
});

/* ---- Questions ---- */

/**
 * Asks in a dialog whose figures stay live, and which closes when it no longer `holds`. Resolves
 * to the sentence that `run` gives, or null.
 */
function question(subject, {
  action, title = `act.${action}`, holds = () => true, isDanger, lines, count, run, extra, fields,
  focus, isBlocked = () => false,
}) {
  const end = isDanger && subject.id && total(subject) >= typedFrom ? subject.id.slice(-4) : null;
  const typed = el('input', { name: 'end', size: 6, autocomplete: 'off', spellcheck: 'false' });
  const text = el('div', { class: 'figures' });
  const problem = problemBox(() => fields ?? {}, () => draw());
  const keep = button(t('act.keep'), () => dialog.close());
  const verb = el('button', { 'data-action': action, class: isDanger ? 'danger' : 'primary' });
  const form = el('form', {}, el('h2', { id: 'question' }, t(title)),
    subject.name && muted(bdi(subject.name)), text, extra,
    end && labelled(t('ask.type', { end }), typed),
    problem, el('div', { class: 'buttons' }, keep, verb));
  const dialog = el('dialog', { 'aria-labelledby': 'question' }, form);
  let isArmed = Boolean(focus);
  let answer = null;

  const draw = () => {
    drawLines(text, lines(subject));
    setText(verb, count ? sayCount(action, count(subject)) : t(`act.${action}`));
    const { isOut } = problem;
    keep.disabled = isOut;
    verb.disabled = isOut || !isArmed || isBlocked() || (end && typed.value.trim() !== end);
  };
  const close = (sentence) => {
    answer = sentence;
    dialog.close();
  };
  const changed = () => {
    const next = subject.id ? campaigns.get(subject.id) : known.quota;
    subject = next ?? subject;
    if (problem.isOut) return;
    if (next && holds(next)) draw();
    else close(next ? t('said.moot', { state: stateOf(next) }) : t('said.gone'));
  };
  const arm = () => {
    isArmed = true;
    draw();
  };
  dialog.addEventListener('cancel', (event) => problem.isOut && event.preventDefault());
  form.addEventListener('input', draw);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    problem.during(async () => close(await run(subject)));
  });
  const forget = onChange(subject.id ? `campaign ${subject.id}` : 'quota', changed);
  const arming = setTimeout(arm, armsAfter);
  document.body.append(dialog);
  draw();
  dialog.showModal();
  (focus ?? keep).focus();
  return new Promise((resolve) => dialog.addEventListener('close', () => {
    clearTimeout(arming);
    forget();
    dialog.remove();
    if (answer) say(answer);
    resolve(answer);
  }));
}

const weights = { high: 16, normal: 4, low: 1 };

/** How long a draft takes beside the campaigns that run now, and how many these are. */
export async function outlook(campaign) {
  const { priority, counts, messages_per_minute: cap, message, send_between } = campaign;
  const { items } = await ask('v1/campaigns?state=running&limit=1000&message=false');
  const { messages_per_minute: limit } = known.quota ?? await ask('v1/quota');
  const levels = new Set([priority, ...items.map((item) => item.priority)]);
  const sum = [...levels].reduce((all, level) => all + weights[level], 0);
  const peers = items.filter((item) => item.priority === priority).length + 1;
  const share = limit * weights[priority] / sum / peers;
  const minutes = counts.total / Math.min(share, cap ?? Infinity);
  const others = items.length;
  if (!send_between) return { seconds: Math.max(1, 60 * minutes), others };
  // Hours in which nothing goes out are the daemon's to count.
  const { seconds } = await ask('v1/plan', { method: 'POST',
    body: { message, count: counts.total, mean_account_bytes: 16, send_between } });
  return { seconds: Math.max(seconds, 60 * minutes), others };
}

export function endOf({ seconds }, startAt) {
  const begin = Math.max(now(), startAt ? Date.parse(startAt) : 0);
  return time(new Date(begin + seconds * 1000).toISOString());
}

export const startLines = (n, plan, startAt) => [
  t('start.line', { n, duration: duration(plan.seconds), time: endOf(plan, startAt) }),
  plan.others > 0 && t('start.others', { n: plan.others }),
];

/* ---- Retry ---- */

/** Asks who goes again; `codes` are ticked, else those that may pass. */
export function retryDialog(campaign, codes) {
  const list = el('ul', { class: 'ticks' });
  const ticked = () => [...list.querySelectorAll(':checked')].map(({ value }) => value);
  const isTicked = ({ code, may_pass: mayPass }) => (codes ? codes.includes(code) : mayPass);
  const draw = (c) => keyed(list, retryRows(c), ({ value }) => value,
    (row) => retryTick(row, isTicked(row)),
    (node, { count }) => update(node.lastChild, count, number(count)));
  const count = (c) => retryRows(c).filter(({ value }) => ticked().includes(value))
    .reduce((sum, row) => sum + row.count, 0);
  const again = (c, n) => {
    const limit = Math.min(known.quota?.messages_per_minute ?? Infinity,
      c.messages_per_minute ?? Infinity);
    return t('ask.again', { n, duration: duration(Math.max(1, n / limit * 60)) });
  };
  return question(campaign, {
    action: 'retry',
    holds: canRetry,
    extra: list,
    isBlocked: () => ticked().length === 0,
    lines: (c) => {
      draw(c);
      const unknown = ticked().includes('unknown') && c.counts.unknown;
      return [again(c, count(c)), unknown && t('ask.twice', { n: unknown })];
    },
    count,
    run: async (c) => again(c, await requeue(c, ticked())),
  });
}

function retryRows({ counts, failures }) {
  const rows = failures.map((failure) => ({ ...failure, value: String(failure.code) }));
  for (const value of ['unknown', 'suppressed']) rows.push({ value, count: counts[value] });
  return rows.filter(({ count }) => count > 0);
}

function retryTick({ value, code, text, may_pass: mayPass }, isChecked) {
  const tick = el('input', { type: 'checkbox', name: 'retry', value, checked: isChecked });
  const shown = code === undefined
    ? [words('status', value), el('small', {}, t(`retry.${value}`))]
    : [`${code} `, words('code', code, text),
      el('small', {}, t(`failures.${mayPass ? 'passes' : 'final'}`))];
  return el('li', {}, el('label', { class: 'tick' }, tick, el('span', {}, shown)),
    field(`${code === undefined ? 'counts' : 'failures'}.${value}`));
}

/** Failed ones go by code and the others by status, so these are requests of their own. */
async function requeue(campaign, values) {
  const codes = values.map(Number).filter(Number.isInteger);
  const status = values.filter((value) => Number.isNaN(Number(value)));
  const bodies = status.length > 0 ? [{ status }] : [];
  for (let at = 0; at < codes.length; at += codesAtOnce) {
    bodies.push({ status: ['failed'], codes: codes.slice(at, at + codesAtOnce) });
  }
  let requeued = 0;
  for (const body of bodies) requeued += (await post(campaign, 'retry', body)).requeued;
  return requeued;
}

/* ---- Settings ---- */

export function editSettings(campaign) {
  const { node, fields, read } = settingsForm(campaign);
  const changes = () => Object.entries(read())
    .filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(campaign[name] ?? null));
  return question(campaign, {
    action: 'save',
    title: 'settings.title',
    extra: node,
    fields,
    focus: fields.name,
    isBlocked: () => changes().length === 0,
    lines: () => changes().map(([name, value]) => {
      const [old, next] = [campaign[name], value].map((one) => settingText(name, one));
      return `${t(`settings.${name}`)}: ${old} → ${next}`;
    }),
    count: () => changes().length,
    run: async (c) => {
      await post(c, '', Object.fromEntries(changes()), 'PATCH');
      return t('said.save');
    },
  });
}

function settingText(name, value) {
  if (name in settingTexts) return settingTexts[name](value);
  if (!value) return '–';
  return name === 'name' ? value : time(value);
}

/** The settings as fields by name, those that can be set; `read` gives their values. */
export function settingsForm(settings) {
  const isNew = settings.id === undefined;
  const input = (name, props) => el('input', { name, value: settings[name], ...props });
  const select = (name, values) => el('select', { name }, values.map((value) =>
    el('option', { value, selected: value === (settings[name] ?? '') }, settingTexts[name](value))));
  const unset = isNew ? [''] : [];
  const inputs = [
    input('name', { maxlength: 200 }),
    select('priority', [...unset, 'high', 'normal', 'low']),
    input('messages_per_minute', { type: 'number', min: 1 }),
    !settings.started_at && timeInput('start_at', settings.start_at),
    timeInput('expires_at', settings.expires_at),
    isNew && select('on_unknown', ['', 'resend', 'leave', 'verify']),
    hoursInput(settings.send_between),
  ].filter(Boolean);
  const valueOf = (node) => {
    if (node.read) return node.read();
    if (node.type === 'number') return node.value === '' ? null : Number(node.value);
    return node.value || (node.name === 'name' ? '' : null);
  };
  return {
    node: el('div', { class: 'fields' }, inputs.map((node) =>
      (node.matches('fieldset') ? node : labelled(t(`settings.${node.name}`), node, node.note)))),
    fields: Object.fromEntries(inputs.map((node) => [node.name, node])),
    read: () => Object.fromEntries(inputs.map((node) => [node.name, valueOf(node)])),
  };
}

/** A moment as a field in the zone in force; below it both zones and how far off it is. */
function timeInput(name, iso = null) {
  const utc = inUTC() ? 'Z' : '';
  const date = new Date(iso);
  const local = new Date(date - (utc ? 0 : date.getTimezoneOffset() * 60_000));
  const value = iso && local.toISOString().slice(0, 16);
  const node = el('input', { type: 'datetime-local', name, value });
  node.note = el('small');
  node.read = () => {
    if (node.value === (value ?? '')) return iso;
    return node.value ? new Date(node.value + utc).toISOString() : null;
  };
  const draw = () => {
    const at = node.read();
    const seconds = (Date.parse(at) - now()) / 1000;
    setText(node.note, at && t(seconds > 0 ? 'settings.ahead' : 'settings.past', {
      time: `${time(at)} ${zoneName(new Date(at))}`,
      utc: at.slice(0, 16).replace('T', ' '), duration: duration(Math.abs(seconds)),
    }));
  };
  node.addEventListener('input', draw);
  draw();
  return node;
}

/** The hours of the day in which calls go out; without both times there are none. */
function hoursInput(hours) {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const input = (name, value, props) => el('input', { name, value, ...props });
  const [from, to] = ['from', 'to'].map((name) => input(name, hours?.[name], { type: 'time' }));
  const zone = input('time_zone', hours?.time_zone ?? here, { list: 'zones', spellcheck: 'false' });
  const days = week.map((value) => input('days', value,
    { type: 'checkbox', checked: hours?.days.includes(value) ?? true }));
  const node = el('fieldset', { name: 'send_between', class: 'hours' },
    el('legend', {}, t('settings.send_between')), labelled(t('hours.from'), from),
    labelled(t('hours.to'), to), labelled(t('hours.time_zone'), zone),
    el('datalist', { id: 'zones' }, (Intl.supportedValuesOf?.('timeZone') ?? [])
      .map((value) => el('option', { value }))),
    el('div', {}, days.map((day) => el('label', { class: 'tick' }, day, dayName(day.value)))));
  node.read = () => (from.value && to.value ? { from: from.value, to: to.value,
    time_zone: zone.value, days: days.filter((day) => day.checked).map((day) => day.value) } : null);
  return node;
}

/* ---- Jobs ---- */

/** A campaign's jobs as they go, and those that it allows. */
export function jobPanel(campaign) {
  const list = el('div');
  const start = (c, { action }) =>
    post(c, action).then((next) => sayCount(action, next[action].total));
  const row = actionRow(campaign, {
    check: [isFilled, start],
    verify: [(c) => c.counts.unknown > 0 && !busyJob(c), start],
    recall: [canRecall, askRecall],
    stop: [busyJob, stopJob],
  });
  const node = el('section', { class: 'card' }, el('h2', {}, t('job.title')), list, row);
  node.update = (next) => {
    const names = Object.keys(jobs).filter((name) => next[name]);
    keyed(list, names, (name) => name, jobRow, (made) => made.update(next));
    row.update(next);
    show(node, names.length > 0 || row.querySelector('button'));
  };
  node.update(campaign);
  return node;
}

async function stopJob(campaign) {
  const name = busyJob(campaign);
  const next = await post(campaign, name, undefined, 'DELETE');
  return t('said.stop', { n: next[name].done });
}

function askRecall(campaign, action) {
  const rate = el('input', {
    type: 'number', name: 'calls_per_second', min: 1, max: 200, placeholder: 100,
  });
  return question(campaign, {
    ...action,
    isDanger: true,
    extra: labelled(t('recall.rate'), rate),
    fields: { calls_per_second: rate },
    lines: ({ counts }) => {
      const calls = Number(rate.value) || 100;
      const values = { n: counts.sent, duration: duration(counts.sent / calls), calls };
      return [t('ask.take_back', values), t('ask.screens'), t('ask.no_undo')];
    },
    count: (c) => c.counts.sent,
    run: async (c) => {
      const body = rate.value ? { calls_per_second: Number(rate.value) } : undefined;
      const { recall } = await post(c, 'recall', body);
      return sayCount('recall', recall.total);
    },
  });
}

function jobRow(name) {
  const at = (key, tag, props) => slot(`${name}.${key}`, tag, props);
  const bar = el('progress', { max: 1, 'aria-label': t(`act.${name}`) });
  const node = el('div', { class: 'job' },
    el('h3', {}, t(`act.${name}`), ' · ', at('state')), bar,
    el('p', { class: 'results' }, el('span', {}, at('done'), ' / ', at('total')),
      jobs[name].map((key) => el('span', {}, t(`job.${key}`), ' ', at(key)))),
    at('reason.text', 'p'), at('eta', 'p', { class: 'muted' }));
  const write = bind(node, {
    [`${name}.state`]: (state) => t(state === 'running' ? 'job.running' : `state.${state}`),
    [`${name}.reason.text`]: (text) => ({ text: text ?? '', lang: 'en' }),
    [`${name}.eta`]: (eta) => eta && t('job.eta', { time: time(eta) }),
  });
  node.update = (campaign) => {
    const { done, total: all } = campaign[name];
    bar.value = all > 0 ? done / all : 1;
    write(campaign);
  };
  return node;
}
