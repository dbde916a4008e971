import { clauseOf, newClauses, type Clause, type Clauses } from './clause.ts'
import { compilePattern, type Pattern } from './pattern.ts'

/** Where this host keeps what no grant opens. All paths absolute and resolved. */
export interface ProtectedPlaces {
  /** Home directories beside `/root` and `/home/*`, which are always taken for homes. */
  readonly homes?: readonly string[]
  /** Files or directories of Warder itself; each covers what is below it. */
  readonly keyStore?: readonly string[]
  readonly ledger?: readonly string[]
  readonly policy?: readonly string[]
  readonly state?: readonly string[]
}

interface Exclusion {
  readonly name: string
  readonly reason: string
  /** `~` stands for every home. */
  readonly patterns: readonly string[]
  readonly forOwner: boolean
}

const SECRETS: readonly Exclusion[] = [
  {
    name: 'shadow',
    reason: 'password hashes and the rules of becoming root are never opened',
    patterns: [
      ...['shadow', 'shadow-', 'gshadow', 'gshadow-', 'shadow.*', 'gshadow.*'].map((file) => `/etc/${file}`),
      '/etc/sudoers*/**',
      '/etc/.pwd.lock',
      '/etc/security/opasswd',
      '/var/backups/*shadow*',
    ],
    forOwner: true,
  },
  {
    name: 'private-keys',
    reason: 'private keys are never opened; use the secrets Warder hands out by name',
    patterns: [
      '/**/.ssh/**',
      '/**/.gnupg/**',
      '~/.pki/**',
      '~/.age/**',
      '~/.config/age/**',
      '~/.config/sops/**',
      '~/*.pem',
      '~/id_*',
      '/etc/ssl/private/**',
      '/etc/ssh/ssh_host_*_key',
      '/etc/letsencrypt/**',
      '/etc/wireguard/**',
    ],
    forOwner: true,
  },
  {
    name: 'cloud-credentials',
    reason: 'credentials of cloud accounts and package registries are never opened to agents',
    patterns: [
      ...['.aws', '.azure', '.kube', '.oci', '.config/gcloud', '.config/doctl', '.config/hub'],
      ...['.config/gh', '.terraform.d', '.vault-token', '.netrc', '.npmrc', '.pypirc'],
      ...['.git-credentials', '.config/git/credentials', '.cargo/credentials', '.cargo/credentials.toml'],
      ...['.docker/config.json', '.config/containers/auth.json', '.pgpass', '.my.cnf', '.config/rclone'],
    ]
      .map((path) => `~/${path}/**`)
      .concat('/etc/kubernetes/**', '/etc/rancher/**'),
    forOwner: false,
  },
  {
    name: 'browser-profiles',
    reason: 'browser profiles hold sessions and passwords',
    patterns: [
      ...['.mozilla', '.config/google-chrome', '.config/chromium', '.config/BraveSoftware'],
      ...['.config/microsoft-edge', '.config/vivaldi', '.config/opera', '.librewolf', '.thunderbird'],
      ...['snap/firefox', 'snap/chromium', '.var/app/org.mozilla.firefox'],
    ].map((path) => `~/${path}/**`),
    forOwner: false,
  },
  {
    name: 'password-stores',
    reason: 'password stores are never opened to agents',
    patterns: [
      ...['.password-store', '.local/share/keyrings', '.local/share/kwalletd', '.config/keepassxc'],
      ...['.config/Bitwarden', '.config/1Password', '.config/op'],
    ].map((path) => `~/${path}/**`),
    forOwner: false,
  },
  {
    name: 'back-doors',
    reason: 'another way to the same files, to the memory of processes or to the raw machine',
    patterns: [
      ...['root/**', 'cwd/**', 'fd/**', 'environ', 'mem', 'task/**', 'map_files/**'].map(
        (path) => `/proc/*/${path}`,
      ),
      '/proc/kcore',
      '/proc/sysrq-trigger',
      ...['mem', 'kmem', 'port', 'sd*', 'vd*', 'xvd*', 'nvme*', 'dm-*', 'loop*', 'mapper/**', 'fd/**'].map(
        (path) => `/dev/${path}`,
      ),
      ...['docker.sock', 'containerd/**', 'podman/**', 'crio/**'].flatMap((path) => [
        `/run/${path}`,
        `/var/run/${path}`,
      ]),
    ],
    forOwner: false,
  },
]

