// A new campaign from its message to its start, and how messages look.
import { bdi, button, el, field, keyed, setStyle, setText, show, update, visible } from './dom.js';
import { apiURL, ask, campaigns, onChange, Problem, remember, token } from './live.js';
import { bytes, duration, number, percent, t, words } from './words.js';
import { go, say } from './app.js';
import {
  busyJob, clearProblem, editSettings, endOf, jobPanel, labelled, outlook, problemBox,
  settingsForm, showProblem, startLines,
} from './actions.js';

const sizeOf = (text) => new TextEncoder().encode(text).length;
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const quietBefore = 400;

/** Shows figures as a list: the words are `prefix.key`, a value may come with what is shown. */
function drawFacts(node, prefix, values) {
  keyed(node, Object.entries(values), ([key]) => key,
    ([key]) => el('div', {}, el('dt', {}, t(`${prefix}.${key}`)), field(key, '', '', 'dd')),
    ({ lastChild }, [, value]) => {
      const [raw, shownText] = [value].flat();
      update(lastChild, raw, shownText ?? number(raw));
    });
}

/* ---- The message ---- */

const emptyMessage = { MsgBody: [{ MsgType: 'TIMTextElem', MsgContent: { Text: '' } }] };

// Numbers stand in marked strings meanwhile: JSON.parse would round the long ones.
const mark = '\uE000';
const parseExactly = (text) => JSON.parse(text.replace(
  /"(?:[^"\\]|\\.)*"|(-?\d[\d.eE+-]*)/g,
  (all, digits) => (digits ? `"${mark}${digits}"` : all),
));
const printExactly = (value) => JSON.stringify(value, null, 2)
  .replace(new RegExp(`"${mark}([^"]*)"`, 'g'), '$1');

const elementsOf = (message) => (Array.isArray(message?.MsgBody) ? message.MsgBody : []);
const firstText = (message) =>
  elementsOf(message).findIndex((element) => element?.MsgType === 'TIMTextElem');

/** The form's fields, and where their values stand in a message. */
const places = {
  text: (message) => ['MsgBody', firstText(message), 'MsgContent', 'Text'],
  sender: () => ['From_Account'],
  push_title: () => ['OfflinePushInfo', 'Title'],
  push_text: () => ['OfflinePushInfo', 'Desc'],
};
const valueAt = (message, path) => path.reduce((value, key) => value?.[key], message);

/** A message's JSON with one value changed; an empty one that nobody asks for is taken away. */
function changeValue(text, name, value) {
  const message = parseExactly(text);
  const path = places[name](message);
  const last = path.pop();
  let parent = message;
  for (const key of path) parent = parent[key] ??= {};
  parent[last] = value;
  if (value === '' && name !== 'text') delete parent[last];
  if (path[0] === 'OfflinePushInfo' && Object.keys(parent).length === 0) delete message[path[0]];
  return printExactly(message);
}

