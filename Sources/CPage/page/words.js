// Words, numbers and times, in the language and zone in force.

/** English; zh.js has the same keys. `key|one` and `key|other` are chosen by the value `n`. */
const english = {
  'app.skip': 'Skip to content',
  'app.simulator': 'SIMULATOR',
  'app.live': 'live',
  'app.freeze': 'Pause',
  'app.go_on': 'Go on',
  'app.frozen': 'frozen at {time}',
  'app.as_of': 'as of {time}, again in {wait}',
  'app.connecting': 'connecting …',
  'app.read_only': '{caller} · read only',
  'app.config_error': 'The last reload of the configuration was refused: {error}',
  'app.updated': 'fanoutd was updated.',
  'app.reload': 'Reload',
  'app.close': 'Close',
  'nav.label': 'Main',
  'nav.overview': 'Overview',
  'nav.campaigns': 'Campaigns',
  'nav.new': 'New',
  'menu.label': 'Menu',
  'menu.theme': 'Theme',
  'menu.theme.auto': 'As the system',
  'menu.theme.light': 'Light',
  'menu.theme.dark': 'Dark',
  'menu.lang': 'Language',
  'menu.lang.auto': 'As the browser',
  'menu.utc': 'All times in UTC',
  'menu.shortcuts': 'Keyboard shortcuts',
  'menu.keys': 'Show the shortcuts',
  'menu.logout': 'Log out',
  'login.title': 'Log in to {host}',
  'login.token': 'Token',
  'login.help': 'The one in http.tokenFile, or your own of http.tokensFile. It is kept until the last tab is closed.',
  'login.plain': 'This connection isn’t encrypted: the token can be read on its way.',
  'login.submit': 'Log in',
  'login.wrong': 'The daemon doesn’t know this token.',
  'problem.unreachable': 'fanoutd doesn’t answer. Is it running, and is the tunnel up?',
  'say.campaign': '{name}: {state}.',
  'say.lost': 'The connection is lost; the numbers are old.',
  'say.back': 'Connected again.',
  'service.label': 'All sending',
  'service.since': 'since {time}',
  'service.until': '· again in {wait}',
  'standby.title': 'This node stands by',
  'standby.leader': 'Campaigns are with the leader:',
  'standby.nobody': 'nobody knows where',
  'standby.help': 'When the leader falls silent, this node takes over and this page goes on by itself.',
  'cluster.alone': 'Epoch {epoch}: what is stored is on one database server alone. Start its synchronous standby again.',
  'hooks.waits|one': '{url}: {n} event waits, since {time}; the last try: {answer}.',
  'hooks.waits|other': '{url}: {n} events wait, the first since {time}; the last try: {answer}.',
  'service.figures': '{calls} calls out · at most {rate} a second · pace {pace}/16',
  'state.draft': 'draft',
  'state.scheduled': 'scheduled',
  'state.running': 'running',
  'state.paused': 'paused',
  'state.halted': 'halted',
  'state.completed': 'completed',
  'state.canceled': 'canceled',
  'state.expired': 'expired',
  'state.throttled': 'throttled',
  'state.unreachable': 'unreachable',
  'state.store_failed': 'store failed',
  'status.total': 'in all',
  'status.queued': 'queued',
  'status.sending': 'sending',
  'status.retrying': 'retrying',
  'status.sent': 'sent',
  'status.failed': 'failed',
  'status.unknown': 'unknown',
  'status.canceled': 'canceled',
  'status.expired': 'expired',
  'status.suppressed': 'suppressed',
  'chart.minutes': 'Messages a minute',
  'chart.quarters': 'Messages a quarter of an hour',
  'chart.hour': '1 h',
  'chart.day': '24 h',
  'chart.busiest': 'busiest {n} of {limit}',
  'chart.busiest_low': 'busiest {n}, far below the limit of {limit}',
  'chart.quiet': 'nothing was sent; the limit is {limit}',
  'chart.window': 'Quota window',
  'chart.of': 'of',
  'chart.held': 'held',
  'chart.room': 'free',
  'chart.next': 'next full batch in {wait}',
  'chart.fits': 'a full batch fits now',
  'chart.unanswered': 'unanswered',
  'chart.answered': 'answered within 60 s',
  'chart.releases': 'Room comes back',
  'chart.now': 'now',
  'chart.nobody': 'nobody',
  'chart.as_table': 'as table',
  'chart.time': 'Time',
  'chart.addressed': 'addressed',
  'chart.limit': 'limit',
  'progress.title': 'In progress',
  'progress.all': 'All {n} in progress',
  'row.name': 'Campaign',
  'row.state': 'State',
  'row.progress': 'Progress',
  'row.recipients': 'Recipients',
  'row.rate': 'Rate',
  'row.end': 'Ends',
  'row.why': 'Explain',
  'row.per_minute': '{n}/min',
  'row.ended': 'ended {time}',
  'row.starts': 'starts {time}',
  'row.done': 'done {time}',
  'list.search': 'Search by name',
  'list.all': 'all',
  'list.fresh': '{n} new',
  'list.none': 'There are no campaigns here.',
  'list.no_hit': 'No campaign’s name has “{name}”.',
  'list.newer': '← Newer',
  'list.older': 'Older →',
  'why.ask': 'why?',
  'why.title': 'Why isn’t it moving?',
  'why.moving': 'It is moving; this bounds its pace.',
  'why.still': 'No call has gone out for 2 s.',
  'why.last': 'Last call at {time}.',
  'why.until': 'for {wait}, until {time}',
  'campaign.unnamed': '(no name)',
  'campaign.gone': 'This campaign was deleted, or never was.',
  'campaign.halted': 'Resume tries the same message again; for another text make a new campaign.',
  'campaign.share': 'Of the quota',
  'campaign.resent': 'resent',
  'failures.title': 'Failures by code',
  'failures.none': 'Nobody failed so far.',
  'failures.words': 'Meaning',
  'failures.may_pass': 'Again?',
  'failures.do': 'Actions',
  'failures.passes': 'may pass',
  'failures.final': 'final',
  'export.as': 'Export {format}',
  'timeline.title': 'Timeline',
  'timeline.created_at': 'Created',
  'timeline.started_at': 'Started',
  'timeline.finished_at': 'Ended',
  'timeline.eta': 'Expected end',
  'settings.title': 'Settings',
  'settings.edit': 'Edit',
  'settings.priority': 'Priority',
  'settings.messages_per_minute': 'Own cap',
  'settings.on_unknown': 'Unknown outcome',
  'settings.start_at': 'Planned start',
  'settings.expires_at': 'Expires',
  'settings.no_cap': 'none',
  'settings.send_between': 'Sending hours',
  'settings.any_time': 'any time',
  'priority.high': 'high',
  'priority.normal': 'normal',
  'priority.low': 'low',
  'on_unknown.resend': 'send again',
  'on_unknown.leave': 'leave',
  'on_unknown.verify': 'look up, then decide',
  'message.title': 'Message',
  'message.json': 'as JSON',
  'recipient.account': 'Account',
  'recipient.status': 'Status',
  'recipient.code': 'Code',
  'recipient.attempts': 'Attempts',
  'recipient.next_attempt_at': 'Next attempt',
  'recipient.msg_key': 'MsgKey',
  'recipient.updated_at': 'Changed',
  'recipient.any_status': 'Any status',
  'recipient.any_code': 'Any code',
  'recipient.again': 'Refresh',
  'recipient.first': '← Previous page',
  'recipient.following': 'Next page →',
  'recipient.as_of': 'as of {time}',
  'recipient.none': 'Nobody, as of {time}.',
  'recipient.looking|one': 'Looked through {n} page …',
  'recipient.looking|other': 'Looked through {n} pages …',
  'recipient.stopped|one': 'Stopped after {n} page.',
  'recipient.stopped|other': 'Stopped after {n} pages.',
  'lookup.label': 'Look up one account',
  'lookup.submit': 'Look up',
  'lookup.nobody': 'This campaign doesn’t have {account}. Accounts are compared byte for byte.',
  'lookup.dots': 'Browsers can’t ask for this account; the command line can.',
  percent: '{n} %',
  'act.start': 'Start',
  'act.pause': 'Pause',
  'act.resume': 'Resume',
  'act.retry': 'Retry',
  'act.cancel': 'Cancel campaign',
  'act.delete': 'Delete',
  'act.pause_all': 'Pause all sending',
  'act.resume_all': 'Resume all sending',
  'act.check': 'Check accounts',
  'act.verify': 'Look up unknown',
  'act.recall': 'Recall',
  'act.stop': 'Stop',
  'act.save': 'Save changes',
  'act.test': 'Send test',
  'act.fill': 'Add recipients',
  'act.clone': 'Use again',
  'act.keep': 'Keep as it is',
  'act.export': 'Export first?',
  'act.copy': 'Copy',
  'act.copied': 'Copied.',
  'ask.type': 'Type the last 4 characters of the id: {end}',
  'ask.same_message': 'It tries again with the same message.',
  'ask.same_credentials': 'It tries again with the same credentials.',
  'ask.never|one': '{n} recipient will never get it.',
  'ask.never|other': '{n} recipients will never get it.',
  'ask.under_way|one': '{n} is under way and may.',
  'ask.under_way|other': '{n} are under way and may.',
  'ask.have|one': '{n} has it; this doesn’t recall it.',
  'ask.have|other': '{n} have it; this doesn’t recall it.',
  'ask.no_undo': 'This can’t be undone.',
  'ask.removed|one': 'The campaign and what became of {n} recipient are removed.',
  'ask.removed|other': 'The campaign and what became of {n} recipients are removed.',
  'ask.again|one': '{n} goes again, about {duration} of the quota.',
  'ask.again|other': '{n} go again, about {duration} of the quota.',
  'ask.twice': '{n} unknown ticked: some of them may get it twice.',
  'ask.take_back|one':
    '{n} has it; taking it back takes about {duration} at {calls} calls a second.',
  'ask.take_back|other':
    '{n} have it; taking it back takes about {duration} at {calls} calls a second.',
  'ask.screens': 'It leaves histories and clients; what a lock screen shows stays.',
  'said.pause|one': 'Paused. {n} in a call under way may still get it.',
  'said.pause|other': 'Paused. Up to {n} in calls under way may still get it.',
  'said.delete': '{name} is deleted.',
  'said.now': 'Now {state}.',
  'said.save': 'Saved.',
  'said.moot': 'Nothing was done: it is now {state}.',
  'said.gone': 'Nothing was done: the campaign is deleted.',
  'said.stop': 'Stopped after {n}; what it found stays.',
  'start.line|one': '{n} recipient, about {duration}, done about {time}.',
  'start.line|other': '{n} recipients, about {duration}, done about {time}.',
  'start.others|one': '{n} other campaign is running; the quota is shared.',
  'start.others|other': '{n} other campaigns are running; the quota is shared.',
  'retry.unknown': 'some may have it',
  'retry.suppressed': 'who is still listed stays out',
  'hours.from': 'From',
  'hours.to': 'To',
  'hours.time_zone': 'Time zone',
  'settings.name': 'Name',
  'settings.ahead': '{time} = {utc} UTC, in {duration}',
  'settings.past': '{time} = {utc} UTC, {duration} ago',
  'settings.unset': 'as configured',
  'job.title': 'Check, look-up, recall',
  'job.running': 'running',
  'job.present': 'exist',
  'job.missing': 'missing',
  'job.unclear': 'unclear',
  'job.found': 'got it',
  'job.absent': 'not in their history',
  'job.recalled': 'recalled',
  'job.eta': 'done about {time}',
  'state.waiting': 'waiting',
  'state.stopped': 'stopped',
  'recall.rate': 'Calls a second',
  'compose.check': 'Check',
  'compose.send': 'Send',
  'compose.drafts': 'Go on with a draft:',
  'compose.text': 'Text',
  'compose.sender': 'Sender (the administrator if empty)',
  'compose.push_title': 'Push title',
  'compose.push_text': 'Push text',
  'compose.json': 'The same message as JSON',
  'compose.not_json': 'This isn’t JSON yet: {why}',
  'file.paste': 'Accounts, one a line',
  'file.file': 'Or a file',
  'file.hint_members': 'Only the first part of this .gz could be counted; all of it is sent.',
  'file.unreadable': 'The file can’t be read: {why}',
  'file.about': 'TXT, CSV or NDJSON in UTF-8, also as .gz. It is read here first.',
  'file.hint_gbk': 'It looks like GBK: save it as UTF-8.',
  'file.hint_bytes': 'It isn’t text in UTF-8: save it as such, a spreadsheet as CSV.',
  'plan.wanted': 'With a message and recipients, what it takes stands here. Nothing is stored yet.',
  'plan.alone': 'If nothing else is sent and nobody has to be tried again. Nothing is stored yet.',
  'test.title': 'Send a test first',
  'test.accounts': 'Up to 10 accounts, one a line',
  'draft.stored': 'Stored as a draft:',
  'send.create': 'Save draft and upload: {n}',
  'send.add': 'Upload: {n}',
  'send.upload': 'Upload',
  'send.start|one': 'Start: {n} recipient, done about {time}',
  'send.start|other': 'Start: {n} recipients, done about {time}',
  'upload.leave': 'The upload isn’t finished. Leave and stop it?',
  'upload.broken': 'The upload broke off. What arrived is kept; sending all of it again is harmless.',
  'upload.line': 'Line {line}:',
  'bubble.administrator': 'from the administrator',
  'bubble.TIMLocationElem': 'Location',
  'bubble.TIMFaceElem': 'Face',
  'bubble.TIMCustomElem': 'Custom',
  'bubble.TIMSoundElem': 'Sound',
  'bubble.TIMImageElem': 'Image',
  'bubble.TIMFileElem': 'File',
  'bubble.TIMVideoFileElem': 'Video',
  'bubble.push': 'Lock screen',
  'fact.count': 'Accounts',
  'fact.mean_account_bytes': 'Mean length',
  'fact.blank': 'Blank lines',
  'fact.long': 'Over 32 bytes',
  'fact.invalid': 'Invalid lines',
  'fact.broken': 'Not UTF-8',
  'fact.sample': 'First and last',
  'fact.batches': 'Calls',
  'fact.seconds': 'Duration',
  'fact.largest_batch_accounts': 'Largest call',
  'fact.largest_packet_bytes': 'Largest packet',
  'fact.accepted': 'Taken in',
  'fact.duplicates': 'Duplicates',
  'fact.total': 'In all',
  'image.1': 'original',
  'image.2': 'large',
  'image.3': 'thumbnail',
  'flag.OnlineOnlyFlag.1': 'only who is online',
  'flag.SyncOtherMachine.1': 'also to the sender’s devices',
  'flag.SyncOtherMachine.2': 'not to the sender',
  'flag.IsNeedReadReceipt.1': 'read receipt',
  'flag.PushFlag.1': 'no push',
};

