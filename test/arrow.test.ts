/**
 * The house plan, held by reading the imports: core ← platform ← rooms ← compose ← http and library; at the other end
 * core ← api ← client ← command line. When a test here fails a new arrow has appeared: decide whether the plan or the
 * import is wrong.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FOR_TESTS, importsIn, sources, withoutComments, type Import } from './kit/imports.ts'

const SOURCES = sources('src')
const IMPORTS = SOURCES.flatMap(({ file, text }) => importsIn(file, text))
const ROOM = /^src\/(?:decide|enforce|record|watch|contain)\/[^/]+/

/** A part of the house, by the paths that belong to it, and the parts it may import. The first match counts. */
interface Part {
  readonly name: string
  readonly files: RegExp
  readonly may: readonly RegExp[]
  /** What it may import only as types. */
  readonly mayTypes?: readonly RegExp[]
}

const CORE = /^src\/core\//
const PLATFORM = /^src\/platform\//
const API = /^src\/api\//
const GATE = /^src\/gate\//
const CLIENT = /^src\/client\//
const IN_PROCESS = /^src\/daemon\/in-process\.ts$/
const COMPOSE = /^src\/daemon\/compose\.ts$/

const PLAN: readonly Part[] = [
  { name: 'core', files: CORE, may: [CORE] },
  { name: 'platform', files: PLATFORM, may: [CORE, PLATFORM] },
  { name: 'gate', files: GATE, may: [CORE, GATE] },
  { name: 'api', files: API, may: [CORE, API] },
  { name: 'client', files: CLIENT, may: [CORE, PLATFORM, API, CLIENT] },
  {
    name: 'compose',
    files: COMPOSE,
    may: [CORE, PLATFORM, GATE, ROOM, API, /^src\/daemon\//],
  },
  {
    name: 'daemon/http',
    files: /^src\/daemon\/http\//,
    // the edge turns the gate's refusals into answers, so it must know them at run time
    may: [CORE, API, GATE, ROOM, /^src\/daemon\/(?!compose\.ts|main\.ts)/],
    mayTypes: [PLATFORM],
  },
  // the library brings a whole house along, or calls the daemon's
  {
    name: 'library in process',
    files: IN_PROCESS,
    may: [CORE, PLATFORM, API, CLIENT, GATE, ROOM, /^src\/daemon\//],
  },
  {
    name: 'daemon',
    files: /^src\/daemon\//,
    may: [CORE, PLATFORM, API, GATE, ROOM, /^src\/daemon\//],
  },
  // these must work while the daemon is dead
  {
    name: 'cli that works alone',
    files:
      /^src\/cli\/commands\/(?:stop|audit-verify|incident-verify|integrity-verify|doctor|policy-(?:init|import)|scan-(?:command|secret|repository|cloud|reading|url)|secret-found|repository|mcp-(?:login|login-back|serve|serving|remote|scan|receipts-verify|receipts-key)|watch-(?:explain|test|rules-file)|firewall-[a-z-]+|emergency-[a-z-]+)\.ts$/,
    may: [CORE, PLATFORM, API, CLIENT, /^src\/cli\//, ROOM],
  },
  { name: 'cli', files: /^src\/cli\//, may: [CORE, PLATFORM, API, CLIENT, /^src\/cli\//] },
  { name: 'library', files: /^src\/index\.ts$/, may: [CORE, PLATFORM, API, CLIENT, IN_PROCESS] },
]

/** Which packages stand where; a package that is not here is new, and somebody should have decided so. */
const PACKAGES: Readonly<Record<string, RegExp>> = {
  zod: /^src\//,
  yaml: /^src\/(?:platform|decide\/policy|enforce\/sandbox|watch\/detect)\//,
  hono: /^src\/daemon\/http\//,
  '@hono/node-server': /^src\/daemon\//,
  koffi: PLATFORM,
  commander: /^src\/cli\//,
  'age-encryption': /^src\/record\/audit\//,
  qr: /^src\/cli\//,
  unbash: /^src\/decide\/inspect\/command\//,
}

/** Node modules that reach outside the process, and the only files that may use them. */
const OUTSIDE =
  /^node:(?:fs|fs\/promises|net|child_process|http|https|tls|dgram|dns|cluster|worker_threads|sqlite)$/
const OUTSIDE_HOMES: readonly RegExp[] = [
  PLATFORM,
  CLIENT,
  /^src\/daemon\//,
  /^src\/cli\//,
  /\/[\w-]*\.thread\.ts$/,
  /^src\/contain\/stop\/(?:store|aside|notes|lock)\.ts$/,
  /^src\/contain\/(?:incident|quarantine)\/store\.ts$/,
  /^src\/decide\/policy\/store\.ts$/,
  /^src\/record\/sign\/keys\.ts$/,
  // the ledger is made of files; what is not named here (entries, links, signatures, filters) stays pure
  /^src\/record\/audit\/(?:archive|checkpoint-file|field|find|index-db|manifest|recover|segments|tar|thread|verify|verify-in-thread)\.ts$/,
  // the box is made of files and processes; profiles, specs, filters and the way they are compiled stay pure
  /^src\/enforce\/sandbox\/(?:bubblewrap|bubblewrap-driver|bubblewrap-launch|builder|exec-probe|foreman|native-programs|outbox|outbox-store|planted|podman-(?:driver|home|image|leftovers|limits|probe|runtime|start|verify)|cgroup|cgroup-host|descriptors|limits|lookup|probe|processes|profile-file|registry|spawn|standin|stdio|transparent|transparent-probe|worker-(?:limits|temporary)|landlock-(?:driver|hold|probe|protected|start|temporary|verify))\.ts$/,
  /^src\/enforce\/sandbox\/selftest\/(?:going|host|prober|services|stage)\.ts$/,
  // the machine is compared with its baseline by reading it, and canaries are files
  /^src\/watch\/(?:integrity\/(?:look|store)|canary\/files)\.ts$/,
  // the host shows itself in files, and through one program and the journal's own; how it is set up, in modes of files
  /^src\/watch\/(?:host\/(?:journal|lookout|proc)|posture\/(?:installed|keys|memory|mend|programs|walk))\.ts$/,
  // tests' own programs
  /\.(?:test-kit|example)\.ts$/,
  // what agents changed is made of files, and git's of processes
  /^src\/enforce\/workspace\/(?:bytes|empty|change-sets|clones|directory|file-mode|git|objects|places|snapshots|stage|transaction)\.ts$/,
  // the store itself works through platform/; these look at files of the owner's
  /^src\/enforce\/secrets\/(?:boot|hook|leaks|permissions)\.ts$/,
  // the firewall is made of one program, of files, and of who watches over a change; what it wants stays pure
  /^src\/enforce\/firewall\/(?:host|nft|resolver-check|state|sysctl-change)\.ts$/,
  // the proxy is made of sockets; what it decides, reads and puts in stays pure
  /^src\/enforce\/egress\/(?:dial|first-bytes|front|plain|resolve|splice|tunnel|safe-fetch|safe-fetch-hop)\.ts$/,
  // the border of MCP over HTTP; what it reads and keeps apart stays pure
  /^src\/enforce\/mcp\/http\/serve\.ts$/,
  // what an emergency leaves, takes away and looks at is files
  /^src\/contain\/emergency\/(?:erase|humans|notes)\.ts$/,
  // what carries taint is files; the model is one
  /^src\/enforce\/taint\/marks\.ts$/,
  /^src\/decide\/inspect\/text\/model\/file\.ts$/,
  /^src\/enforce\/egress\/tls\/(?:authority|exchange|intercept|trust|upgrade|upstream)\.ts$/,
]

const LONGEST = 300

test('every source file belongs to a part of the house', () => {
  const homeless = SOURCES.filter(({ file }) => partOf(file) === undefined).map(({ file }) => file)
  assert.deepEqual(homeless, [])
})

test('imports follow the one arrow', () => {
  const own = IMPORTS.filter(({ target }) => target.startsWith('src/'))
  assert.ok(own.length > 50, 'the imports were not found')
  assert.deepEqual(own.filter((arrow) => !isInPlan(arrow)).map(draw), [])
})

test('a file of the daemon knows the room it serves, and only compose knows them all', () => {
  const roomsOf = Map.groupBy(
    IMPORTS.filter(
      ({ file, target, typeOnly }) =>
        file.startsWith('src/daemon/') && !COMPOSE.test(file) && !typeOnly && ROOM.test(target),
    ),
    ({ file }) => file,
  )
  const wide = [...roomsOf].filter(
    ([, imports]) => new Set(imports.map(({ target }) => ROOM.exec(target)?.[0])).size > 2,
  )
  assert.deepEqual(
    wide.map(([file]) => file),
    [],
  )
})

test('sources import nothing from tests, scripts or benchmarks', () => {
  const strange = /^(?:\.\.|test|scripts|bench|dist)\//
  const out = IMPORTS.filter(({ target }) => strange.test(target) || FOR_TESTS.test(target))
  assert.deepEqual(out.map(draw), [])
})

test('a package is used where it was let in', () => {
  const strange = IMPORTS.filter(({ target }) => !target.startsWith('src/') && !target.startsWith('node:'))
    .filter(({ file, target }) => PACKAGES[packageOf(target)]?.test(file) !== true)
    .map(draw)
  assert.deepEqual(strange, [])
})

test('what reaches outside the process has an address', () => {
  const strange = IMPORTS.filter(({ target, typeOnly }) => OUTSIDE.test(target) && !typeOnly)
    .filter(({ file }) => !OUTSIDE_HOMES.some((home) => home.test(file)))
    .map(draw)
  assert.deepEqual(strange, [])
})

test('the gate touches nothing but core and cryptography', () => {
  const strange = IMPORTS.filter(({ file, target }) => GATE.test(file) && !target.startsWith('src/'))
  assert.deepEqual(strange.filter(({ target }) => target !== 'node:crypto').map(draw), [])
})

test('the environment is read where programs start, and handed to platform/config.ts', () => {
  const homes = ['src/platform/config.ts', 'src/cli/main.ts', 'src/daemon/main.ts']
  const found = grep(/\bprocess\s*\.\s*env\b|\bprocess\s*\[\s*['"]env/).filter(
    (line) => !homes.some((home) => line.startsWith(`${home}:`)),
  )
  assert.deepEqual(found, [])
})

test('nothing is left for later, and nothing is exported as default', () => {
  const later = SOURCES.flatMap(({ file, text }) => linesWith(file, text, /\b(?:TODO|FIXME|XXX|HACK)\b/))
  assert.deepEqual(later, [])
  assert.deepEqual(grep(/^\s*export\s+default\b|\bas\s+default\b/m), [])
})

test('a module holds no changing state of its own', () => {
  assert.deepEqual(grep(/^(?:export\s+)?let\s/), [])
})

test('no code is made from strings', () => {
  assert.deepEqual(grep(/(?<![\w.$])eval\s*\(|\bnew\s+Function\b/), [])
})

test('a file is one thought', () => {
  const long = SOURCES.filter(({ text }) => text.split('\n').length - 1 > LONGEST).map(
    ({ file, text }) => `${file}: ${text.split('\n').length - 1} lines`,
  )
  assert.deepEqual(long, [])
})

test('an arrow against the plan is seen, however it is written', () => {
  const text = `
    import { a } from '../../record/audit/index.ts'
    import type { B } from '../../record/audit/index.ts'
    import {
      c,
      type D,
    } from '../../record/audit/index.ts'
    export * from '../../record/audit/index.ts'
    const late = await import('../../record/audit/index.ts')
    // import { no } from '../../record/audit/index.ts'
    /* import { no } from '../../record/audit/index.ts' */
  `
  const found = importsIn('src/decide/policy/x.ts', text)
  assert.equal(found.length, 5)
  assert.deepEqual(found.map(isInPlan), [false, false, false, false, false])
  const [planned] = importsIn('src/decide/policy/x.ts', `import { e } from '../../core/error.ts'`)
  assert.ok(planned !== undefined && isInPlan(planned))
})

function partOf(file: string): Part | undefined {
  const room = ROOM.exec(file)?.[0]
  return room === undefined
    ? PLAN.find(({ files }) => files.test(file))
    : { name: room, files: ROOM, may: [CORE, PLATFORM, new RegExp(`^${room}/`)] }
}

function isInPlan({ file, target, typeOnly }: Import): boolean {
  const part = partOf(file)
  const allowed = [...(part?.may ?? []), ...(typeOnly ? (part?.mayTypes ?? []) : [])]
  return allowed.some((home) => home.test(target))
}

function draw({ file, target, typeOnly }: Import): string {
  return `${file} -> ${target}${typeOnly ? ' (types)' : ''}`
}

function packageOf(target: string): string {
  return target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/')
}

function grep(pattern: RegExp): string[] {
  return SOURCES.flatMap(({ file, text }) => linesWith(file, withoutComments(text), pattern))
}

function linesWith(file: string, text: string, pattern: RegExp): string[] {
  return text
    .split('\n')
    .map((line, at) => ({ line, at }))
    .filter(({ line }) => pattern.test(line))
    .map(({ line, at }) => `${file}:${at + 1}: ${line.trim()}`)
}