/** The message as a form and as JSON, which change one document, and as a bubble. */
function messagePart(changed) {
  const inputs = {
    text: el('textarea', { name: 'text', rows: 5 }),
    sender: el('input', { name: 'sender', autocomplete: 'off', spellcheck: 'false' }),
    push_title: el('input', { name: 'push_title' }),
    push_text: el('input', { name: 'push_text' }),
  };
  const json = el('textarea', { name: 'message', rows: 11, class: 'code', spellcheck: 'false' });
  const size = el('small');
  const fault = el('p', { class: 'fault', hidden: true });
  const preview = el('div');
  const part = { message: null };
  const draw = () => {
    for (const [name, input] of Object.entries(inputs)) {
      const path = places[name](part.message);
      const parent = valueAt(part.message, path.slice(0, -1));
      const value = valueAt(part.message, path) ?? '';
      input.disabled = json.readOnly || !part.message
        || !(isObject(parent) || (parent === undefined && name !== 'text'));
      if (part.message && input.value !== value) input.value = value;
    }
    setText(size, t('file.bytes', { n: sizeOf(inputs.text.value) }));
    if (part.message) preview.replaceChildren(bubble(part.message));
  };
  const read = () => {
    try {
      part.message = JSON.parse(json.value);
      show(fault, false);
    } catch (error) {
      part.message = null;
      setText(fault, t('compose.not_json', { why: error.message }));
      show(fault, true);
    }
    draw();
    changed();
  };
  const set = (text) => {
    json.value = text;
    read();
  };
  for (const [name, input] of Object.entries(inputs)) {
    input.addEventListener('input', () => set(changeValue(json.value, name, input.value)));
  }
  json.addEventListener('input', read);
  return Object.assign(part, {
    node: el('div', { class: 'split' },
      el('div', {}, labelled('compose.text', inputs.text, size),
        ['sender', 'push_title', 'push_text'].map((name) =>
          labelled(`compose.${name}`, inputs[name]))),
      el('div', {}, preview, labelled('compose.json', json), fault)),
    text: () => json.value,
    set: (message) => set(JSON.stringify(message, null, 2)),
    lock: () => {
      json.readOnly = true;
      draw();
    },
    fields: () => Object.fromEntries([['/message', json], ...Object.entries(inputs).map(
      ([name, input]) => [`/message/${places[name](part.message).join('/')}`, input],
    )]),
  });
}

/* ---- Recipients ---- */

const accountLimit = 32;
const lineLimit = 65_536;
// So many bytes are read in less than a long task.
const sliceSize = 262_144;

/** What a list is, by its name and its first bytes. */
async function describe(blob, name) {
  const head = [...new Uint8Array(await blob.slice(0, 2).arrayBuffer())].join();
  const bare = name.toLowerCase().replace(/\.gz$/, '');
  const isJSON = /\.(ndjson|jsonl)$/.test(bare);
  return {
    blob,
    type: isJSON ? 'application/x-ndjson' : bare.endsWith('.csv') ? 'text/csv' : 'text/plain',
    isGzip: head === '31,139',
    hint: { '80,75': 'office', '255,254': 'UTF-16', '254,255': 'UTF-16' }[head],
  };
}

/** Counts a list's accounts, reading as the endpoint reads, in slices. */
async function survey({ blob, type, isGzip, hint }, signal, progress) {
  const found = {
    count: 0, bytes: 0, blank: 0, long: 0, invalid: 0, broken: 0, first: [], last: [], hint,
  };
  const takeLine = takers[type](found);
  let read = 0;
  let rest = '';
  let stream = blob.stream().pipeThrough(new TransformStream({
    transform: (chunk, out) => {
      for (let at = 0; at < chunk.length; at += sliceSize) {
        out.enqueue(chunk.subarray(at, at + sliceSize));
      }
      read += chunk.length;
    },
  }), { signal });
  if (isGzip) stream = stream.pipeThrough(new DecompressionStream('gzip'));
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (let slice = await reader.read(); !slice.done; slice = await reader.read()) {
      const lines = (rest + slice.value).split('\n');
      // The start of an endless line is enough to count it as too long.
      rest = lines.pop().slice(0, lineLimit);
      for (const line of lines) takeLine(line.endsWith('\r') ? line.slice(0, -1) : line);
      progress(found, read / blob.size);
      await new Promise((resolve) => setTimeout(resolve));
    }
  } catch (error) {
    // Browsers inflate the first of several gzip members; the endpoint takes them all.
    if (signal.aborted || !isGzip) throw error;
    found.hint = 'members';
  }
  if (rest) takeLine(rest);
  if (found.broken > 0) found.hint ??= await isGBK(blob) ? 'GBK' : 'bytes';
  return found;
}

async function isGBK(blob) {
  try {
    const head = await blob.slice(0, lineLimit).arrayBuffer();
    return new TextDecoder('gbk', { fatal: true }).decode(head, { stream: true }) !== '';
  } catch {
    return false;
  }
}

