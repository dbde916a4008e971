import { join } from 'node:path'
import {
  boolean,
  choice,
  duration,
  integer,
  list,
  path,
  PROFILES,
  size,
  text,
  type Setting,
} from './setting.ts'
import { ALERT_SETTINGS } from './settings-alerts.ts'
import { CONSOLE_SETTINGS } from './settings-console.ts'
import { HEALTH_SETTINGS } from './settings-health.ts'
import { HOST_SETTINGS } from './settings-host.ts'
import { INTEGRITY_SETTINGS } from './settings-integrity.ts'
import { SECRET_SETTINGS } from './settings-secrets.ts'

/**
 * Every setting there is. Nothing else can be set: an unknown key or `WARDER_` variable keeps Warder from starting,
 * because a misspelt lock is an open door.
 */
export const SETTINGS = {
  profile: choice(PROFILES, {
    about: 'how strict: prod enforces everything; test is repeatable; dev is for work on Warder itself',
    fallback: 'prod',
  }),
  system: boolean({
    about: "use the machine's directories (/etc/warder, /var/lib/warder, /run/warder) instead of the user's",
    fallback: false,
    outside: true,
  }),
  'paths.config': path({
    about: 'directory of config.yaml, policy.yaml and profiles',
    fallback: ({ paths }) => paths.config,
    defaultText: '$XDG_CONFIG_HOME/warder',
    outside: true,
  }),
  'paths.state': path({
    about: 'directory of the ledger, grants and containment',
    fallback: ({ paths }) => paths.state,
    defaultText: '$XDG_STATE_HOME/warder',
  }),
  'paths.keys': path({
    about: 'directory of signing keys and secrets',
    fallback: ({ paths }) => paths.keys,
    defaultText: '$XDG_DATA_HOME/warder/keys',
  }),
  'paths.runtime': path({
    about: 'directory of sockets and the daemon lock',
    fallback: ({ paths }) => paths.runtime,
    defaultText: '$XDG_RUNTIME_DIR/warder, else run/ in paths.state',
  }),
  'paths.cache': path({
    about: 'directory of what can be made again',
    fallback: ({ paths }) => paths.cache,
    defaultText: '$XDG_CACHE_HOME/warder',
  }),
  'paths.socket': path({
    about: "the owner's socket; its directory is made private",
    fallback: ({ path: pathOf }) => join(pathOf('paths.runtime'), 'warder.sock'),
    defaultText: 'warder.sock in paths.runtime',
  }),
  'policy.file': path({
    about: 'the policy in force',
    fallback: ({ path: pathOf }) => join(pathOf('paths.config'), 'policy.yaml'),
    defaultText: 'policy.yaml in paths.config',
  }),
  'profiles.dir': path({
    about: "directory of the user's own agent profiles",
    fallback: ({ path: pathOf }) => join(pathOf('paths.config'), 'profiles'),
    defaultText: 'profiles/ in paths.config',
  }),
  'audit.directory': path({
    about: "directory of the ledger's segments, checkpoints and index",
    fallback: ({ path: pathOf }) => join(pathOf('paths.state'), 'audit'),
    defaultText: 'audit/ in paths.state',
  }),
  'audit.segment_size': size({
    about: 'a ledger segment is closed, and the next begun, at this size',
    fallback: '256MiB',
  }),
  'audit.checkpoint_every': integer(
    {
      about: 'a signed checkpoint is written after this many entries, but at most ten a second',
      fallback: 1000,
    },
    1,
    1_000_000,
  ),
  'audit.checkpoint_interval': duration({
    about: 'and at the latest this long after an entry',
    fallback: '10s',
  }),
  'audit.witness': path<string | undefined>({
    about: 'a second place, best on another disk, that gets a copy of each checkpoint',
    fallback: undefined,
  }),
  'audit.archive_recipients': list({
    about: 'age recipients that archived segments are encrypted to',
    fallback: [],
  }),
  'grant.default_duration': duration({
    about: 'how long a grant holds when nothing is said',
    fallback: '10m',
  }),
  'grant.max_duration': duration({
    about: 'the longest a grant may hold',
    fallback: '24h',
  }),
  'permit.lifetime': duration({
    about: 'how long an unused permit stays good',
    fallback: '30s',
  }),
  'approval.timeout': duration({
    about: 'how long a person has to answer; then the answer is no',
    fallback: '120s',
  }),
  'approval.wait': boolean({
    about:
      'let questions wait for warder approval answer though nobody watches; otherwise the answer is no at once',
    fallback: false,
  }),
  'approval.security': choice(['deny', 'allowlist', 'full'], {
    about:
      'what becomes of questions: deny refuses all; allowlist passes what an allowance covers; full passes all below high risk',
    fallback: 'allowlist',
  }),
  'approval.ask': choice(['off', 'on-miss', 'always'], {
    about: 'whether a person is asked: never, when nothing covers it, or even then',
    fallback: 'on-miss',
  }),
  'approval.session': duration({
    about: 'how long "this session" is for an agent that has no run going on',
    fallback: '1h',
  }),
  'approval.desktop': boolean({
    about: 'tell of questions by a desktop notification too (needs notify-send); it names no command',
    fallback: false,
  }),
  'approval.webhook_url': text({
    about:
      'an address that is told of questions by a signed POST, and may answer those of low and medium risk',
    fallback: undefined,
  }),
  'approval.webhook_secret': path<string | undefined>({
    about: 'the file with the secret that signs to and from that address; for nobody else to read',
    fallback: undefined,
  }),
  'egress.airlock': choice(['off', 'on'], {
    about: 'on: nothing leaves any sandbox unless the airlock is open (warder airlock open)',
    fallback: 'off',
  }),
  'egress.upstream_proxy': text({
    about: 'the company proxy everything goes through, such as http://proxy.example.org:3128; never past it',
    fallback: undefined,
  }),
  'egress.upstream_secret': path<string | undefined>({
    about: 'the file with user:password for that proxy; for nobody else to read',
    fallback: undefined,
  }),
  'egress.roots': path<string | undefined>({
    about: 'a PEM file of authorities servers are believed by, instead of those of this machine',
    fallback: undefined,
  }),
  'egress.resolver': text({
    about: 'the name server that is asked, as address:port; absent: those of this machine',
    fallback: undefined,
  }),
  'approval.webhook_risk': choice(['low', 'medium'], {
    about: 'the highest risk of a question that address may say yes to',
    fallback: 'medium',
  }),
  'agent.mode': choice(['standard', 'offline', 'sensitive'], {
    about:
      'standard: as policy says; offline: nothing of an agent’s reaches the network; sensitive: nor does it, and agents ask from medium risk on',
    fallback: 'standard',
  }),
  'trust.staged': list({
    about: 'agents that earn their start in stages: asked for each time until verified (* for all)',
    fallback: [],
  }),
  'agent.questions_per_second': integer(
    {
      about: 'how many questions a second an agent may ask through its own socket in the long run',
      fallback: 200,
    },
    1,
    1_000_000,
  ),
  'agent.questions_at_once': integer(
    {
      about: 'and how many in one burst; what is more is refused with 429 and recorded once',
      fallback: 400,
    },
    1,
    1_000_000,
  ),
  'workspace.mode': choice(['auto', 'overlay', 'worktree', 'direct'], {
    about:
      'where what an agent changes goes: aside until applied (overlay, worktree), or straight in (direct)',
    fallback: 'auto',
    defaultText: 'overlay where this machine has it, else direct, and the run says so',
  }),
  'workspace.max_layer': size({
    about:
      'the most that one change set or clone of an agent may take on disk; a run that writes more is ended',
    fallback: '10GiB',
  }),
  'workspace.min_free': size({
    about: 'what must stay free on every disk an agent writes to; below it runs are refused, and ended',
    fallback: '256MiB',
  }),
  'snapshot.max_size': size({
    about: 'the most that snapshots of workspaces may take on disk, all together',
    fallback: '2GiB',
  }),
  'snapshot.keep': integer(
    {
      about: 'how many snapshots taken by Warder itself are kept for one workspace',
      fallback: 20,
    },
    1,
    10_000,
  ),
  'auth.mode': choice(['required', 'off'], {
    about:
      'off lets callers who prove nothing look, on the local socket; only in profile dev, else nothing starts',
    fallback: 'required',
  }),
  'session.idle_timeout': duration({
    about: 'a session of the owner ends when it was not used for so long',
    fallback: '30m',
  }),
  'session.max_duration': duration({
    about: 'and at the latest after this',
    fallback: '12h',
  }),
  'session.fresh_for': duration({
    about: 'how long after the passphrase an act that needs it is let through',
    fallback: '10m',
  }),
  ...SECRET_SETTINGS,
  ...CONSOLE_SETTINGS,
  ...ALERT_SETTINGS,
  ...HEALTH_SETTINGS,
  ...HOST_SETTINGS,
  ...INTEGRITY_SETTINGS,
  'people.socket': path<string | undefined>({
    about: 'a socket for guests and devices, open to every user of the machine; without it nobody can join',
    fallback: undefined,
  }),
  'daemon.idle_timeout': duration({
    about: 'the daemon ends after so long without agents and clients; 0s means never',
    fallback: '0s',
  }),
  'daemon.drain_timeout': duration({
    about: 'how long the daemon waits for work under way when it is told to end',
    fallback: '10s',
  }),
  'daemon.hung_after': duration({
    about: 'a daemon without a sign of life for so long is killed with its agents, and started again',
    fallback: '10s',
  }),
  'log.level': choice(['error', 'warn', 'info', 'debug'], {
    about: "how much the daemon's log says",
    fallback: ({ profile }) => (profile === 'dev' ? 'debug' : 'info'),
    defaultText: 'info (debug in profile dev)',
    project: true,
  }),
} as const satisfies Readonly<Record<string, Setting<unknown>>>

export type SettingKey = keyof typeof SETTINGS

/** Every setting's value, by key; durations in milliseconds, sizes in bytes. */
export type SettingValues = {
  readonly [K in SettingKey]: (typeof SETTINGS)[K] extends Setting<infer T> ? T : never
}

export const SETTING_KEYS = Object.keys(SETTINGS) as readonly SettingKey[]

export function isSettingKey(key: string): key is SettingKey {
  return Object.hasOwn(SETTINGS, key)
}

/** `audit.segment_size` is `WARDER_AUDIT_SEGMENT_SIZE`. */
export function environmentName(key: string): string {
  return `WARDER_${key.toUpperCase().replaceAll('.', '_')}`
}

/** How a value is shown: a secret as stars, however long it is. */
export function shown(setting: Pick<Setting<unknown>, 'secret'>, value: string): string {
  return setting.secret ? '********' : value
}
