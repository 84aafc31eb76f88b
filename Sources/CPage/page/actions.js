// What people may do to a campaign and to the service, and the questions that come before.
import { bdi, button, el, field, keyed, setText, show, update } from './dom.js';
import {
  apiURL, ask, campaigns, known, now, onChange, remember, rememberQuota, session, token,
} from './live.js';
import { duration, inUTC, number, t, time, weekday, words, zoneName } from './words.js';
import { go, say } from './app.js';

const ended = ['completed', 'canceled', 'expired'];
// The second click of a hurried double click must not confirm.
const armsAfter = 1000;
const typedFrom = 1000;
const codesAtOnce = 100;
const jobs = {
  check: ['present', 'missing', 'unclear'],
  verify: ['found', 'absent', 'unclear'],
  recall: ['recalled', 'missing', 'failed'],
};

const pathOf = ({ id }, verb) => `v1/campaigns/${id}${verb ? `/${verb}` : ''}`;
const isBusy = (job) => job?.state === 'running' || job?.state === 'waiting';
/** The name of the job that a campaign has, if one runs. */
export const busyJob = (campaign) => Object.keys(jobs).find((name) => isBusy(campaign[name]));
const isPast = (at) => at !== null && Date.parse(at) <= now();
const lost = ({ counts }) => counts.failed + counts.unknown + (counts.suppressed ?? 0);
const waiting = ({ counts }) => counts.queued + counts.retrying;
const isLarge = ({ counts }) => counts.total >= typedFrom;
const leavesHistory = ({ message }) =>
  message?.OnlineOnlyFlag !== 1 && message?.MsgLifeTime !== 0;
const canRetry = (campaign) => campaign.state !== 'draft' && lost(campaign) > 0
  && !isPast(campaign.expires_at) && !isBusy(campaign.recall);
const canRecall = (campaign) => [...ended, 'paused', 'halted'].includes(campaign.state)
  && campaign.counts.sent > 0 && leavesHistory(campaign) && !busyJob(campaign);

/** Posts to a campaign; its state in the answer is shown at once. */
async function post(campaign, verb, body, method = 'POST') {
  const answer = await ask(pathOf(campaign, verb), { method, body });
  return answer.counts ? remember(answer) : answer;
}

const sayState = ({ state }) => t('said.now', { state: words('state', state).text });
const sayCount = (verb, n) => `${t(`act.${verb}`)}: ${number(n)}`;

async function postAll(verb) {
  rememberQuota(await ask(`v1/${verb}`, { method: 'POST' }));
  return sayState(known.quota);
}

/** A field with its words before and notes behind. */
export const labelled = (key, input, ...notes) =>
  el('label', {}, el('span', {}, t(key)), input, notes);

/* ---- Problems ---- */

/** A place for a refusal, beside the button that was pressed. */
export const problemBox = () => el('div', { class: 'problem', role: 'alert', hidden: true });

/** Shows a refusal: faults beside the fields of their pointers, the others in the box. */
export function showProblem(box, problem, fields = {}) {
  clearProblem(box, fields);
  const others = (problem.errors ?? []).filter(({ pointer, detail }) => {
    const place = Object.keys(fields).filter((key) => pointer.startsWith(key)).sort().pop();
    if (place === undefined) return true;
    fields[place].setAttribute('aria-invalid', 'true');
    fields[place].after(el('span', { class: 'fault' }, detail));
    return false;
  });
  const lines = others.map(({ pointer, detail }) => `${pointer}: ${detail}`);
  box.append(...[problem.detail ?? problem.message, ...lines].map((line) => el('p', {}, line)));
  show(box, true);
}

/** Takes away what `showProblem` showed. */
export function clearProblem(box, fields = {}) {
  show(box, false);
  box.replaceChildren();
  for (const input of Object.values(fields)) {
    input.removeAttribute('aria-invalid');
    for (const fault of input.parentElement.querySelectorAll('.fault')) fault.remove();
  }
}

/* ---- Buttons ---- */