function takeAccount(found, account) {
  const size = /^[ -~]*$/.test(account) ? account.length : sizeOf(account);
  if (account.includes('\uFFFD')) found.broken += 1;
  else if (size > accountLimit) found.long += 1;
  else if (size === 0 || /[\x00-\x1f\x7f-\x9f]/.test(account)) found.invalid += 1;
  else {
    found.count += 1;
    found.bytes += size;
    const sample = found.first.length < 3 ? found.first : found.last;
    sample.push(account);
    if (sample.length > 3) sample.shift();
  }
}

/** For each type what takes a line. */
const takers = {
  'text/plain': (found) => (line) => {
    if (line === '') found.blank += 1;
    else takeAccount(found, line);
  },
  'application/x-ndjson': (found) => (line) => {
    if (line === '') found.blank += 1;
    else takeAccount(found, accountIn(line));
  },
  'text/csv': (found) => {
    let column = null;
    let open = '';
    return (line) => {
      const row = open + line;
      const fields = rowFields(row);
      open = fields || row.length > lineLimit ? '' : `${row}\n`;
      if (row === '') found.blank += 1;
      else if (fields && column === null && fields.includes('account')) {
        column = fields.indexOf('account');
      } else if (open === '') {
        column ??= 0;
        takeAccount(found, fields?.[column] ?? '');
      }
    };
  },
};

function accountIn(line) {
  try {
    const value = JSON.parse(line);
    const account = value?.account ?? value;
    return typeof account === 'string' ? account : '';
  } catch {
    return '';
  }
}

/** The fields of a row (RFC 4180), null while a quoted one is open; a broken row has none. */
function rowFields(row) {
  const fields = [];
  const pattern = /(?:^|,)(?:"((?:[^"]|"")*)"(?=,|$)|([^,]*))/g;
  for (const [, quoted, bare] of row.matchAll(pattern)) {
    if (bare?.startsWith('"')) return row.split('"').length % 2 === 0 ? null : [];
    fields.push(quoted?.replaceAll('""', '"') ?? bare);
  }
  return fields;
}

/** Pasted accounts or a file, and what is in them. */
function recipientsPart(changed) {
  const paste = el('textarea', { name: 'recipients', rows: 6, spellcheck: 'false' });
  const file = el('input', { type: 'file', name: 'file', accept: '.txt,.csv,.ndjson,.jsonl,.gz' });
  const bar = el('progress', { max: 1, hidden: true, 'aria-label': t('file.file') });
  const facts = el('dl', { class: 'facts' });
  const hint = el('p', { class: 'fault', hidden: true });
  const part = { list: null, found: null };
  let reading = new AbortController();
  let quiet;
  const draw = (found) => {
    drawFacts(facts, 'file', found ? listFacts(found) : {});
    setText(hint, found?.hint ? hintText(found.hint) : '');
    show(hint, found?.hint);
  };
  const take = async (blob, name) => {
    reading.abort();
    reading = new AbortController();
    const { signal } = reading;
    Object.assign(part, { list: null, found: null });
    draw(null);
    changed();
    if (blob.size === 0) return;
    const list = await describe(blob, name);
    try {
      const found = await survey(list, signal, (soFar, share) => {
        if (signal.aborted) return;
        show(bar, share < 1);
        bar.value = share;
        draw(soFar);
      });
      if (signal.aborted) return;
      Object.assign(part, { list, found });
      draw(found);
    } catch (error) {
      if (signal.aborted) return;
      setText(hint, t('file.unreadable', { why: error.message }));
      show(hint, true);
    }
    show(bar, false);
    changed();
  };
  file.addEventListener('change', () => {
    const [chosen] = file.files;
    if (!chosen) return;
    paste.value = '';
    take(chosen, chosen.name);
  });
  paste.addEventListener('input', () => {
    file.value = '';
    clearTimeout(quiet);
    quiet = setTimeout(() => take(new Blob([paste.value]), ''), quietBefore);
  });
  return Object.assign(part, {
    node: el('div', { class: 'split' },
      el('div', {}, labelled('file.paste', paste),
        labelled('file.file', file, el('small', {}, t('file.file_about')))),
      el('div', {}, bar, facts, hint)),
    stop: () => reading.abort(),
  });
}