/** Languages by their names. */
export const languages = { en: 'English', zh: '中文' };

const store = window.localStorage;
let table = english;
let daemon = {};

let language = 'en';

/** Whether all times are shown in UTC. */
export const inUTC = () => store.getItem('utc') === 'on';

/** Sets the language that is chosen, or else the browser's first that is known. */
export async function useLanguage() {
  const wanted = [store.getItem('lang'), ...navigator.languages].map((tag) => tag?.slice(0, 2));
  language = wanted.find((tag) => tag in languages) ?? 'en';
  if (language === 'zh') ({ default: table, daemon = {} } = await import('./zh.js'));
  else [table, daemon] = [english, {}];
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  document.documentElement.dataset.lang = language;
}

const locale = () => (language === 'zh' ? 'zh-CN' : 'en-GB');

const formatters = new Map();

/** A formatter of `Intl`; making one is what takes time. */
function formatter(kind, options = {}) {
  const key = `${kind} ${locale()} ${JSON.stringify(options)}`;
  if (!formatters.has(key)) formatters.set(key, new Intl[kind](locale(), options));
  return formatters.get(key);
}

/** The text of a key, with `{name}` replaced by the values; `n` also chooses the plural. */
export function t(key, values = {}) {
  const plural = 'n' in values && !(key in table)
    ? `${key}|${formatter('PluralRules').select(values.n)}` : key;
  const text = table[plural] ?? table[`${key}|other`] ?? english[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name];
    return typeof value === 'number' ? number(value) : value ?? '';
  });
}

