import type { Section } from './document.ts'

/** What Warder can do, in the order in which one meets it; a noun stands for its verbs. A screen, not a list of all. */
const PURPOSES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'The first five minutes': {
    init: 'set Warder up for this user, and try it out',
    run: 'run an agent in its sandbox, with its terminal',
    setup: 'guard a coding agent you already use, the MCP servers it has, or a git repository',
    approve: 'answer questions as they come, in this terminal',
    status: 'what protection is in force right now, and what is degraded',
    doctor: 'check everything Warder stands on, and say how to mend it',
  },
  'Stop and contain': {
    stop: 'freeze and kill agents, and keep them stopped',
    resume: 'lift a stop: agents may be started again',
    contain: 'stop an agent, keep the evidence, take back its rights, put its workspace back',
    incident: 'what went wrong, what was done about it, and what is left to do',
    quarantine: 'files that were taken away',
    recover: 'let what an incident stopped go on',
    emergency: 'lock or wipe everything, and the ways back in',
  },
  'What agents may do': {
    policy: 'the rules: write, check, explain, test, reload',
    grant: 'a capability for a time',
    request: 'ask for a capability the policy lets an agent ask for',
    approval: 'questions that wait for a person',
    allowance: 'commands that were allowed for good',
    trust: 'how far agents are trusted',
    autonomy: 'how much agents do alone',
    budget: 'what agents may use up',
    token: 'capability tokens for one task of one agent',
  },
  'Where they work, and what leaves': {
    exec: 'run one command under a permit, in the smallest sandbox',
    sandbox: 'profiles, and what they hold on this host',
    forward: 'reach a port that a running agent listens on',
    changes: 'what agents changed and nobody decided on yet',
    snapshot: 'kept states of workspaces',
    outbox: 'results of tasks in containers',
    egress: 'what running agents reach outside',
    airlock: 'let things out of sandboxes for a time, or nothing at all',
    secret: 'keep, bind and rotate what agents use and never see',
    mcp: 'MCP servers behind the firewall: wrap, serve, scan, pin',
    hook: 'sessions of coding agents that are guarded by a hook',
    taint: 'which agents saw what nobody vouches for',
    firewall: "the host's own firewall",
  },
  'What happened, and what is watched': {
    audit: 'the record: list, follow, verify, export',
    console: 'a page to see, approve and stop',
    health: 'how each part of Warder is',
    metrics: 'counts and states in the text format of Prometheus',
    alerts: 'what was noticed',
    watch: 'what is watched, and by which rules',
    integrity: 'whether the machine is as its signed baseline says',
    canary: 'things nobody has a reason to touch',
    scan: 'look through texts, files, commands, repositories, this machine',
  },
  People: {
    owner: 'the passphrase of the owner',
    login: 'give the passphrase, for what needs it',
    logout: 'end your session',
    session: 'your sessions',
    guest: 'let somebody use a part of this machine',
    pair: 'pair this device with a Warder of another machine or user',
    pairing: 'who waits to be paired',
    device: 'paired devices and known chat senders',
  },
  'Warder itself': {
    config: 'settings, and where each comes from',
    daemon: 'start and end the daemon',
    service: 'the daemon as a service of systemd',
    completion: "a shell's completion script",
    help: 'explain a topic or a command',
    version: 'the version of Warder, of Node and of the protocols',
  },
}

/**
 * @param names of every command there is
 * @returns a section for each purpose; what has none yet stands under the last
 */
export function purposes(names: readonly string[]): Section[] {
  const nouns = new Set(names.map((name) => name.split(' ', 1)[0] ?? ''))
  const sections = Object.entries(PURPOSES).map(([heading, commands]) => ({
    heading,
    rows: Object.entries(commands).filter(([noun]) => nouns.delete(noun)),
  }))
  const others = { heading: 'More', rows: [...nouns].map((noun) => [noun, `see warder ${noun}`] as const) }
  return [...sections, others].filter(({ rows }) => rows.length > 0)
}