/** The buttons that a campaign's state allows. */
export function campaignActions(campaign) {
  return actionRow(campaign, {
    start: [(c) => c.state === 'draft' && c.counts.total > 0 && !busyJob(c), askStart],
    pause: [(c) => c.state === 'running' || c.state === 'scheduled', pause],
    resume: [(c) => ['paused', 'halted'].includes(c.state) && !isBusy(c.recall), resume],
    retry: [canRetry, (c) => retryDialog(c)],
    cancel: [(c) => !ended.includes(c.state), askCancel],
    delete: [(c) => ['draft', ...ended].includes(c.state) && !busyJob(c), askDelete],
    fill: [(c) => c.state === 'draft', ({ id }) => go(`#/new?draft=${id}`)],
    clone: [() => true, ({ id }) => go(`#/new?from=${id}`)],
  });
}

/** The buttons that the service's state allows. */
export function serviceActions(quota) {
  const isStill = ({ state }) => state === 'paused' || state === 'halted';
  return actionRow(quota, {
    pause: [(q) => !isStill(q), () => postAll('pause'), 'act.pause_all'],
    resume: [isStill, resumeAll, 'act.resume_all'],
  });
}

/** One button for each action whose condition holds: name to condition, deed and words. */
function actionRow(subject, actions) {
  const buttons = el('div', { class: 'buttons' });
  const said = el('p', { class: 'said', hidden: true });
  const problem = problemBox();
  const node = el('div', { class: 'acts' }, buttons, said, problem);
  let isOut = false;
  const make = (name) => button(t(actions[name][2] ?? `act.${name}`), () => run(name), {
    'data-action': name, class: ['cancel', 'delete'].includes(name) ? 'danger' : null,
  });
  const draw = () => {
    const names = Object.keys(actions).filter((name) => actions[name][0](subject));
    keyed(buttons, session.can_write ? names : [], (name) => name, make, (made) => {
      made.disabled = isOut;
    });
  };
  const run = async (name) => {
    isOut = true;
    clearProblem(problem);
    draw();
    try {
      const sentence = await actions[name][1](subject);
      if (sentence) tell(said, sentence);
    } catch (fault) {
      showProblem(problem, fault);
    }
    isOut = false;
    draw();
    // A button that was off lost the focus, and another may stand in its place.
    if (document.activeElement !== document.body) return;
    (buttons.querySelector(`[data-action=${name}]`) ?? buttons.firstChild)?.focus();
  };
  node.update = (next) => {
    subject = next;
    draw();
  };
  draw();
  return node;
}

function tell(said, sentence) {
  setText(said, sentence);
  show(said, true);
  say(sentence);
}

async function pause(campaign) {
  const next = await post(campaign, 'pause');
  return next.counts.sending > 0 ? t('said.pause', { n: next.counts.sending }) : sayState(next);
}

async function resume(campaign) {
  const run = () => post(campaign, 'resume').then(sayState);
  if (campaign.state !== 'halted') return run();
  return question(campaign, {
    action: 'resume',
    lines: (c) => [c.reason?.text, t('ask.same_message')],
    holds: (c) => c.state === 'halted',
    run,
  });
}

async function resumeAll(quota) {
  if (quota.state !== 'halted') return postAll('resume');
  return question(quota, {
    action: 'resume',
    lines: (q) => [q.reason?.text, t('ask.same_credentials')],
    holds: (q) => q.state === 'halted',
    run: () => postAll('resume'),
  });
}

async function askStart(campaign) {
  const plan = await outlook(campaign.counts.total, campaign);
  return question(campaign, {
    action: 'start',
    lines: (c) => startLines(c.counts.total, plan, c.start_at),
    count: (c) => c.counts.total,
    holds: (c) => c.state === 'draft',
    run: (c) => post(c, 'start').then(sayState),
  });
}

function askCancel(campaign) {
  return question(campaign, {
    action: 'cancel',
    isDanger: true,
    lines: (c) => [
      t('ask.never', { n: waiting(c) }),
      c.counts.sending > 0 && t('ask.under_way', { n: c.counts.sending }),
      c.counts.sent > 0 && t('ask.have', { n: c.counts.sent }),
      t('ask.no_undo'),
    ],
    count: waiting,
    holds: (c) => !ended.includes(c.state),
    run: (c) => post(c, 'cancel').then(sayState),
  });
}