/**
 * The daemon's words of a kind (`state`, `cause`, `code`, `remedy`, …): by key in the language in
 * force, else as the daemon says them, marked as English. For `setText` and as a child of `el`.
 */
export function words(kind, key, fallback) {
  // A cause that is a state is called as the state is; the daemon's English says more.
  const name = language !== 'en' && kind === 'cause' && `state.${key}` in table ? 'state' : kind;
  const known = table[`${name}.${key}`] ?? daemon[`${name}.${key}`];
  if (known !== undefined) return { text: known };
  return { text: fallback ?? String(key), lang: language === 'en' ? null : 'en' };
}

export const number = (value) => formatter('NumberFormat').format(value);

/** The part of a whole, rounded down; 100 only once it is over. */
export function percent(part, whole, isOver = part >= whole) {
  const value = whole > 0 ? Math.floor((100 * part) / whole) : 0;
  return t('percent', { n: String(Math.min(value, isOver ? 100 : 99)) });
}

const unit = (value, name, digits = 0) => formatter('NumberFormat', {
  style: 'unit', unit: name, unitDisplay: 'narrow', maximumFractionDigits: digits,
}).format(value);

/** Seconds in their two largest units. */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [
    ['day', Math.floor(whole / 86400)], ['hour', Math.floor(whole / 3600) % 24],
    ['minute', Math.floor(whole / 60) % 60], ['second', whole % 60],
  ];
  const first = parts.findIndex(([, value]) => value > 0);
  if (first < 0) return unit(0, 'second');
  return parts.slice(first, first + 2).filter(([, value], index) => value > 0 || index === 0)
    .map(([name, value]) => unit(value, name)).join(' ');
}

