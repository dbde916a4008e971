import { isAbsolute, join, normalize } from 'node:path'

/** Why a parameter makes an agent ask again, whatever it was trusted with. */
export interface Escalation {
  readonly why: 'sensitive_directory' | 'path_out_of_scope'
  /** The parameter as it was given. */
  readonly parameter: string
  /** What it leads to. */
  readonly path: string
}

/** What the detector asks about the machine's files. */
export interface EscalationLookup {
  /** The path with links followed as far as it exists. */
  real(path: string): string
  /** `device:inode` of a file that has more than one name; undefined for others. */
  linked(path: string): string | undefined
}

export interface EscalationContext {
  readonly home: string
  readonly cwd: string
  readonly workspace: string
  /** Directories and files of secrets, absolute. */
  readonly sensitive: readonly string[]
  readonly lookup: EscalationLookup
}

/** Below a home: keys, credentials and sessions of whatever a developer has. */
export const SENSITIVE_BELOW_HOME = [
  ...[
    '.ssh',
    '.gnupg',
    '.aws',
    '.azure',
    '.kube',
    '.docker',
    '.netrc',
    '.npmrc',
    '.pypirc',
    '.git-credentials',
  ],
  ...['.config/gcloud', '.config/gh', '.config/op', '.password-store', '.local/share/keyrings', '.pki'],
  ...['.mozilla', '.config/google-chrome', '.config/chromium', '.config/BraveSoftware', 'Library/Keychains'],
] as const

/** Parts of the system everybody reads: naming one is no reach for anything. */
const OPEN = [
  '/usr',
  '/bin',
  '/sbin',
  '/lib',
  '/lib64',
  '/dev/null',
  '/dev/stdin',
  '/dev/stdout',
  '/dev/stderr',
  '/tmp',
]

/**
 * Looks at every parameter: paths written plainly, behind `=`, as an address, percent-encoded, relative, through links,
 * or under another name of the same file. What the sandbox does not show stays shut besides; this is why somebody asks.
 */
export function escalations(parameters: readonly string[], context: EscalationContext): Escalation[] {
  return parameters.flatMap((parameter) => {
    const found = pathsIn(parameter, context).map((path) => judge(parameter, path, context))
    return found.find((each) => each?.why === 'sensitive_directory') ?? found.find(Boolean) ?? []
  })
}

function judge(parameter: string, path: string, context: EscalationContext): Escalation | undefined {
  const { lookup, sensitive, workspace } = context
  const real = lookup.real(path)
  const inode = lookup.linked(real)
  const isSensitive = sensitive.some(
    (place) =>
      isWithin(path, place) ||
      isWithin(real, lookup.real(place)) ||
      (inode !== undefined && lookup.linked(lookup.real(place)) === inode),
  )
  if (isSensitive) return { why: 'sensitive_directory', parameter, path: real }
  const isOpen = [workspace, ...OPEN].some((place) => isWithin(real, lookup.real(place)))
  return isOpen ? undefined : { why: 'path_out_of_scope', parameter, path: real }
}

/** By components: `/home/me/.ssh-old` is not below `/home/me/.ssh`. */
export function isWithin(path: string, place: string): boolean {
  return path === place || path.startsWith(place.endsWith('/') ? place : `${place}/`)
}

const MOST_DECODINGS = 3

function pathsIn(parameter: string, { home, cwd }: EscalationContext): string[] {
  const spellings = new Set<string>()
  for (const part of [parameter, parameter.slice(parameter.indexOf('=') + 1)]) {
    let text = part
    for (let i = 0; i <= MOST_DECODINGS; i++) {
      spellings.add(text)
      const decoded = percentDecoded(text)
      if (decoded === text) break
      text = decoded
    }
  }
  return [...spellings].flatMap((text) => {
    const path = pathOf(text, home)
    return path === undefined ? [] : [normalize(isAbsolute(path) ? path : join(cwd, path))]
  })
}

/** What a program would take for a path; undefined for words, options and addresses of other machines. */
function pathOf(text: string, home: string): string | undefined {
  if (text === '' || text.includes('\0') || text.length > 4096) return undefined
  const file = /^file:\/\/(?:localhost)?(\/.*)$/i.exec(text)?.[1]
  if (file !== undefined) return file
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return undefined
  const below = /^(?:~|\$HOME|\$\{HOME\})(\/.*|$)/.exec(text)
  if (below !== null) return join(home, below[1] ?? '')
  if (text.startsWith('-')) return undefined
  return text.includes('/') || text.startsWith('.') ? text : undefined
}

function percentDecoded(text: string): string {
  if (!/%[0-9a-f]{2}/i.test(text)) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text.replaceAll(/%([0-9a-f]{2})/gi, (_all, digits: string) =>
      String.fromCharCode(parseInt(digits, 16)),
    )
  }
}
