import type { Finding } from '../../core/incident.ts'
import type { RiskLevel } from '../../core/risk.ts'
import type { Seen, SeenOf } from './seen.ts'

type Evidence = Finding['evidence']

export interface HostRules {
  /** Programs that serve strangers, by name: whatever they start is told. */
  readonly parents: ReadonlySet<string>
}

/** Whose work it is to write programs and what starts them: told as low, for a log, not for a night call. */
const INSTALLERS = new Set([
  'dpkg',
  'apt',
  'apt-get',
  'rpm',
  'dnf',
  'dnf5',
  'yum',
  'pacman',
  'zypper',
  'snapd',
])
/** Programs that become root by design, where the distribution puts them. */
const BECOMES_ROOT = new Set([
  ...['sudo', 'su', 'pkexec', 'doas', 'login', 'sshd', 'sshd-session', 'cron', 'crond', 'atd', 'passwd'],
  ...['chsh', 'chfn', 'newgrp', 'gpasswd', 'mount', 'umount', 'fusermount', 'fusermount3', 'ping', 'at'],
  ...['crontab', 'unix_chkpwd', 'polkit-agent-helper-1', 'dbus-daemon-launch-helper', 'ssh-keysign'],
  ...['newuidmap', 'newgidmap', 'bwrap', 'snap-confine', 'systemd', '(sd-pam)', 'Xorg.wrap', 'sudoedit'],
])
const TRUSTED_PLACE = /^(?:\/usr)?\/(?:s?bin|lib|libexec|lib64)\//

/** What of the host is worth telling of by itself. @returns undefined for what is only worth counting */
export function hostFinding(seen: Seen, rules: HostRules): Finding | undefined {
  switch (seen.kind) {
    case 'program':
      return programFinding(seen)
    case 'began':
      return childFinding(seen, rules)
    case 'privilege':
      return privilegeFinding(seen)
    case 'trace':
      return finding(seen.at, 'traced', 'medium', `${seen.by}`, {
        summary: `${named(seen.byProgram)} (${seen.by}) traces process ${seen.pid} (${named(seen.program)})`,
        evidence: {
          ...{ pid: seen.pid, tracer: seen.by },
          ...optional('program', seen.program),
          ...optional('tracer_program', seen.byProgram),
        },
      })
    case 'setid':
      return finding(seen.at, 'set-id', byInstaller(seen, 'high'), seen.path, {
        summary: `${seen.path} runs as its owner since ${named(seen.program)} (${seen.pid}) ${seen.did} it`,
        evidence: {
          ...{ pid: seen.pid, path: seen.path, mode: seen.mode.toString(8), owner: seen.owner },
          ...optional('program', seen.program),
        },
      })
    case 'place':
      return finding(seen.at, 'persistence', byInstaller(seen, 'high'), seen.path, {
        summary: `${named(seen.program)} (${seen.pid}) ${seen.did} ${seen.path}, from where programs start by themselves`,
        evidence: {
          ...{ pid: seen.pid, path: seen.path, did: seen.did },
          ...optional('program', seen.program),
        },
      })
    case 'scan':
      return finding(seen.at, 'port-scan', 'medium', seen.source, {
        summary: `${seen.source} tried ${seen.ports} ports of this machine within ${Math.ceil(seen.withinMs / 1000)} s`,
        evidence: { source_address: seen.source, ports: seen.ports, within_ms: seen.withinMs },
      })
    case 'lost':
      return finding(seen.at, 'lost', 'medium', seen.source, {
        summary: `the kernel dropped events of ${seen.source}: something may have happened unseen`,
        evidence: { of: seen.source },
      })
    default:
      return undefined
  }
}

interface Told {
  readonly summary: string
  readonly evidence: Evidence
}

export function finding(
  at: number,
  rule: string,
  severity: RiskLevel,
  part: string,
  { summary, evidence }: Told,
): Finding {
  return {
    ...{ rule: `host.${rule}`, source: 'host', severity, summary, at, evidence },
    key: `host:${rule}:${part}`,
  }
}

const WHAT_OF = {
  memory: ['program-in-memory', 'high', 'which no file holds'],
  'shared-memory': ['program-in-shared-memory', 'high', 'from memory that programs share'],
  deleted: ['program-deleted', 'medium', 'whose file is gone'],
} as const

function programFinding(seen: SeenOf<'program'>): Finding | undefined {
  if (!isOneOf(seen.what)) return undefined
  const [rule, severity, words] = WHAT_OF[seen.what]
  // a container's starter copies itself so that what runs inside cannot change it; anybody can take that name
  const isStarter = seen.program.startsWith('/memfd:runc_cloned:')
  return finding(seen.at, rule, isStarter ? 'low' : severity, seen.program, {
    summary: `${named(seen.parentProgram)} (${seen.parent}) started ${seen.program} (${seen.pid}), a program ${words}`,
    evidence: {
      ...{ pid: seen.pid, program: seen.program, parent: seen.parent },
      ...optional('parent_program', seen.parentProgram),
    },
  })
}

function isOneOf(what: string): what is keyof typeof WHAT_OF {
  return Object.hasOwn(WHAT_OF, what)
}

function childFinding(seen: SeenOf<'began'>, { parents }: HostRules): Finding | undefined {
  const parent = baseOf(seen.parentProgram ?? '')
  // a server's own workers are itself
  if (!parents.has(parent) || baseOf(seen.program) === parent) return undefined
  return finding(seen.at, 'unexpected-child', 'high', `${parent}:${seen.program}`, {
    summary: `${parent} (${seen.parent}), which serves strangers, started ${seen.program} (${seen.pid})`,
    evidence: { pid: seen.pid, program: seen.program, parent: seen.parent, parent_program: parent },
  })
}

function privilegeFinding(seen: SeenOf<'privilege'>): Finding | undefined {
  const program = seen.program ?? ''
  if (TRUSTED_PLACE.test(program) && BECOMES_ROOT.has(baseOf(program))) return undefined
  return finding(seen.at, 'became-root', 'high', program, {
    summary: `${named(seen.program)} (${seen.pid}) became root; user ${seen.uid} started it`,
    evidence: { pid: seen.pid, uid: seen.uid, ...optional('program', seen.program) },
  })
}

function byInstaller(
  { program = '' }: { readonly program?: string | undefined },
  otherwise: RiskLevel,
): RiskLevel {
  return TRUSTED_PLACE.test(program) && INSTALLERS.has(baseOf(program)) ? 'low' : otherwise
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function named(program: string | undefined): string {
  return program ?? 'a program that is gone already'
}

function optional(name: string, value: string | number | undefined): Evidence {
  return value === undefined ? {} : { [name]: value }
}
