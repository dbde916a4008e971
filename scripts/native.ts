/**
 * Builds the native programs: `node scripts/native.ts [--force] [--into DIRECTORY]`.
 *
 * They are static and the same bytes each time: no path, no date and no build number goes into them. Beside them
 * stands SHA256SUMS, which whoever starts one compares first. Without a compiler nothing is built, and that is said.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './project.ts'

/** Each program and its sources; one whose source is not there is left out. */
const PROGRAMS = {
  launcher: ['launcher.c', 'foreman.c'],
  init: [
    'init.c',
    'frame.c',
    'outbox.c',
    'command.c',
    'spawn.c',
    'bridge.c',
    'connect.c',
    'everyone.c',
    'state.c',
  ],
  hook: ['hook.c', 'sha256.c'],
  confine: ['confine.c', 'state.c'],
  transparent: ['transparent.c', 'rules.c', 'names.c', 'bridge.c', 'try.c'],
  attempts: ['attempts.c'],
  sentry: ['sentry.c'],
  lookout: ['lookout.c', 'lookout-processes.c', 'lookout-writes.c', 'lookout-network.c'],
} as const satisfies Record<string, readonly string[]>

/** Where the finished programs stand in a checkout; `dist/` is what is shipped. */
export const NATIVE_DIRECTORY = 'dist/native'
export const SUMS = 'SHA256SUMS'
const INPUTS_FILE = 'inputs'

/** Warnings are errors, and a mistake that is made all the same meets a canary. */
export const COMPILER_FLAGS = [
  ...['-std=c11', '-O2', '-static', '-s', '-Wall', '-Wextra', '-Werror', '-Wshadow'],
  ...['-fstack-protector-strong', '-D_FORTIFY_SOURCE=2', '-fno-common'],
  ...['-Wl,--build-id=none', '-Wl,-z,noexecstack', '-Wl,-z,relro'],
] as const

/**
 * Builds into `directory` unless what stands there, or in `dist/native`, is from the same sources.
 *
 * @returns what was done, in one line
 * @throws when a program does not compile
 */
export function buildNative(directory: string = NATIVE_DIRECTORY, force = false): string {
  const compiler = findCompiler()
  if (compiler === undefined) {
    console.error(
      'WARNING: no C compiler (gcc, cc or clang) with a static C library: the native programs are',
    )
    console.error(
      'NOT built. Sandboxes work, without commands in a running sandbox, overlay workspaces and the',
    )
    console.error('fastest stop. Fix: as root: apt install gcc libc6-dev, then build again.')
    rmSync(directory, { recursive: true, force: true })
    mkdirSync(directory, { recursive: true }) // empty: nobody takes an older one for this one
    return 'native: NOT built, no C compiler'
  }
  const inputs = inputsDigest(compiler)
  const last = [directory, NATIVE_DIRECTORY].find((path) => !force && isFrom(path, inputs))
  if (last === directory) return 'native: nothing changed'
  const fresh = `${directory}.new`
  rmSync(fresh, { recursive: true, force: true })
  if (last === undefined) compileAll(compiler, fresh, inputs)
  else cpSync(last, fresh, { recursive: true })
  rmSync(directory, { recursive: true, force: true })
  renameSync(fresh, directory)
  return last === undefined ? `native: built with ${compiler.name}` : 'native: nothing changed'
}

/** Whether what stands in `dist/native` is what would be built; without a compiler, whether it was tried. */
export function isNativeCurrent(): boolean {
  const compiler = findCompiler()
  return compiler === undefined
    ? existsSync(NATIVE_DIRECTORY)
    : isFrom(NATIVE_DIRECTORY, inputsDigest(compiler))
}

interface Compiler {
  readonly name: string
  readonly version: string
}

function findCompiler(): Compiler | undefined {
  for (const name of ['gcc', 'cc', 'clang']) {
    const { status, stdout } = spawnSync(name, ['--version'], { encoding: 'utf8' })
    if (status !== 0) continue
    const [version = ''] = stdout.split('\n')
    const trial = spawnSync(name, ['-static', '-x', 'c', '-o', '/dev/null', '-'], {
      input: '#include <stdio.h>\nint main(void) { return puts("x") < 0; }\n',
    })
    if (trial.status === 0) return { name, version }
  }
  return undefined
}

function compileAll(compiler: Compiler, directory: string, inputs: string): void {
  mkdirSync(directory, { recursive: true })
  const sums = Object.entries(PROGRAMS)
    .filter(([, sources]) => sources.every((source) => existsSync(join('native', source))))
    .map(([name, sources]) => {
      const path = join(directory, name)
      compile(compiler.name, sources, path)
      return `${sha256(readFileSync(path))}  ${name}\n`
    })
  writeFileSync(join(directory, SUMS), sums.join(''))
  writeFileSync(join(directory, INPUTS_FILE), `${inputs}\n`)
}

/** @throws with what the compiler says */
export function compile(
  compiler: string,
  sources: readonly string[],
  out: string,
  flags: readonly string[] = COMPILER_FLAGS,
): void {
  // relative names and one fixed place, so that nothing of this machine goes into the program
  const { status, stdout, stderr, error } = spawnSync(
    compiler,
    [
      ...flags,
      `-ffile-prefix-map=${join(ROOT, 'native')}=native`,
      '-o',
      out.startsWith('/') ? out : join(ROOT, out),
      ...sources,
    ],
    {
      cwd: join(ROOT, 'native'),
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], LC_ALL: 'C', SOURCE_DATE_EPOCH: '0' },
    },
  )
  if (status !== 0)
    throw new Error(`native/${sources[0]} does not compile:\n${stdout}${stderr}${error?.message ?? ''}`)
}

function isFrom(directory: string, inputs: string): boolean {
  const path = join(directory, INPUTS_FILE)
  return existsSync(path) && readFileSync(path, 'utf8').trim() === inputs
}

function inputsDigest({ name, version }: Compiler): string {
  const hash = createHash('sha256').update(`${name} ${version} ${COMPILER_FLAGS.join(' ')} ${process.arch}`)
  for (const file of globSync('native/*.{c,h}').toSorted())
    hash.update(`\n${file}\n`).update(readFileSync(file))
  return hash.digest('hex')
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

if (import.meta.main) {
  process.chdir(ROOT)
  const at = process.argv.indexOf('--into')
  console.log(
    buildNative(at === -1 ? NATIVE_DIRECTORY : process.argv[at + 1], process.argv.includes('--force')),
  )
}