function askDelete(campaign) {
  return question(campaign, {
    action: 'delete',
    isDanger: true,
    lines: (c) => [t('ask.removed', { n: c.counts.total }), t('ask.no_undo')],
    aside: isLarge(campaign) && exportForm(campaign, {}),
    count: (c) => c.counts.total,
    holds: (c) => c.state === campaign.state,
    run: async (c) => {
      await ask(pathOf(c), { method: 'DELETE' });
      go('#/campaigns');
      return t('said.delete', { name: c.name || c.id });
    },
  });
}

/* ---- Questions ---- */

/**
 * Asks in a dialog whose figures stay live, and which closes when it no longer applies.
 * Resolves to the sentence that `run` gives, or null.
 */
export function question(subject, {
  action, isDanger, lines, count, holds, run, extra, aside, fields, focus, isBlocked = () => false,
}) {
  const end = isDanger && subject.id && isLarge(subject) ? subject.id.slice(-4) : null;
  const typed = end && el('input', {
    name: 'end', size: 6, autocomplete: 'off', spellcheck: 'false',
  });
  const text = el('div', { class: 'figures' });
  const problem = problemBox();
  const keep = button(t('act.keep'), () => dialog.close());
  const verb = el('button', { 'data-action': action, class: isDanger ? 'danger' : 'primary' });
  const form = el('form', {},
    el('h2', { id: 'question' }, t(action === 'save' ? 'settings.title' : `act.${action}`)),
    subject.name && el('p', { class: 'muted' }, bdi(subject.name)), text, extra,
    end && el('label', {}, el('span', {}, t('ask.type', { end })), typed),
    problem, el('div', { class: 'buttons' }, keep, verb));
  const dialog = el('dialog', { 'aria-labelledby': 'question' }, form, aside);
  let isArmed = focus !== undefined;
  let isOut = false;
  let answer = null;

  const draw = () => {
    const shown = lines(subject).filter(Boolean).map((line, at) => [line, at]);
    keyed(text, shown, ([, at]) => at, () => el('p'), (node, [line]) => setText(node, line));
    setText(verb, count ? sayCount(action, count(subject)) : t(`act.${action}`));
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
    if (isOut) return;
    if (next && holds(next)) draw();
    else close(next ? t('said.moot', { state: words('state', next.state).text }) : t('said.gone'));
  };
  dialog.addEventListener('cancel', (event) => isOut && event.preventDefault());
  form.addEventListener('input', draw);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    isOut = true;
    draw();
    try {
      close(await run(subject));
    } catch (fault) {
      isOut = false;
      draw();
      showProblem(problem, fault, fields);
    }
  });
  const forget = onChange(subject.id ? `campaign ${subject.id}` : 'quota', changed);
  const arming = setTimeout(() => {
    isArmed = true;
    draw();
  }, armsAfter);
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

/**
 * How long so many recipients take beside the campaigns that run now, and how many these are;
 * `alone` is how long they would take without them.
 */
export async function outlook(count, settings, alone) {
  const { items } = await ask('v1/campaigns?state=running&limit=1000&message=false');
  const { messages_per_minute: limit } = known.quota ?? await ask('v1/quota');
  const mine = settings.priority ?? 'normal';
  const others = items.filter(({ id }) => id !== settings.id).map(({ priority }) => priority);
  const all = [...new Set([mine, ...others])].reduce((sum, name) => sum + weights[name], 0);
  const peers = others.filter((priority) => priority === mine).length + 1;
  const shared = (alone ?? count / limit * 60) * peers * all / weights[mine];
  const capped = count / (settings.messages_per_minute ?? Infinity) * 60;
  return { seconds: Math.max(shared, capped), others: others.length };
}

/** When all are sent to, by an outlook. */
export function endOf({ seconds }, startAt) {
  const begin = startAt && !isPast(startAt) ? Date.parse(startAt) : now();
  return time(new Date(begin + seconds * 1000).toISOString());
}

/** What a start does, in sentences. */
export function startLines(n, plan, startAt) {
  return [
    t('start.line', { n, duration: duration(plan.seconds), time: endOf(plan, startAt) }),
    plan.others > 0 && t('start.others', { n: plan.others }),
  ].filter(Boolean);
}