const hintText = (hint) => (/^[A-Z]/.test(hint) ? t('file.hint', { kind: hint })
  : t(`file.hint_${hint}`));

function listFacts({ count, bytes: all, first, last, ...faults }) {
  const values = { count };
  const mean = Math.round(all / count * 10) / 10;
  if (count > 0) values.mean_account_bytes = [all / count, t('file.bytes', { n: mean })];
  for (const key of ['blank', 'long', 'invalid', 'broken']) {
    if (faults[key] > 0) values[key] = faults[key];
  }
  const sample = [...first, ...(count > 6 ? ['…'] : []), ...last].map(visible).join(' · ');
  return sample ? { ...values, sample: ['', sample] } : values;
}

/* ---- What it takes ---- */

/** The plan of what is written so far, asked for whenever nobody types. */
function checkPart(message, recipients) {
  const facts = el('dl', { class: 'facts' });
  const hint = el('p', { class: 'muted' }, t('plan.wanted'));
  const problem = problemBox();
  let asking = new AbortController();
  let quiet;
  let found = null;
  const draw = (plan) => {
    found = plan;
    setText(hint, t(plan ? 'plan.alone' : 'plan.wanted'));
    drawFacts(facts, 'plan', plan ? {
      count: recipients.found.count,
      batches: plan.batches,
      seconds: [plan.seconds, duration(plan.seconds)],
      largest_batch_accounts: plan.largest_batch_accounts,
      largest_packet_bytes: [plan.largest_packet_bytes, bytes(plan.largest_packet_bytes)],
    } : {});
  };
  const askPlan = async () => {
    const { signal } = asking;
    const { count, bytes: all } = recipients.found;
    try {
      draw(await ask('v1/plan', {
        ...withMessage(message.text(), { count, mean_account_bytes: all / count }), signal,
      }));
    } catch (error) {
      if (!signal.aborted) showProblem(problem, error, message.fields());
    }
  };
  const refresh = () => {
    asking.abort();
    asking = new AbortController();
    clearTimeout(quiet);
    clearProblem(problem, message.fields());
    draw(null);
    if (message.message && recipients.found?.count > 0) quiet = setTimeout(askPlan, quietBefore);
  };
  return {
    node: el('div', {}, hint, facts, problem),
    refresh,
    secondsFor: (count) => found?.seconds * count / recipients.found?.count || undefined,
  };
}

/** A POST whose message goes as it was written. */
const withMessage = (text, body, headers) => ({
  method: 'POST',
  headers: { 'Content-Type': 'application/json', ...headers },
  body: `{"message":${text},${JSON.stringify(body).slice(1)}`,
});

/** Creates a campaign; the same key again makes no second one. */
async function createCampaign(text, settings, key) {
  const given = Object.entries(settings).filter(([, value]) => value !== null);
  const request = withMessage(text, Object.fromEntries(given), { 'Idempotency-Key': key });
  return remember(await ask('v1/campaigns', request));
}

// Over plain HTTP to another machine there is no crypto.randomUUID.
const randomKey = () => [...crypto.getRandomValues(new Uint32Array(4))].join('-');

/* ---- Sending ---- */

const testLimit = 10;