export function bytes(value) {
  const names = ['byte', 'kilobyte', 'megabyte', 'gigabyte'];
  const step = Math.min(3, Math.floor(Math.log10(Math.max(1, value)) / 3));
  return unit(value / 1000 ** step, names[step], step ? 1 : 0);
}

const clock = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
const day = { day: 'numeric', month: 'short' };
const zone = () => (inUTC() ? 'UTC' : undefined);
const format = (date, options) =>
  formatter('DateTimeFormat', { ...options, timeZone: zone() }).format(date);

/** An instant: with its day if that isn't today's, or `clock`, which has seconds. */
export function time(iso, style) {
  const date = new Date(iso);
  if (style === 'clock') return format(date, { ...clock, second: '2-digit' });
  const isToday = format(date, day) === format(new Date(), day);
  return format(date, isToday ? clock : { ...day, ...clock });
}

export const week = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

// The first of January 2024 was a Monday.
export const dayName = (name) => formatter('DateTimeFormat', { weekday: 'short', timeZone: 'UTC' })
  .format(Date.UTC(2024, 0, 1 + week.indexOf(name)));

/** Sending hours in one line; the days only where they aren't all. */
export const hoursText = (hours) => (hours ? [`${hours.from}–${hours.to}`, hours.time_zone,
  ...hours.days.length < week.length ? week.filter((day) => hours.days.includes(day)).map(dayName)
    : []].join(' ') : t('settings.any_time'));

/** The zone's name, as `UTC+8`. */
export function zoneName(date = new Date()) {
  const options = { timeZone: zone(), timeZoneName: 'shortOffset' };
  const parts = new Intl.DateTimeFormat('en', options).formatToParts(date);
  return parts.find((part) => part.type === 'timeZoneName').value
    .replace('GMT', 'UTC').replace(/\+0$/, '');
}