/* ---- Retry ---- */

/** Asks who goes again; `codes` are ticked, or else those that may pass. */
export function retryDialog(campaign, codes) {
  const list = el('ul', { class: 'ticks' });
  const ticked = () => [...list.querySelectorAll(':checked')].map(({ value }) => value);
  const isTicked = ({ code, may_pass: mayPass }) => (codes ? codes.includes(code) : mayPass);
  const sum = (c, values) => retryRows(c).filter(({ value }) => values.includes(value))
    .reduce((all, row) => all + row.count, 0);
  const draw = (c) => keyed(list, retryRows(c), ({ value }) => value,
    (row) => retryTick(row, isTicked(row)),
    (node, row) => update(node.lastChild, row.count, number(row.count)));
  draw(campaign);
  const again = (c, n) => {
    const limit = Math.min(known.quota?.messages_per_minute ?? Infinity,
      c.messages_per_minute ?? Infinity);
    return t('ask.again', { n, duration: duration(Math.max(1, n / limit * 60)) });
  };
  return question(campaign, {
    action: 'retry',
    extra: list,
    isBlocked: () => ticked().length === 0,
    lines: (c) => {
      draw(c);
      const unknown = ticked().includes('unknown') ? c.counts.unknown : 0;
      return [again(c, sum(c, ticked())), unknown > 0 && t('ask.twice', { n: unknown })];
    },
    count: (c) => sum(c, ticked()),
    holds: canRetry,
    run: async (c) => again(c, await requeue(c, ticked())),
  });
}

function retryRows({ counts, failures }) {
  const rows = failures.map((failure) => ({ ...failure, value: String(failure.code) }));
  for (const value of ['unknown', 'suppressed']) rows.push({ value, count: counts[value] ?? 0 });
  return rows.filter(({ count }) => count > 0);
}

function retryTick({ value, code, text, may_pass: mayPass }, isChecked) {
  const tick = el('input', { type: 'checkbox', name: 'retry', value, checked: isChecked });
  const isCode = code !== undefined;
  return el('li', {},
    el('label', { class: 'tick' }, tick, el('span', {},
      isCode && `${code} `, isCode ? words('code', code, text) : words('status', value),
      el('small', {}, t(isCode ? `failures.${mayPass ? 'passes' : 'final'}` : `retry.${value}`)))),
    field(isCode ? `failures.${code}` : `counts.${value}`));
}

/** Failed ones go by code and the others by status, so these are requests of their own. */
async function requeue(campaign, values) {
  const codes = values.map(Number).filter(Number.isInteger);
  const status = values.filter((value) => value === 'unknown' || value === 'suppressed');
  const bodies = status.length > 0 ? [{ status }] : [];
  for (let at = 0; at < codes.length; at += codesAtOnce) {
    bodies.push({ status: ['failed'], codes: codes.slice(at, at + codesAtOnce) });
  }
  let requeued = 0;
  for (const body of bodies) requeued += (await post(campaign, 'retry', body)).requeued;
  return requeued;
}

/* ---- Settings ---- */

/** Changes a campaign's settings, old values beside the new. */
export function editSettings(campaign) {
  const form = settingsForm(campaign, campaign.started_at === null ? [] : ['start_at']);
  const same = (name, value) => JSON.stringify(value) === JSON.stringify(campaign[name]);
  const changes = () => Object.entries(form.read())
    .filter(([name, value]) => campaign[name] !== undefined && !same(name, value));
  return question(campaign, {
    action: 'save',
    extra: form.node,
    fields: form.fields,
    focus: form.fields['/name'],
    isBlocked: () => changes().length === 0,
    lines: () => changes().map(([name, value]) => {
      const [old, next] = [campaign[name], value].map((one) => settingText(name, one));
      return `${t(`settings.${name}`)}: ${old} → ${next}`;
    }),
    count: () => changes().length,
    holds: () => true,
    run: async (c) => {
      await post(c, '', Object.fromEntries(changes()), 'PATCH');
      return t('said.save');
    },
  });
}

