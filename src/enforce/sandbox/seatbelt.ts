import { SandboxError } from './errors.ts'
import { between, isWithin } from './paths.ts'
import type { Mount, SandboxSpec } from './spec.ts'

/**
 * The same spec in the language of macOS's own sandbox. Only generated: nothing here has run it, and its vendor calls
 * the tool deprecated, so it is best effort. No path stands in the text: paths are handed over as parameters, so that
 * no name can become a rule.
 */
export interface SeatbeltProfile {
  readonly text: string
  /** What `(param "NAME")` stands for: real paths, with the links of /tmp, /var and /etc resolved. */
  readonly parameters: Readonly<Record<string, string>>
  readonly notEnforced: readonly string[]
}

export interface SeatbeltOptions {
  /** A directory of the run's own, for what lies in memory elsewhere; TMPDIR and HOME must lead there. */
  readonly temporary: string
  /** The port of the egress proxy on this host; absent: no network at all. */
  readonly proxyPort?: number
}

/** What every program on macOS reads before its first line runs. */
const SYSTEM_READ = [
  '/System',
  '/usr',
  '/bin',
  '/sbin',
  '/Library/Apple',
  '/Library/Developer/CommandLineTools',
  '/private/etc/ssl',
  '/private/var/db/dyld',
  '/private/var/db/timezone',
  '/dev/autofs_nowait',
]
const SYSTEM_RUN = [
  '/usr',
  '/bin',
  '/sbin',
  '/System',
  '/Library/Apple',
  '/Library/Developer/CommandLineTools',
]
const DEVICES = ['/dev/null', '/dev/zero', '/dev/random', '/dev/urandom', '/dev/dtracehelper', '/dev/tty']
const SYSCTLS = [
  'hw.',
  'kern.argmax',
  'kern.hostname',
  'kern.os',
  'kern.version',
  'machdep.cpu.',
  'vm.loadavg',
]
const MACH_SERVICES = [
  'com.apple.system.opendirectoryd.libinfo',
  'com.apple.system.logger',
  'com.apple.system.notification_center',
]

/** @throws SandboxError `SANDBOX_UNENFORCEABLE` for what this language cannot say */
export function seatbeltProfile(spec: SandboxSpec, options: SeatbeltOptions): SeatbeltProfile {
  refuseInexpressible(spec)
  const parameters = new Parameters()
  const binds = spec.mounts.filter((mount) => mount.type === 'bind')
  const files = binds.filter(({ identity }) => identity?.kind !== 'socket')
  const readable = files.filter(({ access }) => access === 'read')
  const writable = files.filter(({ access, why }) => access === 'write' && !why.startsWith('pinned'))
  const shut = spec.mounts.filter((mount) => mount.type === 'mask' && !mount.absent)
  const kept = spec.mounts.filter((mount) => isKept(mount, writable))
  const parents = new Set(
    [...kept, ...shut].flatMap(({ path }) =>
      writable
        .filter((tree) => isWithin(path, tree.path))
        .flatMap((tree) => [tree.path, ...between(tree.path, path)]),
    ),
  )
  const each = (group: string, paths: readonly string[]) =>
    [...new Set(paths.map(macPath))].map((path, i) => parameters.add(`${group}_${i}`, path))
  const trees = each('WRITE', [options.temporary, ...writable.map(({ source }) => source)])
  const reads = each(
    'READ',
    readable.filter((mount) => !isKept(mount, writable)).map(({ source }) => source),
  )
  const shutOnes = each(
    'SHUT',
    shut.map(({ path }) => path),
  )
  const keptOnes = each(
    'KEEP',
    kept.map(({ path }) => path),
  )
  const parentOnes = each('PARENT', [...parents])
  const sockets = each(
    'SOCKET',
    binds.filter(({ identity }) => identity?.kind === 'socket').map(({ source }) => source),
  )
  const anyCase = kept.flatMap((mount) =>
    caseRules(mount, writable, (source) => parameters.named(macPath(source))),
  )
  const lines = [
    '(version 1)',
    '(deny default)',
    '; programs',
    ...(spec.noFork ? [] : ['(allow process-fork)']),
    rule('allow process-exec*', [...SYSTEM_RUN.map(fixedTree), ...reads.map(tree), ...trees.map(tree)]),
    '(allow process-info* (target same-sandbox))',
    '(allow signal (target same-sandbox))',
    rule(
      'allow sysctl-read',
      SYSCTLS.map((name) => `(sysctl-name-prefix "${name}")`),
    ),
    rule(
      'allow mach-lookup',
      MACH_SERVICES.map((name) => `(global-name "${name}")`),
    ),
    '; files',
    '(allow file-read-metadata)',
    rule('allow file-read*', [
      '(literal "/")',
      ...SYSTEM_READ.map(fixedTree),
      ...DEVICES.map(fixedOne),
      ...reads.map(tree),
      ...trees.map(tree),
    ]),
    rule('allow file-write*', trees.map(tree)),
    rule('allow file-write-data file-ioctl', DEVICES.map(fixedOne)),
    ...network(parameters, options.proxyPort, sockets),
    '; what must not happen comes last: the last rule that fits is the one that counts',
    ...shutOnes.map((name) => `(deny file-read* file-write* process-exec* ${tree(name)})`),
    ...keptOnes.map((name) => `(deny file-write* ${tree(name)})`),
    ...anyCase.map((regex) => `(deny file-write* (require-all ${regex}))`),
    // renaming a parent would carry what is protected in it away
    ...parentOnes.map((name) => `(deny file-write-unlink ${one(name)})`),
    '(deny file-write-setugid)',
    '(deny network-bind network-inbound)',
  ]
  return { text: `${lines.join('\n')}\n`, parameters: parameters.all(), notEnforced: notEnforced(spec) }
}

