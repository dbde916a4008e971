/**
 * Builds what is shipped: `npm run build [-- --force]`.
 *
 * Every entry of Warder becomes one file in a flat `dist/`, shared code in chunks beside them, because a thread is
 * found by its name next to the file that starts it. A build whose inputs did not change is skipped.
 */
import { createHash } from 'node:crypto'
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, globSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { rolldown, type OutputChunk } from 'rolldown'
import { builtins } from './builtins.ts'
import { codeGenerationIn } from './codegen.ts'
import { buildConsole } from './console.ts'
import { writeManPages } from './manual.ts'
import { buildNative, isNativeCurrent } from './native.ts'
import { NODE, ROOT, HARDENED } from './project.ts'

const ENTRIES = {
  warder: 'src/cli/main.ts',
  warderd: 'src/daemon/main.ts',
  daemon: 'src/daemon/daemon-main.ts',
  index: 'src/index.ts',
  'audit-writer': 'src/record/audit/writer.thread.ts',
  'audit-verifier': 'src/record/audit/verify.thread.ts',
  'spawn-watch': 'src/enforce/sandbox/spawn.thread.ts',
  egress: 'src/daemon/egress/main.ts',
  mcp: 'src/daemon/mcp/main.ts',
  aside: 'src/platform/aside-main.ts',
} as const

/**
 * What shares files: the command line, who watches over the daemon, and all the rest. Files are cut where what needs them
 * differs, and one costs a start half a millisecond however short it is; so none is shared by those that start most.
 */
const APART: readonly (readonly (keyof typeof ENTRIES)[])[] = [['warder', 'audit-verifier'], ['warderd']]

/** What the build reads, as globs. */
const INPUTS = [
  'src/**/*.ts',
  'src/**/*.model',
  'native/*.{c,h}',
  'scripts/{build,builtins,codegen,console,manual,native,project}.ts',
  'web/{index.html,src/**/*.*,public/**/*.*}',
  'package.json',
  'package-lock.json',
  'tsconfig*.json',
] as const

/** What is read at run time from beside the file that reads it; in the flat `dist/`, from beside every file. */
const DATA = ['src/decide/inspect/text/model/text.model'] as const

/** What a difference from the commit counts in. */
const SOURCES = ['src', 'web', 'native', 'scripts', 'package.json', 'package-lock.json'] as const

// of this process alone: two builds at a time must not take each other's files away
const NEW = `.dist-new-${process.pid}`
const OLD = `.dist-old-${process.pid}`

export interface BuildInfo {
  readonly version: string
  /** The commit it was built from; null where there is no repository. */
  readonly commit: string | null
  /** Whether the sources differed from that commit. */
  readonly modified: boolean
  /** ISO time of the commit, or of SOURCE_DATE_EPOCH, so that two builds of one commit are the same bytes. */
  readonly date: string | null
  readonly node: string
  /** SHA-256 over everything the build reads. */
  readonly inputs: string
  readonly entries: readonly string[]
}

/**
 * @param force build even when nothing changed
 * @returns what was done, in one line
 */
export async function build(force = false): Promise<string> {
  const inputs = inputsDigest()
  if (!force && isCurrent(inputs)) return 'nothing changed'
  const present = Object.entries(ENTRIES).filter(([, source]) => existsSync(source))
  for (const [name, source] of Object.entries(ENTRIES)) {
    if (!existsSync(source))
      console.error(`WARNING: ${source} does not exist, so dist/${name}.js is NOT built`)
  }
  if (present.length === 0) throw new Error('there is nothing to build: no entry exists')
  try {
    return await buildAnew(
      inputs,
      present.map(([name]) => name),
    )
  } finally {
    rmSync(NEW, { recursive: true, force: true })
  }
}

async function buildAnew(inputs: string, entries: readonly string[]): Promise<string> {
  const chunks: OutputChunk[] = []
  for (const each of bundles(entries)) chunks.push(...(await bundle(each)))
  const generating = chunks.flatMap((chunk) => codeGenerationIn(chunk.modules))
  if (generating.length > 0) {
    throw new Error(`code is made from strings, which the daemon forbids:\n  ${generating.join('\n  ')}`)
  }
  if (existsSync(ENTRIES.index)) emitTypes()
  const { modules } = await buildConsole(resolve(NEW, 'console'))
  writeFileSync(
    `${NEW}/licenses.txt`,
    licences([...chunks.flatMap(({ moduleIds }) => moduleIds), ...modules]),
  )
  writeFileSync(`${NEW}/build.json`, `${JSON.stringify(info(inputs, entries), undefined, 2)}\n`)
  for (const file of DATA) copyFileSync(file, `${NEW}/${basename(file)}`)
  buildNative(`${NEW}/native`)
  assertStarts(entries)
  swap()
  await writeManPages()
  return `${entries.length} entries, ${chunks.length} files`
}