/** The value of a setting in words. */
export function settingText(name, value) {
  if (value === null || value === undefined || value === '') return '–';
  if (name.endsWith('_at')) return time(value);
  if (name === 'priority' || name === 'on_unknown') return t(`${name}.${value}`);
  if (name !== 'send_between') return typeof value === 'number' ? number(value) : value;
  const days = value.days?.length < 7 ? value.days.map(weekday).join(' ') : '';
  return `${value.from}–${value.to} ${value.time_zone} ${days}`.trim();
}

/** The settings as fields by pointer, without some of them; `read` gives their values. */
export function settingsForm(settings, without = []) {
  const isNew = settings.id === undefined;
  const select = (name, values) => el('select', { name },
    (isNew ? ['', ...values] : values).map((value) =>
      el('option', { value, selected: value === (settings[name] ?? '') }, t(`${name}.${value}`))));
  const inputs = [
    el('input', { name: 'name', maxlength: 200, value: settings.name }),
    select('priority', ['high', 'normal', 'low']),
    el('input', {
      name: 'messages_per_minute', type: 'number', min: 1, value: settings.messages_per_minute,
    }),
    timeInput('start_at', settings.start_at ?? null),
    timeInput('expires_at', settings.expires_at ?? null),
    isNew && select('on_unknown', ['resend', 'leave', 'verify']),
  ].filter((input) => input && !without.includes(input.name));
  const hours = hoursFields(settings.send_between ?? null);
  show(hours.node, isNew || settings.send_between !== undefined);
  const valueOf = ({ name, value, at }) => {
    if (at) return at();
    if (name === 'name') return value;
    return value === '' ? null : name === 'messages_per_minute' ? Number(value) : value;
  };
  return {
    node: el('div', { class: 'fields' }, inputs.map((input) =>
      labelled(`settings.${input.name}`, input, input.note)), hours.node),
    fields: {
      ...Object.fromEntries(inputs.map((input) => [`/${input.name}`, input])), ...hours.fields,
    },
    read: () => ({
      ...Object.fromEntries(inputs.map((input) => [input.name, valueOf(input)])),
      send_between: hours.read(),
    }),
  };
}

/** A moment as a field in the zone in force; below it both zones and how far off it is. */
function timeInput(name, iso) {
  const node = el('input', { type: 'datetime-local', name, value: iso && localTime(iso) });
  const { value: first } = node;
  const utc = inUTC() ? 'Z' : '';
  node.note = el('small');
  node.at = () => {
    if (node.value === first) return iso;
    return node.value === '' ? null : new Date(node.value + utc).toISOString();
  };
  const draw = () => {
    const at = node.at();
    const seconds = at && (Date.parse(at) - now()) / 1000;
    setText(node.note, at && t(seconds > 0 ? 'settings.ahead' : 'settings.past', {
      time: `${time(at)} ${zoneName(new Date(at))}`,
      utc: at.slice(0, 16).replace('T', ' '), duration: duration(Math.abs(seconds)),
    }));
  };
  node.addEventListener('input', draw);
  draw();
  return node;
}

function localTime(iso) {
  const date = new Date(iso);
  const offset = inUTC() ? 0 : date.getTimezoneOffset() * 60_000;
  return new Date(date - offset).toISOString().slice(0, 16);
}

function hoursFields(hours) {
  const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const input = (name, value, type) => el('input', { name, value, type });
  const isOn = el('input', { type: 'checkbox', name: 'hours', checked: hours !== null });
  const from = input('from', hours?.from ?? '09:00', 'time');
  const to = input('to', hours?.to ?? '21:00', 'time');
  const zone = input('time_zone', hours?.time_zone ?? timeZone);
  const ticks = days.map((value) => el('input', {
    type: 'checkbox', name: 'day', value, checked: hours?.days?.includes(value) ?? true,
  }));
  const more = el('div', { class: 'hours' },
    labelled('hours.from', from), labelled('hours.to', to), labelled('hours.zone', zone),
    ticks.map((tick) => el('label', { class: 'tick' }, tick, weekday(tick.value))));
  const draw = () => show(more, isOn.checked);
  isOn.addEventListener('input', draw);
  draw();
  const read = () => isOn.checked ? {
    from: from.value, to: to.value, time_zone: zone.value,
    days: ticks.filter(({ checked }) => checked).map(({ value }) => value),
  } : null;
  return {
    read,
    node: el('fieldset', {}, el('legend', {}, t('settings.send_between')),
      el('label', { class: 'tick' }, isOn, t('hours.only')), more),
    fields: {
      '/send_between': isOn, '/send_between/from': from, '/send_between/to': to,
      '/send_between/time_zone': zone,
    },
  };
}

