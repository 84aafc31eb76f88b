// A new campaign from its message to its start, and how messages look.
import {
  bdi, button, el, field, keyed, labelled, muted, setStyle, setText, show, update, visible,
} from './charts.js';
import { apiURL, ask, Problem, remember, token } from './live.js';
import { bytes, duration, number, percent, t, words } from './words.js';
import { go, replaceAddress, say } from './app.js';
import {
  drawLines, endOf, outlook, post, problemBox, sayState, settingsForm, startLines,
} from './actions.js';

const sizeOf = (text) => new TextEncoder().encode(text).length;
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const quietBefore = 400;

const area = (name, rows) => el('textarea', { name, rows, spellcheck: 'false' });
const split = (tag, left, right) => el(tag, { class: 'split' }, el('div', {}, left), el('div', {}, right));

/** A list of figures, whose values may come with what is shown. */
function factList() {
  const node = el('dl', { class: 'facts' });
  node.draw = (values) => keyed(node, Object.entries(values), ([key]) => key,
    ([key]) => el('div', {}, el('dt', {}, t(`fact.${key}`)), field(key, '', '', 'dd')),
    ({ lastChild }, [, value]) => {
      const [raw, shownText] = [value].flat();
      update(lastChild, raw, shownText ?? number(raw));
    });
  return node;
}

/* ---- The message ---- */

// Numbers stand in marked strings meanwhile: JSON.parse would round the long ones.
const mark = '\uE000';
const parseExactly = (text) => JSON.parse(text.replace(
  /"(?:[^"\\]|\\.)*"|(-?\d[\d.eE+-]*)/g,
  (all, digits) => (digits ? `"${mark}${digits}"` : all),
));
const print = (value) => JSON.stringify(value, null, 2);
const printExactly = (value) => print(value).replace(new RegExp(`"${mark}([^"]*)"`, 'g'), '$1');

const elementsOf = (message) => (Array.isArray(message?.MsgBody) ? message.MsgBody : []);

/** Where the form's values stand in a message. */
const placesIn = (message) => ({
  text: ['MsgBody', elementsOf(message).findIndex((one) => one?.MsgType === 'TIMTextElem'),
    'MsgContent', 'Text'],
  sender: ['From_Account'],
  push_title: ['OfflinePushInfo', 'Title'],
  push_text: ['OfflinePushInfo', 'Desc'],
});
const valueAt = (message, path) => path.reduce((value, key) => value?.[key], message);

/** A message's JSON with one value changed; an empty one that nobody asks for is taken away. */
function changeValue(text, name, value) {
  const message = parseExactly(text);
  const path = placesIn(message)[name];
  const last = path.pop();
  const parent = path.reduce((node, key) => node[key] ??= {}, message);
  if (value === '' && name !== 'text') delete parent[last];
  else parent[last] = value;
  if (Object.keys(parent).length === 0) delete message.OfflinePushInfo;
  return printExactly(message);
}

/** The message as a form and as JSON, which change one document. */
function messagePart(changed) {
  const inputs = {
    text: area('text', 5),
    sender: el('input', { name: 'sender', autocomplete: 'off', spellcheck: 'false' }),
    push_title: el('input', { name: 'push_title' }),
    push_text: el('input', { name: 'push_text' }),
  };
  const json = area('message', 11);
  const size = el('small');
  const fault = el('p', { class: 'fault', hidden: true });
  const preview = el('div');
  const node = split('fieldset',
    Object.entries(inputs).map(([name, input]) =>
      labelled(t(`compose.${name}`), input, name === 'text' && size)),
    [preview, labelled(t('compose.json'), json), fault]);
  const part = { node, message: null };
  const draw = () => {
    const { message } = part;
    for (const [name, path] of Object.entries(placesIn(message))) {
      const parent = valueAt(message, path.slice(0, -1));
      const value = valueAt(message, path) ?? '';
      const canBeMade = parent === undefined && name !== 'text';
      inputs[name].disabled = !isObject(message) || !(isObject(parent) || canBeMade);
      if (message && inputs[name].value !== value) inputs[name].value = value;
    }
    setText(size, bytes(sizeOf(inputs.text.value)));
    if (message) preview.replaceChildren(bubble(message));
  };
  const read = () => {
    part.message = null;
    try {
      part.message = JSON.parse(json.value);
    } catch (error) {
      setText(fault, t('compose.not_json', { why: error.message }));
    }
    show(fault, !part.message);
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
    set,
    text: () => json.value,
    fields: () => ({
      message: json,
      ...Object.fromEntries(Object.entries(placesIn(part.message))
        .map(([name, path]) => [`message/${path.join('/')}`, inputs[name]])),
    }),
  });
}