function bundles(present: readonly string[]): (readonly string[])[] {
  const apart = APART.map((entries) => entries.filter((name) => present.includes(name)))
  const rest = present.filter((name) => !apart.flat().some((entry) => entry === name))
  return [...apart, rest].filter(({ length }) => length > 0)
}

async function bundle(entries: readonly string[]): Promise<OutputChunk[]> {
  const sources = Object.entries(ENTRIES).filter(([name]) => entries.includes(name))
  const bundler = await rolldown({
    input: Object.fromEntries(sources),
    cwd: ROOT,
    platform: 'node',
    external: ['koffi', '@napi-rs/keyring'], // they find their binaries beside themselves
    plugins: [builtins()],
    onLog(level, log, handler) {
      if (level === 'warn' && log.code === 'UNRESOLVED_IMPORT') throw new Error(log.message)
      handler(level, log)
    },
  })
  const { output } = await bundler.write({
    dir: NEW,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: `${entries[0]}-[name]-[hash].js`,
  })
  await bundler.close()
  return output.filter((file) => file.type === 'chunk')
}

function emitTypes(): void {
  const tsc = spawnSync(
    NODE,
    ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', `${NEW}/types`],
    { encoding: 'utf8' },
  )
  if (tsc.status !== 0) throw new Error(`the type declarations cannot be made:\n${tsc.stdout}${tsc.stderr}`)
}

// the scan can miss a call in disguise; starting under the flags cannot
function assertStarts(entries: readonly string[]): void {
  const starts = {
    warder: [`${NEW}/warder.js`, '--version'],
    index: ['--input-type=module', '--eval', `await import('./${NEW}/index.js')`],
  }
  for (const [entry, args] of Object.entries(starts)) {
    if (!entries.includes(entry)) continue
    const run = spawnSync(NODE, [...HARDENED, ...args], { encoding: 'utf8', timeout: 30_000 })
    if (run.status !== 0) throw new Error(`dist/${entry}.js does not start:\n${run.stdout}${run.stderr}`)
  }
}

// a rename, so that a program started meanwhile sees the old build or the new, never half of one
function swap(): void {
  rmSync(OLD, { recursive: true, force: true })
  if (existsSync('dist')) renameSync('dist', OLD)
  renameSync(NEW, 'dist')
  rmSync(OLD, { recursive: true, force: true })
}

function isCurrent(inputs: string): boolean {
  if (!existsSync('dist/build.json')) return false
  const last: Partial<BuildInfo> = JSON.parse(readFileSync('dist/build.json', 'utf8'))
  return (
    last.inputs === inputs &&
    (last.entries ?? []).every((name) => existsSync(`dist/${name}.js`)) &&
    existsSync('dist/console/index.html') &&
    isNativeCurrent() &&
    existsSync('man')
  )
}

function inputsDigest(): string {
  const files = globSync([...INPUTS])
  const hash = createHash('sha256').update(`${process.version} ${git('rev-parse', 'HEAD')}`)
  for (const file of files.filter((name) => !name.endsWith('.test.ts')).toSorted()) {
    const bytes = readFileSync(file)
    hash.update(`\n${file} ${bytes.length}\n`).update(bytes)
  }
  return hash.digest('hex')
}

function info(inputs: string, entries: readonly string[]): BuildInfo {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  const commit = git('rev-parse', 'HEAD')
  const epoch =
    process.env['SOURCE_DATE_EPOCH'] ?? (commit === null ? null : git('log', '-1', '--format=%ct'))
  return {
    version,
    commit,
    modified: commit === null || git('status', '--porcelain', '--', ...SOURCES) !== '',
    date: epoch === null ? null : new Date(Number(epoch) * 1000).toISOString(),
    node: process.version,
    inputs,
    entries,
  }
}

function git(...args: string[]): string | null {
  try {
    return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return null // no git, no repository, or no commit yet
  }
}

/** The licence of every package whose code is in the bundle: their terms ask that it goes along. */
function licences(modules: readonly string[]): string {
  const found = modules.map(packageOf).filter((path) => path !== undefined)
  const texts = [...new Set(found)].toSorted().map((path) => {
    const { name, version, license } = JSON.parse(readFileSync(`${path}/package.json`, 'utf8')) as PackageJson
    const files = globSync(`${path}/{LICENSE,LICENCE,license,licence}*`).toSorted()
    const text =
      files[0] === undefined ? 'The package carries no licence file.' : readFileSync(files[0], 'utf8')
    return `${name} ${version} (${license})\n\n${text.trim()}\n`
  })
  return texts.join(`\n${'-'.repeat(80)}\n\n`)
}

interface PackageJson {
  readonly name: string
  readonly version: string
  readonly license: string
}

function packageOf(module: string): string | undefined {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(module)?.[0]
}

if (import.meta.main) {
  process.chdir(ROOT)
  const started = performance.now()
  const done = await build(process.argv.includes('--force'))
  console.log(`build: ${done} (${((performance.now() - started) / 1000).toFixed(1)} s)`)
}