/** A message to a few accounts first, each with what became of it. */
function testPart(message, nameOf) {
  const accounts = el('textarea', { name: 'account', rows: 3, spellcheck: 'false' });
  const problem = problemBox();
  const outcomes = el('ul', { class: 'outcomes' });
  const verb = button(t('act.test'), () => run(), { 'data-action': 'test' });
  const fields = () => ({ ...message.fields(), '/recipients': accounts });
  let isLeft = false;
  const draw = (recipients) => keyed(outcomes, recipients, ({ account }) => account,
    ({ account }) => el('li', { 'data-account': account }, bdi(account), field('status'),
      field('code')),
    ({ children: [, status, code] }, recipient) => {
      update(status, recipient.status, words('status', recipient.status));
      update(code, recipient.code, recipient.code > 0
        ? `${recipient.code} ${words('code', recipient.code, recipient.info).text}` : '');
    });
  const follow = async ({ id }) => {
    for (let state; !isLeft && state !== 'completed';) {
      ({ state } = await ask(`v1/campaigns/${id}`));
      draw((await ask(`v1/campaigns/${id}/recipients?limit=${testLimit}`)).items);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  };
  const run = async () => {
    verb.disabled = true;
    clearProblem(problem, fields());
    try {
      const recipients = accounts.value.split('\n').map((line) => line.trim()).filter(Boolean);
      if (recipients.length > testLimit) throw new Problem(0, { detail: t('test.too_many') });
      const settings = { recipients, name: testName(nameOf()), priority: 'high' };
      await follow(await createCampaign(message.text(), settings, randomKey()));
    } catch (error) {
      showProblem(problem, error, fields());
    }
    verb.disabled = false;
  };
  return {
    node: el('fieldset', {}, el('legend', {}, t('test.title')),
      el('div', { class: 'split' },
        el('div', {}, labelled('test.accounts', accounts), el('div', { class: 'buttons' }, verb)),
        el('div', {}, outcomes, problem))),
    leave: () => {
      isLeft = true;
    },
  };
}

/** A name for a test, of at most 200 bytes. */
function testName(name) {
  const letters = [...`Test · ${name}`];
  while (sizeOf(letters.join('')) > 200) letters.pop();
  return letters.join('');
}

/** Streams a list into a draft, with progress; a compressed one goes as it is. */
function upload({ id }, { blob, type, isGzip }, progress) {
  const request = new XMLHttpRequest();
  request.open('POST', apiURL(`v1/campaigns/${id}/recipients`));
  request.responseType = 'json';
  request.setRequestHeader('Content-Type', type);
  if (isGzip) request.setRequestHeader('Content-Encoding', 'gzip');
  if (token()) request.setRequestHeader('Authorization', `Bearer ${token()}`);
  request.upload.onprogress = ({ loaded, total }) => progress(loaded, total);
  const done = new Promise((resolve, reject) => {
    const refuse = (key) => () => reject(new Problem(0, { detail: t(key) }));
    request.onload = () => {
      if (request.status === 200) resolve(request.response);
      else reject(new Problem(request.status, request.response ?? {}));
    };
    request.onerror = refuse('upload.broken');
    request.onabort = refuse('upload.stopped');
  });
  request.send(blob);
  return { done, stop: () => request.abort() };
}

/** Settings, a test, the draft with its upload, and the start. */
function sendPart(message, recipients, check) {
  let form = settingsForm({});
  const settings = el('div', {}, form.node);
  const name = el('bdi');
  const test = testPart(message, () => form.read().name);
  const bar = el('progress', { max: 1, 'aria-label': t('send.upload') });
  const loaded = el('span');
  const transfer = el('div', { class: 'transfer', hidden: true }, bar, loaded);
  const facts = el('dl', { class: 'facts' });
  const examples = el('ul');
  const jobs = el('div');
  const figures = el('div', { class: 'figures' });
  const problem = problemBox();
  const buttons = el('div', { class: 'buttons' });
  const key = { of: null, value: null };
  let draft = null;
  let plan = null;
  let sent = null;
  let sending = null;
  let isOut = false;
  let forget = () => {};

  const store = async () => {
    if (draft) return;
    const values = { ...form.read(), start: false };
    const body = message.text() + JSON.stringify(values);
    if (key.of !== body) Object.assign(key, { of: body, value: randomKey() });
    takeUp(await createCampaign(message.text(), values, key.value));
  };
  const takeUp = (campaign) => {
    draft = campaign;
    message.lock();
    const panel = jobPanel(draft);
    jobs.replaceChildren(panel);
    settings.replaceChildren(el('p', {}, t('draft.stored'), ' ',
      el('a', { href: `#/campaigns/${draft.id}` }, name), ' ',
      button(t('settings.edit'), () => editSettings(draft), { 'data-action': 'edit' })));
    forget = onChange(`campaign ${draft.id}`, () => {
      draft = campaigns.get(draft.id) ?? draft;
      panel.update(draft);
      draw();
    });
  };
  const foresee = async () => {
    const { total } = draft.counts;
    plan = await outlook(total, draft, check.secondsFor(total));
    draw();
  };
  const fill = async () => {
    const { list } = recipients;
    sending = upload(draft, list, (done, all) => {
      if (done < all) bar.value = done / all;
      else bar.removeAttribute('value');
      setText(loaded, `${percent(done, all)} · ${bytes(done)} / ${bytes(all)}`);
    });
    addEventListener('beforeunload', warn);
    show(transfer, true);
    draw();
    try {
      drawIntake(await sending.done);
      sent = list;
    } catch (error) {
      throw Object.assign(error, { detail: `${error.message} ${t('upload.again')}` });
    } finally {
      sending = null;
      removeEventListener('beforeunload', warn);
      show(transfer, false);
    }
    draft = remember(await ask(`v1/campaigns/${draft.id}`));
    await foresee();
  };
  const drawIntake = ({ accepted, duplicates, invalid, total, invalid_examples: lines }) => {
    drawFacts(facts, 'intake', { accepted, duplicates, invalid, total });
    examples.replaceChildren(...lines.map(({ line, reason }) =>
      el('li', {}, t('intake.line', { line }), ' ', el('span', { lang: 'en' }, reason))));
  };
  const start = async () => {
    const { id, state } = remember(await ask(`v1/campaigns/${draft.id}/start`, { method: 'POST' }));
    say(t('said.now', { state: words('state', state).text }));
    go(`#/campaigns/${id}`);
  };
  const run = async (...deeds) => {
    isOut = true;
    clearProblem(problem, fields());
    draw();
    try {
      for (const deed of deeds) await deed();
    } catch (error) {
      showProblem(problem, error, fields());
    }
    isOut = false;
    draw();
  };
  const fields = () => ({ ...message.fields(), ...form.fields });
  const warn = (event) => event.preventDefault();
  const deeds = {
    create: () => run(store, fill),
    start: () => run(start),
    stop: () => sending.stop(),
  };
  const draw = () => {
    const hasNew = recipients.found?.count > 0 && recipients.list !== sent;
    const total = draft?.counts.total ?? 0;
    const isFree = !sending && !(draft && busyJob(draft));
    const canStart = draft?.state === 'draft' && total > 0 && plan && isFree;
    const lines = canStart ? startLines(total, plan, draft.start_at) : [];
    const verbs = [
      sending && 'stop', isFree && (!draft || hasNew) && 'create', canStart && 'start',
    ].filter(Boolean);
    keyed(buttons, verbs, (verb) => verb, (verb) => button('', deeds[verb], {
      'data-action': verb, class: verb === 'start' ? 'primary' : null,
    }), (node, verb) => {
      const isReady = verb !== 'create' || (hasNew && message.message !== null);
      node.disabled = verb !== 'stop' && (isOut || !isReady);
      setText(node, t(`send.${draft && verb === 'create' ? 'add' : verb}`, {
        n: verb === 'start' ? total : recipients.found?.count ?? 0,
        time: plan && endOf(plan, draft.start_at),
      }));
    });
    setText(name, visible(draft?.name || draft?.id));
  };
  draw();
  return {
    node: el('div', {}, settings, test.node, transfer, facts, examples, jobs, figures, problem,
      buttons),
    draw,
    takeUp: (campaign) => {
      takeUp(campaign);
      return foresee();
    },
    copy: ({ name, priority, messages_per_minute, on_unknown, send_between }) => {
      form = settingsForm({ name, priority, messages_per_minute, on_unknown, send_between });
      settings.replaceChildren(form.node);
    },
    leave: () => {
      if (sending && !confirm(t('upload.leave'))) return false;
      sending?.stop();
      forget();
      test.leave();
      return true;
    },
  };
}

/* ---- The view ---- */

/** The view that makes a campaign: `from` copies one, `draft` takes one up that was left. */
export function newView(params) {
  let refresh = () => {};
  const message = messagePart(() => refresh());
  const recipients = recipientsPart(() => refresh());
  const check = checkPart(message, recipients);
  const send = sendPart(message, recipients, check);
  const problem = problemBox();
  const part = (key, node) => el('section', { class: 'card' }, el('h2', {}, t(key)), node);
  refresh = () => {
    check.refresh();
    send.draw();
  };
  message.set(emptyMessage);
  load(params, message, send).catch((error) => showProblem(problem, error));
  return {
    node: el('div', { class: 'compose' },
      el('h1', {}, t('nav.new')), draftList(), problem,
      part('compose.message', message.node),
      part('compose.recipients', recipients.node),
      part('compose.check', check.node),
      part('compose.send', send.node)),
    leave: () => {
      const isLeft = send.leave();
      if (isLeft) recipients.stop();
      return isLeft;
    },
  };
}

async function load(params, message, send) {
  const draft = params.get('draft');
  const id = draft ?? params.get('from');
  if (id === null) return;
  const campaign = await ask(`v1/campaigns/${encodeURIComponent(id)}`);
  message.set(campaign.message);
  send.copy(campaign);
  if (draft) await send.takeUp(remember(campaign));
}

/** Drafts that were left, to be taken up again. */
function draftList() {
  const node = el('p', { class: 'muted', hidden: true });
  const take = ({ items }) => {
    node.append(t('compose.drafts'), ...items.flatMap(({ id, name, counts }) => [
      ' ', el('a', { href: `#/new?draft=${id}` }, bdi(name || id)), ` (${number(counts.total)})`,
    ]));
    show(node, items.length > 0);
  };
  ask('v1/campaigns?state=draft&limit=5&message=false').then(take, () => {});
  return node;
}

/* ---- How a message looks ---- */

const shown = (value) => (typeof value === 'string' ? value : JSON.stringify(value) ?? '')
  .split('\n').map(visible).join('\n');
const formatted = (value) => el('pre', {}, shown(JSON.stringify(value, null, 2)));
const text = (...parts) => el('p', { class: 'words' }, parts);
const facts = (...values) => el('p', { class: 'muted' },
  values.filter((value) => value !== undefined).map(shown).join(' · '));
const size = (value) => (typeof value === 'number' ? bytes(value) : value);
const length = (value) => (typeof value === 'number' ? duration(value) : value);

/** An address as text: a tracker behind it would learn who looks. */
function address(url) {
  if (url === undefined) return null;
  const node = el('code', {}, shown(url));
  const copy = async () => {
    getSelection().selectAllChildren(node);
    await navigator.clipboard?.writeText(String(url));
    say(t('act.copied'));
  };
  return el('p', { class: 'address' }, node, button(t('act.copy'), copy, { class: 'small' }));
}

/** A box in the proportions of a picture, which isn't loaded. */
function box(width, height, label) {
  const node = el('div', { class: 'box' }, label);
  if (width > 0 && height > 0) setStyle(node, 'aspect-ratio', `${width} / ${height}`);
  return node;
}

const imageFormats = { 1: 'JPG', 2: 'GIF', 3: 'PNG', 4: 'BMP' };

const drawings = {
  TIMTextElem: ({ Text }) => text(shown(Text)),
  TIMLocationElem: ({ Desc, Latitude, Longitude }) =>
    [text(shown(Desc)), facts(Latitude, Longitude)],
  TIMFaceElem: ({ Index, Data }) => [text(shown(Index)), facts(Data)],
  TIMCustomElem: ({ Desc, Data, Ext, Sound }) => [
    text(shown(Desc)), customData(Data),
    Ext !== undefined && facts('Ext', Ext), Sound !== undefined && facts('Sound', Sound),
  ],
  TIMSoundElem: ({ Second, Size, Url }) =>
    [facts(length(Second), size(Size)), address(Url)],
  TIMImageElem: ({ ImageFormat, ImageInfoArray }) => {
    const pictures = Array.isArray(ImageInfoArray) ? ImageInfoArray.filter(isObject) : [];
    return [
      box(pictures[0]?.Width, pictures[0]?.Height, imageFormats[ImageFormat] ?? '…'),
      pictures.map(({ Type, Width, Height, Size, URL }) =>
        [facts(t(`bubble.image_${shown(Type)}`), `${Width}×${Height}`, size(Size)), address(URL)]),
    ];
  },
  TIMFileElem: ({ FileName, FileSize, Url }) =>
    [text(shown(FileName)), facts(size(FileSize)), address(Url)],
  TIMVideoFileElem: ({
    ThumbWidth, ThumbHeight, VideoSecond, VideoFormat, VideoSize, VideoUrl, ThumbUrl,
  }) => [
    box(ThumbWidth, ThumbHeight, '▶'),
    facts(length(VideoSecond), VideoFormat, size(VideoSize)), address(VideoUrl), address(ThumbUrl),
  ],
};

function customData(data) {
  if (data === undefined) return null;
  try {
    return formatted(JSON.parse(data));
  } catch {
    return el('pre', {}, shown(data));
  }
}

/** A message about as its recipients see it; nothing of it is loaded. */
export function bubble(message) {
  return el('div', { class: 'message' },
    el('p', { class: 'muted' },
      message?.From_Account ? bdi(message.From_Account) : t('bubble.administrator')),
    elementsOf(message).map((element) => el('div', { class: 'bubble' }, drawElement(element))),
    pushCard(message?.OfflinePushInfo),
    el('ul', { class: 'chips' }, flags(message ?? {}).map((flag) => el('li', {}, flag))));
}

function drawElement(element) {
  const isKnown = isObject(element?.MsgContent) && Object.hasOwn(drawings, element.MsgType);
  if (!isKnown) return formatted(element);
  const { MsgType: type, MsgContent: content } = element;
  const kind = type === 'TIMTextElem' ? null : el('small', {}, t(`bubble.${type}`));
  return [kind, drawings[type](content)];
}

function pushCard(push) {
  if (!isObject(push) || push.PushFlag === 1) return null;
  return el('div', { class: 'push' }, el('small', {}, t('bubble.push')),
    el('strong', {}, shown(push.Title)), el('span', {}, shown(push.Desc)));
}

function flags({
  OnlineOnlyFlag, MsgLifeTime, SyncOtherMachine, IsNeedReadReceipt, OfflinePushInfo,
  CloudCustomData, SendMsgControl,
}) {
  return [
    OnlineOnlyFlag === 1 && t('flag.online_only'),
    MsgLifeTime !== undefined && t('flag.life', { duration: length(MsgLifeTime) }),
    SyncOtherMachine !== undefined && t(`flag.sync_${SyncOtherMachine}`),
    IsNeedReadReceipt === 1 && t('flag.receipt'),
    OfflinePushInfo?.PushFlag === 1 && t('flag.no_push'),
    CloudCustomData !== undefined && `CloudCustomData: ${shown(CloudCustomData)}`,
    ...(Array.isArray(SendMsgControl) ? SendMsgControl : []).map(shown),
  ].filter(Boolean);
}