/* ---- Jobs ---- */

/** A campaign's check, verification and recall as they go, and those that it allows. */
export function jobPanel(campaign) {
  const list = el('div');
  const start = (verb) => (c) =>
    post(c, verb).then((next) => sayCount(verb, next[verb].total));
  const row = actionRow(campaign, {
    check: [(c) => c.state === 'draft' && c.counts.total > 0 && !busyJob(c), start('check')],
    verify: [(c) => c.counts.unknown > 0 && !busyJob(c), start('verify')],
    recall: [canRecall, askRecall],
    stop: [busyJob, stopJob],
  });
  const node = el('section', { class: 'card' }, el('h2', {}, t('job.title')), list, row);
  node.update = (next) => {
    const names = Object.keys(jobs).filter((name) => next[name]);
    keyed(list, names, (name) => name, jobRow, (made, name) => made.update(next[name]));
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

function askRecall(campaign) {
  const rate = el('input', {
    type: 'number', name: 'calls_per_second', min: 1, max: 200, placeholder: 100,
  });
  return question(campaign, {
    action: 'recall',
    isDanger: true,
    extra: labelled('recall.rate', rate),
    fields: { '/calls_per_second': rate },
    lines: ({ counts }) => {
      const calls = Number(rate.value) || 100;
      const values = { n: counts.sent, duration: duration(counts.sent / calls), calls };
      return [t('ask.take_back', values), t('ask.screens'), t('ask.no_undo')];
    },
    count: (c) => c.counts.sent,
    holds: canRecall,
    run: async (c) => {
      const body = rate.value === '' ? undefined : { calls_per_second: Number(rate.value) };
      const { recall } = await post(c, 'recall', body);
      return sayCount('recall', recall.total);
    },
  });
}

function jobRow(name) {
  const figure = (key) => field(`${name}.${key}`);
  const keys = ['done', 'total', ...jobs[name]];
  const parts = Object.fromEntries(keys.map((key) => [key, figure(key)]));
  const state = figure('state');
  const bar = el('progress', { max: 1, 'aria-label': t(`act.${name}`) });
  const note = el('p', { class: 'muted' });
  const results = jobs[name].map((key) => el('span', {}, t(`job.${key}`), ' ', parts[key]));
  const node = el('div', { class: 'job' },
    el('h3', {}, t(`act.${name}`), ' · ', state), bar,
    el('p', { class: 'results' }, el('span', {}, parts.done, ' / ', parts.total), results), note);
  node.update = (job) => {
    update(state, job.state, t(job.state === 'running' ? 'job.running' : `state.${job.state}`));
    for (const [key, part] of Object.entries(parts)) update(part, job[key], number(job[key]));
    bar.value = job.total > 0 ? job.done / job.total : 1;
    const eta = job.eta && t('job.eta', { time: time(job.eta) });
    setText(note, [job.reason?.text, eta].filter(Boolean).join(' · '));
  };
  return node;
}

/** A button that downloads a campaign's recipients. The token comes in as the form is sent. */
export function exportForm(campaign, { status = [], code = [], format = 'csv' }) {
  const values = Object.entries({ status, code, format });
  const addToken = ({ formData }) => token() && formData.set('access_token', token());
  return el('form', {
    method: 'post', action: apiURL(pathOf(campaign, 'export')), on: { formdata: addToken },
  },
  values.flatMap(([name, value]) => [value].flat().map((one) =>
    el('input', { type: 'hidden', name, value: one }))),
  el('button', { 'data-action': 'export' }, t('act.export', { format: format.toUpperCase() })));
}