/** On most Macs file names do not differ by case: what is not there yet must not appear in another one either. */
function caseRules(mount: Mount, writable: readonly Bind[], nameOf: (source: string) => string): string[] {
  const top = writable.find((candidate) => isWithin(mount.path, candidate.path))
  if (top === undefined) return []
  const regex = nameInAnyCase(mount.path.slice(top.path.length))
  return [`${tree(nameOf(top.source))} (regex #"${regex}")`]
}

type Bind = Mount & { readonly type: 'bind' }

/** What sandbox-exec(1) is told; the command follows. Nothing in it is a rule but the text. */
export function seatbeltArguments({ text, parameters }: SeatbeltProfile, argv: readonly string[]): string[] {
  return [
    '-p',
    text,
    ...Object.entries(parameters).flatMap(([name, value]) => ['-D', `${name}=${value}`]),
    ...argv,
  ]
}

class Parameters {
  readonly #all: Record<string, string> = {}

  add(name: string, value: string): string {
    if (/[\0\n\r]/.test(value)) {
      throw new SandboxError('SANDBOX_PATH_INVALID', `a path holds a line break`, 'rename it')
    }
    this.#all[name] = value
    return name
  }

  /** The first parameter with this value. @throws when there is none: then a rule would be about nothing */
  named(value: string): string {
    const name = Object.keys(this.#all).find((candidate) => this.#all[candidate] === value)
    if (name === undefined) throw new RangeError(`no parameter stands for ${value}`)
    return name
  }

  all(): Readonly<Record<string, string>> {
    return { ...this.#all }
  }
}

const tree = (name: string) => `(subpath (param "${name}"))`
const one = (name: string) => `(literal (param "${name}"))`
const fixedTree = (path: string) => `(subpath "${path}")`
const fixedOne = (path: string) => `(literal "${path}")`

function rule(head: string, filters: readonly string[]): string {
  return `(${head}\n${filters.map((filter) => `  ${filter}`).join('\n')})`
}

function network(parameters: Parameters, port: number | undefined, sockets: readonly string[]): string[] {
  const proxy = port === undefined ? [] : [parameters.add('PROXY', `localhost:${port}`)]
  return [
    '; network: the proxy and the way to Warder, nothing else',
    ...proxy.map((name) => `(allow network-outbound (remote tcp (param "${name}")))`),
    ...sockets.map(
      (name) => `(allow network-outbound (remote unix-socket (path-literal (param "${name}"))))`,
    ),
    ...sockets.map((name) => `(allow file-read* file-write-data ${one(name)})`),
  ]
}

/** Links that macOS has in place of these; rules are compared with where they lead. */
export function macPath(path: string): string {
  return /^\/(tmp|var|etc)(\/|$)/.test(path) ? `/private${path}` : path
}

/** Read-only or absent inside something writable: there, or to be made. */
function isKept(mount: Mount, writable: readonly Mount[]): boolean {
  const isInside = writable.some((top) => top.path !== mount.path && isWithin(mount.path, top.path))
  return (
    isInside &&
    ((mount.type === 'bind' && mount.access === 'read') || (mount.type === 'mask' && mount.absent))
  )
}

/** @throws SandboxError for a name with characters that could end the pattern; profiles forbid most of them already */
export function nameInAnyCase(name: string): string {
  if (!/^[A-Za-z0-9._/ @+,=~-]+$/.test(name)) {
    throw new SandboxError(
      'SANDBOX_UNENFORCEABLE',
      `the name ${JSON.stringify(name)} cannot be protected in every spelling`,
      'use plain letters, digits, dots and dashes in protected names',
    )
  }
  const letters = name.replaceAll(/[A-Za-z]|[.+]/g, (letter) =>
    /[.+]/.test(letter) ? `\\${letter}` : `[${letter.toLowerCase()}${letter.toUpperCase()}]`,
  )
  return `${letters}(/|$)`
}

function refuseInexpressible(spec: SandboxSpec): void {
  const overlay = spec.mounts.find(({ type }) => type === 'overlay')
  if (overlay === undefined) return
  throw new SandboxError(
    'SANDBOX_UNENFORCEABLE',
    `changes to ${overlay.path} cannot be kept aside on macOS: there are no overlays`,
    'choose another workspace mode',
  )
}

function notEnforced(spec: SandboxSpec): string[] {
  return [
    'this profile was generated and has not been run: macOS is not among the systems Warder was tested on',
    'sandbox-exec is deprecated by its vendor and may change without notice',
    'memory, processes and CPU are not limited for the run as a whole: only each process is, by setrlimit',
    'whether a file is there, and its size and times, can be learnt everywhere',
    ...(spec.mounts.some(({ type }) => type === 'text')
      ? ['made files such as /etc/passwd are not shown']
      : []),
    "temporary files lie on disk, in a directory of the run's own",
  ]
}