/* ---- Recipients ---- */

const accountLimit = 32;
const lineLimit = 65_536;
const keptLimit = 1_000_000;

/** For each ending of a name the list's type, and what finds the account in a line. */
const formats = {
  txt: ['text/plain', () => (line) => line],
  csv: ['text/csv', accountsInRows],
  ndjson: ['application/x-ndjson', () => accountInJSON],
  jsonl: ['application/x-ndjson', () => accountInJSON],
};

/** The account of a row; null for the first, if it has names. */
function accountsInRows() {
  let column;
  return (line) => {
    const fields = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)]
      .map(([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare);
    if (column !== undefined) return fields[column] ?? '';
    column = Math.max(0, fields.indexOf('account'));
    return fields.includes('account') ? null : fields[0];
  };
}

function accountInJSON(line) {
  try {
    const value = JSON.parse(line);
    return value?.account ?? value;
  } catch {
    return '';
  }
}

function describe(blob, name) {
  const [, ending, packed] = /(?:\.(\w+?))?(\.gz)?$/i.exec(name);
  const [type, makeReader] = formats[ending?.toLowerCase()] ?? formats.txt;
  return { blob, type, makeReader, isGzip: Boolean(packed) };
}

/** Counts a list's accounts, reading as the endpoint reads. */
async function survey({ blob, makeReader, isGzip }, signal, progress) {
  const found = { count: 0, bytes: 0, blank: 0, long: 0, invalid: 0, broken: 0, first: [], last: [] };
  const accountOf = makeReader();
  const takeLine = (line) => {
    const bare = line.endsWith('\r') ? line.slice(0, -1) : line;
    if (bare === '') found.blank += 1;
    else takeAccount(found, accountOf(bare));
  };
  let done = 0;
  let rest = '';
  const counting = new TransformStream({
    transform: (chunk, out) => {
      done += chunk.length;
      out.enqueue(chunk);
    },
  });
  const stream = blob.stream().pipeThrough(counting, { signal });
  const bare = isGzip ? stream.pipeThrough(new DecompressionStream('gzip')) : stream;
  const reader = bare.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (let slice = await reader.read(); !slice.done; slice = await reader.read()) {
      const lines = (rest + slice.value).split('\n');
      // The start of an endless line is enough to count it as too long.
      rest = lines.pop().slice(0, lineLimit);
      lines.forEach(takeLine);
      progress(found, done / blob.size);
      await new Promise((resolve) => setTimeout(resolve));
    }
  } catch (error) {
    // Browsers inflate the first of several gzip members; the endpoint takes them all.
    if (signal.aborted || !isGzip) throw error;
    found.hint = 'members';
  }
  if (rest) takeLine(rest);
  if (found.broken > 0) found.hint ??= await isGBK(blob) ? 'gbk' : 'bytes';
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
  if (account === null) return;
  const isText = typeof account === 'string';
  const size = isText && /^[ -~]*$/.test(account) ? account.length : sizeOf(account);
  if (isText && account.includes('\uFFFD')) found.broken += 1;
  else if (size > accountLimit) found.long += 1;
  else if (!isText || !account || /[\x00-\x1f\x7f-\x9f]/.test(account)) found.invalid += 1;
  else {
    found.count += 1;
    found.bytes += size;
    const sample = found.first.length < 3 ? found.first : found.last;
    sample.push(account);
    if (sample.length > 3) sample.shift();
  }
}