/** Nobody does anything in an excluded place, so its clauses are kept once, not for each operation: the key they have. */
export const EVERY_OPERATION = 0

/** The exclusions as clauses, and the places whose removal would take an excluded one with it. */
export interface Exclusions {
  /** Asked for every path. Patterns without a name that begins with a dot. */
  readonly plain: Clauses
  /** Asked only when the path has a component that begins with a dot. */
  readonly dotted: Clauses
  /** Asked for `fs:delete`. */
  readonly above: Clauses
  /** In the order they are listed by `reach` and `explain`. */
  readonly list: readonly { readonly pattern: Pattern; readonly clause: Clause }[]
}

/**
 * What no rule and no grant opens. Names are compared in lower case too, so that a file system which does not tell
 * cases apart gives no second name for the same file.
 *
 * @throws PolicyError `PATTERN_INVALID` for a place that is not an absolute path
 */
export function compileExclusions(places: ProtectedPlaces): Exclusions {
  const homes = [...new Set(['/root', '/home/*', ...(places.homes ?? [])])]
  const plain = newClauses()
  const dotted = newClauses()
  const above = newClauses()
  const held = new Set<string>()
  const list = [...SECRETS, ...ownPlaces(places)].flatMap((exclusion) =>
    [...new Set(exclusion.patterns.flatMap((pattern) => inHomes(pattern, homes)))].map((text) => {
      const pattern = pathPattern(text)
      const clause = exclusionClause(exclusion, text)
      const lowered = text.toLowerCase()
      // matching happens in lower case as well, so the index holds the pattern in both
      for (const form of lowered === text ? [pattern] : [pattern, pathPattern(lowered)]) {
        const clauses = /(?:^|\/)\.[^/*]/.test(text) ? dotted : plain
        clauses.add(form, clause, EVERY_OPERATION, undefined)
        for (const place of placesAbove(form.text)) {
          // of several that are held by one place, the first is told
          const key = `${exclusion.forOwner} ${place}`
          if (held.has(key)) continue
          held.add(key)
          const reason = `${place} holds ${text}: ${exclusion.reason}`
          above.add(pathPattern(place), clauseOf({ ...clause, reason }), EVERY_OPERATION, undefined)
        }
      }
      return { pattern, clause }
    }),
  )
  return { plain, dotted, above, list }
}

function pathPattern(text: string): Pattern {
  return compilePattern({ namespace: 'fs', verb: '*', pattern: text })
}

function exclusionClause(exclusion: Exclusion, pattern: string): Clause {
  return clauseOf({
    source: 'exclusion',
    effect: 'deny',
    rule: `exclusion.${exclusion.name}`,
    reason: exclusion.reason,
    capability: `fs:*:${pattern}`,
    order: 0,
    forOwner: exclusion.forOwner,
  })
}

function ownPlaces(places: ProtectedPlaces): Exclusion[] {
  const own = (name: string, paths: readonly string[] | undefined, reason: string): Exclusion => ({
    name,
    reason,
    patterns: (paths ?? []).map((path) => `${path}/**`),
    forOwner: true,
  })
  return [
    own('key-store', places.keyStore, "Warder's own keys are opened by Warder alone"),
    own('ledger', places.ledger, 'the record is read through `warder audit`, and written by Warder alone'),
    own(
      'policy-files',
      places.policy,
      'policy is changed by its owner, in the console or with an editor and `warder policy reload`',
    ),
    own('warder-state', places.state, "Warder's own state is opened by Warder alone"),
  ]
}

function inHomes(pattern: string, homes: readonly string[]): string[] {
  return pattern.startsWith('~/') ? homes.map((home) => home + pattern.slice(1)) : [pattern]
}

/** Every directory above what a pattern covers, up to the first `**`. */
function placesAbove(pattern: string): string[] {
  const components = pattern.replace(/\/\*\*$/, '').split('/')
  const deep = components.indexOf('**')
  const whole = deep === -1 ? components.length : deep
  return Array.from({ length: Math.max(0, whole - 1) }, (_, i) => components.slice(0, i + 1).join('/') || '/')
}