function recipientsPart(changed) {
  const paste = area('recipients', 6);
  const file = el('input', { type: 'file', name: 'file', accept: '.txt,.csv,.ndjson,.jsonl,.gz' });
  const bar = el('progress', { max: 1, hidden: true, 'aria-label': t('file.file') });
  const facts = factList();
  const hint = el('p', { class: 'fault', hidden: true });
  const part = { list: null, found: null };
  let reading = new AbortController();
  let quiet;
  const draw = (found, share = 1, fault = found?.hint && t(`file.hint_${found.hint}`)) => {
    facts.draw(found ? listFacts(found) : {});
    setText(hint, fault);
    show(hint, fault);
    show(bar, share < 1);
    bar.value = share;
  };
  const take = async (blob, name) => {
    reading.abort();
    reading = new AbortController();
    const { signal } = reading;
    const list = describe(blob, name);
    const tell = (found, ...more) => {
      if (!signal.aborted) draw(found, ...more);
    };
    Object.assign(part, { list: null, found: null });
    draw(null);
    changed();
    if (blob.size === 0) return;
    try {
      const found = await survey(list, signal, tell);
      if (!signal.aborted) Object.assign(part, { list, found });
      tell(found);
    } catch (error) {
      tell(null, 1, t('file.unreadable', { why: error.message }));
    }
    changed();
  };
  const takePaste = () => {
    file.value = '';
    clearTimeout(quiet);
    quiet = setTimeout(() => take(new Blob([paste.value]), ''), quietBefore);
  };
  file.addEventListener('change', () => {
    const [chosen] = file.files;
    if (!chosen) return;
    paste.value = '';
    take(chosen, chosen.name);
  });
  paste.addEventListener('input', takePaste);
  return Object.assign(part, {
    node: split('div', [labelled(t('file.paste'), paste),
      labelled(t('file.file'), file, el('small', {}, t('file.about')))], [bar, facts, hint]),
    stop: () => reading.abort(),
    typed: () => (paste.value.length < keptLimit ? paste.value : ''),
    retype: (accounts) => {
      paste.value = accounts;
      takePaste();
    },
  });
}

function listFacts({ count, bytes: all, first, last, hint, ...faults }) {
  const values = { count };
  if (count > 0) values.mean_account_bytes = [all / count, bytes(all / count)];
  for (const [key, value] of Object.entries(faults)) if (value > 0) values[key] = value;
  const sample = [...first, count > 6 && '…', ...last].filter(Boolean).map(visible).join(' · ');
  return sample ? { ...values, sample: ['', sample] } : values;
}

/* ---- What it takes ---- */

/** The plan of what is written so far, asked for whenever nobody types. */
function checkPart(message, recipients) {
  const facts = factList();
  const hint = muted();
  const problem = problemBox(message.fields);
  let asking = new AbortController();
  let quiet;
  const draw = (plan) => {
    setText(hint, t(plan ? 'plan.alone' : 'plan.wanted'));
    facts.draw(plan ? {
      batches: plan.batches,
      seconds: [plan.seconds, duration(plan.seconds)],
      largest_batch_accounts: plan.largest_batch_accounts,
      largest_packet_bytes: [plan.largest_packet_bytes, bytes(plan.largest_packet_bytes)],
    } : {});
  };
  const askPlan = async () => {
    const { signal } = asking;
    const { count, bytes: all } = recipients.found;
    const list = { count, mean_account_bytes: all / count };
    try {
      draw(await ask('v1/plan', { ...withMessage(message.text(), list), signal }));
    } catch (error) {
      if (!signal.aborted) problem.tell(error);
    }
  };
  return {
    node: [hint, facts, problem],
    refresh: () => {
      asking.abort();
      asking = new AbortController();
      clearTimeout(quiet);
      problem.clear();
      draw(null);
      if (message.message && recipients.found?.count > 0) quiet = setTimeout(askPlan, quietBefore);
    },
  };
}

// The message goes as it was written.
const withMessage = (text, body, headers) => ({
  method: 'POST',
  headers: { 'Content-Type': 'application/json', ...headers },
  body: `{"message":${text},${JSON.stringify(body).slice(1)}`,
});

// Over plain HTTP to another machine there is no crypto.randomUUID.
const randomKey = () => crypto.getRandomValues(new Uint32Array(4)).join('-');

/** Creates a campaign; the same key again makes no second one. */
async function createCampaign(text, settings, key = randomKey()) {
  const given = Object.entries(settings).filter(([, value]) => value !== null);
  const request = withMessage(text, Object.fromEntries(given), { 'Idempotency-Key': key });
  return remember(await ask('v1/campaigns', request));
}

/* ---- Sending ---- */

const testLimit = 10;

/** A message to a few accounts first, each with what became of it. */
function testPart(message, nameOf) {
  const accounts = area('account', 3);
  const fields = () => ({ ...message.fields(), recipients: accounts });
  const problem = problemBox(fields, () => { verb.disabled = problem.isOut; });
  const outcomes = el('ul', { class: 'outcomes' });
  const verb = button(t('act.test'), () => problem.during(send), { 'data-action': 'test' });
  const part = { accounts, isLeft: false };
  const draw = (recipients) => keyed(outcomes, recipients, ({ account }) => account,
    ({ account }) => el('li', { 'data-account': account }, bdi(account), field('status'),
      field('code')),
    ({ children: [, status, code] }, recipient) => {
      update(status, recipient.status, words('status', recipient.status));
      update(code, recipient.code, recipient.code > 0
        ? `${recipient.code} ${words('code', recipient.code, recipient.info).text}` : '');
    });
  const send = async () => {
    const recipients = accounts.value.split('\n').map((line) => line.trim()).filter(Boolean);
    if (recipients.length > testLimit) throw new Problem(0, { detail: t('test.accounts') });
    // Fifty characters are at most 200 bytes, which is the limit.
    const name = [...`Test · ${nameOf()}`].slice(0, 50).join('');
    const { id } = await createCampaign(message.text(), { recipients, name, priority: 'high' });
    for (let state; !part.isLeft && state !== 'completed';) {
      ({ state } = await ask(`v1/campaigns/${id}`));
      draw((await ask(`v1/campaigns/${id}/recipients?limit=${testLimit}`)).items);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  };
  part.node = el('fieldset', {}, el('legend', {}, t('test.title')), split('div',
    [labelled(t('test.accounts'), accounts), el('div', { class: 'buttons' }, verb)],
    [outcomes, problem]));
  return part;
}

/** Streams a list into a draft, with progress; a compressed one goes as it is. */
function upload({ id }, { blob, type, isGzip }, progress) {
  const request = new XMLHttpRequest();
  request.open('POST', apiURL(`v1/campaigns/${id}/recipients`));
  request.responseType = 'json';
  request.setRequestHeader('Content-Type', type);
  if (isGzip) request.setRequestHeader('Content-Encoding', 'gzip');
  if (token()) request.setRequestHeader('Authorization', `Bearer ${token()}`);
  request.upload.onprogress = progress;
  const done = new Promise((resolve, reject) => {
    request.onloadend = () => {
      const { status, response } = request;
      if (status === 200) resolve(response);
      else reject(new Problem(status, response ?? { detail: t('upload.broken') }));
    };
  });
  request.send(blob);
  return { done, stop: () => request.abort() };
}

function uploadPart() {
  const bar = el('progress', { max: 1, 'aria-label': t('send.upload') });
  const loaded = el('span');
  const transfer = el('div', { hidden: true }, bar, loaded);
  const facts = factList();
  const examples = el('ul');
  const part = { node: [transfer, facts, examples], stop: null };
  const warn = (event) => event.preventDefault();
  const draw = ({ loaded: done, total: all }) => {
    if (done < all) bar.value = done / all;
    else bar.removeAttribute('value');
    setText(loaded, `${percent(done, all)} · ${bytes(done)} / ${bytes(all)}`);
  };
  part.run = async (draft, list) => {
    const { done, stop } = upload(draft, list, draw);
    part.stop = stop;
    addEventListener('beforeunload', warn);
    show(transfer, true);
    try {
      const { accepted, duplicates, invalid, total, invalid_examples: lines } = await done;
      facts.draw({ accepted, duplicates, invalid, total });
      examples.replaceChildren(...lines.map(({ line, reason }) =>
        el('li', {}, t('upload.line', { line }), ' ', el('span', { lang: 'en' }, reason))));
    } finally {
      part.stop = null;
      removeEventListener('beforeunload', warn);
      show(transfer, false);
    }
  };
  return part;
}

function sendPart(message, recipients) {
  const settings = el('div');
  const test = testPart(message, () => draft?.name ?? form.read().name);
  const transfer = uploadPart();
  const figures = el('div', { class: 'figures' });
  const problem = problemBox(() => ({ ...message.fields(), ...form.fields }), () => draw());
  const buttons = el('div', { class: 'buttons' });
  const keys = {};
  let form;
  let draft;
  let plan;
  let sent;

  const fill = (values) => {
    form = settingsForm(values);
    settings.replaceChildren(form.node);
  };
  const takeUp = async (campaign) => {
    draft = remember(campaign);
    message.node.disabled = true;
    replaceAddress(`#/new?draft=${draft.id}`);
    settings.replaceChildren(el('p', {}, t('draft.stored'), ' ',
      el('a', { href: `#/campaigns/${draft.id}` }, bdi(draft.name || draft.id))));
    if (draft.counts.total > 0) plan = await outlook(draft);
    draw();
  };
  const create = async () => {
    if (!draft) {
      const values = { ...form.read(), start: false };
      const key = keys[message.text() + JSON.stringify(values)] ??= randomKey();
      await takeUp(await createCampaign(message.text(), values, key));
    }
    const { list } = recipients;
    await transfer.run(draft, list);
    sent = list;
    await takeUp(await ask(`v1/campaigns/${draft.id}`));
  };
  const start = async () => {
    const next = await post(draft, 'start');
    say(sayState(next));
    go(`#/campaigns/${next.id}`);
  };
  const draw = () => {
    const n = recipients.found?.count ?? 0;
    const hasNew = n > 0 && recipients.list !== sent;
    const verbs = {};
    if (!draft || hasNew) verbs.create = [create, t(draft ? 'send.add' : 'send.create', { n })];
    if (plan) {
      const { counts: { total }, start_at: at } = draft;
      verbs.start = [start, t('send.start', { n: total, time: endOf(plan, at) })];
      drawLines(figures, startLines(total, plan, at));
    }
    keyed(buttons, Object.keys(verbs), (verb) => verb,
      (verb) => button('', () => problem.during(verbs[verb][0]), { 'data-action': verb }),
      (node, verb) => {
        node.disabled = problem.isOut || (verb === 'create' && !(hasNew && message.message));
        node.className = verb === 'start' ? 'primary' : '';
        setText(node, verbs[verb][1]);
      });
  };
  fill({});
  return {
    node: [settings, test.node, transfer.node, figures, problem, buttons],
    draw,
    fill,
    takeUp,
    typed: () => ({ settings: form.read(), accounts: test.accounts.value }),
    retype: ({ settings: values, accounts }) => {
      fill(values);
      test.accounts.value = accounts;
    },
    leave: () => {
      if (transfer.stop && !confirm(t('upload.leave'))) return false;
      transfer.stop?.();
      test.isLeft = true;
      return true;
    },
  };
}

/* ---- The view ---- */

const emptyMessage = { MsgBody: [{ MsgType: 'TIMTextElem', MsgContent: { Text: '' } }] };

/** The view that makes a campaign: `from` copies one, `draft` takes one up that was left. */
export function newView(params) {
  const place = location.hash;
  const message = messagePart(() => refresh());
  const recipients = recipientsPart(() => refresh());
  const check = checkPart(message, recipients);
  const send = sendPart(message, recipients);
  const problem = problemBox();
  const part = (number, title, node) =>
    el('section', { class: 'card' }, el('h2', {}, `${number} ${t(title)}`), node);
  const refresh = () => {
    check.refresh();
    send.draw();
  };
  // Whoever reloads, as for another language, or comes back finds what they typed.
  const keep = () => {
    if (location.hash !== place || params.has('draft')) return;
    const typed = { text: message.text(), accounts: recipients.typed(), send: send.typed() };
    history.replaceState(typed, '');
  };
  const typed = history.state;
  message.set(typed?.text ?? print(emptyMessage));
  if (typed) {
    recipients.retype(typed.accounts);
    send.retype(typed.send);
  } else problem.during(() => load(params, message, send));
  return {
    node: el('div', { class: 'compose', on: { change: keep } },
      el('h1', {}, t('nav.new')), draftList(), problem,
      part(1, 'message.title', message.node), part(2, 'row.recipients', recipients.node),
      part(3, 'compose.check', check.node), part(4, 'compose.send', send.node)),
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
  const { name, priority, messages_per_minute, on_unknown } = campaign;
  message.set(print(campaign.message));
  send.fill({ name, priority, messages_per_minute, on_unknown });
  if (draft) await send.takeUp(campaign);
}

function draftList() {
  const node = el('p', { class: 'muted', hidden: true });
  ask('v1/campaigns?state=draft&limit=5&message=false').then(({ items }) => {
    node.append(t('compose.drafts'), ...items.flatMap(({ id, name, counts }) => [
      ' ', el('a', { href: `#/new?draft=${id}` }, bdi(name || id)), ` (${number(counts.total)})`,
    ]));
    show(node, items.length > 0);
  }, () => {});
  return node;
}

/* ---- How a message looks ---- */

const shown = (value) => (typeof value === 'string' ? value : JSON.stringify(value) ?? '')
  .split('\n').map(visible).join('\n');
const preformatted = (text) => el('pre', {}, shown(text));
const facts = (values) =>
  muted(values.filter((value) => value !== undefined).map(shown).join(' · '));

/** A value as its key says: a size, a length of time, or as it is. */
function measured(key, value) {
  if (typeof value !== 'number') return value;
  return key.endsWith('Size') ? bytes(value) : key.endsWith('Second') ? duration(value) : value;
}

/** An address as text: a tracker behind it would learn who looks. */
function address(url) {
  if (url === undefined) return null;
  const node = el('code', {}, shown(url));
  const copy = () => {
    getSelection().selectAllChildren(node);
    // Over plain HTTP to another machine there is no navigator.clipboard.
    document.execCommand('copy');
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

function data(text) {
  try {
    return preformatted(print(JSON.parse(text)));
  } catch {
    return text === undefined ? null : preformatted(text);
  }
}

/** How the parts of an element are drawn, by the keys of their values. */
const drawParts = {
  words: (content, key) => el('p', { class: 'words' }, shown(content[key])),
  data: (content, key) => data(content[key]),
  box: (content, width, height) => box(content[width], content[height], '▶'),
  facts: (content, ...keys) => facts(keys.map((key) => measured(key, content[key]))),
  addresses: (content, ...keys) => keys.map((key) => address(content[key])),
  images: ({ ImageFormat }, ...images) => [
    box(images[0]?.Width, images[0]?.Height, imageFormats[ImageFormat] ?? '…'),
    images.map(({ Type, Width = '?', Height = '?', Size, URL }) => [
      facts([words('image', Type).text, `${Width}×${Height}`, measured('Size', Size)]),
      address(URL),
    ]),
  ],
};

const imageFormats = { 1: 'JPG', 2: 'GIF', 3: 'PNG', 4: 'BMP' };

const elementParts = {
  TIMTextElem: { words: ['Text'] },
  TIMLocationElem: { words: ['Desc'], facts: ['Latitude', 'Longitude'] },
  TIMFaceElem: { words: ['Index'], facts: ['Data'] },
  TIMCustomElem: { words: ['Desc'], data: ['Data'], facts: ['Ext', 'Sound'] },
  TIMSoundElem: { facts: ['Second', 'Size'], addresses: ['Url'] },
  TIMFileElem: { words: ['FileName'], facts: ['FileSize'], addresses: ['Url'] },
  TIMVideoFileElem: {
    box: ['ThumbWidth', 'ThumbHeight'],
    facts: ['VideoSecond', 'VideoFormat', 'VideoSize'],
    addresses: ['VideoUrl', 'ThumbUrl'],
  },
};

/** A message about as its recipients see it; nothing of it is loaded. */
export function bubble(message) {
  const { MsgBody, From_Account: sender, OfflinePushInfo: push, ...flags } = message ?? {};
  if (push?.PushFlag === 1) flags.PushFlag = 1;
  return el('div', { class: 'message' },
    muted(sender ? bdi(sender) : t('bubble.administrator')),
    elementsOf(message).map((element) => el('div', { class: 'bubble' }, drawElement(element))),
    isObject(push) && push.PushFlag !== 1 && el('div', { class: 'push' },
      el('small', {}, t('bubble.push')),
      el('strong', {}, shown(push.Title)), el('span', {}, shown(push.Desc))),
    el('ul', { class: 'chips' }, Object.entries(flags).map(([name, value]) =>
      el('li', {}, words('flag', `${name}.${value}`, `${name}: ${shown(value)}`)))));
}

function drawElement(element) {
  const { MsgType: type, MsgContent: content } = element ?? {};
  const parts = type === 'TIMImageElem'
    ? { images: [content?.ImageInfoArray].flat().filter(isObject) }
    : Object.hasOwn(elementParts, type) && elementParts[type];
  if (!parts || !isObject(content)) return preformatted(print(element));
  return [
    type !== 'TIMTextElem' && el('small', {}, t(`bubble.${type}`)),
    Object.entries(parts).map(([part, keys]) => drawParts[part](content, ...keys)),
  ];
}
