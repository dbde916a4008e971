import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
} from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { InstalledPrograms, type InstalledPlace } from './installed.ts'
import type { Looked, Weakness } from './report.ts'

export interface ProgramsOptions {
  /** Where /proc, /dev and /sys stand. */
  readonly root: string
  /** Whether the kernel answers to that number; the second view beside /proc. */
  readonly isThere: (pid: number) => boolean
  /** Where the programs are whose copies in memory are nothing odd. */
  readonly installed: readonly InstalledPlace[]
}

const AT_ONCE = 512
/** To ask for each of four million numbers would take half a minute. */
const MOST_PIDS = 131_072

/**
 * What runs and should look otherwise: hints, not proof. What a kernel itself hides nobody sees from here.
 */
export async function scanPrograms(options: ProgramsOptions, signal: AbortSignal): Promise<Looked> {
  const notes = ['these are hints: a kernel that hides something hides it from this look as well']
  const found = [
    ...(await running(options, notes, signal)),
    ...inSharedMemory(options.root),
    ...modules(options.root, notes),
  ]
  notes.push(`hidden processes were looked for among the numbers below ${highestOf(options.root)}`)
  found.push(...(await hidden(options, signal)))
  return { weaknesses: found, notes }
}

/** One weakness for each program, however many processes run it. */
async function running(
  { root, installed }: ProgramsOptions,
  notes: string[],
  signal: AbortSignal,
): Promise<Weakness[]> {
  const exeOf = (pid: number): string => join(root, 'proc', `${pid}`, 'exe')
  const programs = new InstalledPrograms(installed, signal)
  const processes = pidsIn(root).map((pid) => ({ pid, program: link(exeOf(pid)) }))
  const found: Weakness[] = []
  for (const [program, all] of Map.groupBy(processes, (each) => each.program)) {
    const odd = oddness(program)
    if (odd === undefined) continue
    const { odder, twins } = await explained(all, odd, (pid) => programs.twinOf(exeOf(pid)))
    for (const twin of twins) notes.push(`${program} is ${twin}, byte for byte, in memory`)
    if (odder.length > 0) found.push(programWeakness(program, odder, odd))
  }
  return found
}

/** Which of these are copies of installed programs; processes that share a name need not share a program. */
async function explained(
  all: readonly { readonly pid: number }[],
  [id]: Oddness,
  twinOf: (pid: number) => Promise<string | undefined>,
): Promise<{ readonly odder: readonly number[]; readonly twins: ReadonlySet<string> }> {
  const odder: number[] = []
  const twins = new Set<string>()
  for (const { pid } of all) {
    const twin = id === 'program-in-memory' ? await twinOf(pid) : undefined
    if (twin === undefined) odder.push(pid)
    else twins.add(twin)
  }
  return { odder, twins }
}

function programWeakness(program: string, pids: readonly number[], [id, severity, words]: Oddness): Weakness {
  const who = pids.length === 1 ? `process ${pids[0]} runs` : `${pids.length} processes (${pids[0]}, ...) run`
  return {
    ...({ id, area: 'programs', severity, subject: program } as const),
    what: `${who} ${program}, ${words}`,
    fix: `look at it: ls -l /proc/${pids[0]}/exe; restart the program if it was updated, else end it`,
  }
}

type Oddness = readonly [id: string, severity: Weakness['severity'], words: string]

function oddness(program: string): Oddness | undefined {
  if (program.startsWith('/memfd:')) return ['program-in-memory', 'high', 'which no file holds']
  if (program.startsWith('/dev/shm/')) return ['program-in-shared-memory', 'high', 'from shared memory']
  // after an update this is ordinary, until the program is started anew
  if (program.endsWith(' (deleted)')) return ['program-deleted', 'low', 'whose file is gone or was replaced']
  return undefined
}

function inSharedMemory(root: string): Weakness[] {
  const directory = join(root, 'dev/shm')
  return list(directory).flatMap((name) => {
    const path = join(directory, name)
    const start = beginning(path)
    // a program or a script: what is only data may lie there
    if (!start.startsWith('\u007fELF') && !start.startsWith('#!')) return []
    return [
      {
        ...({
          id: 'executable-in-shared-memory',
          area: 'programs',
          severity: 'medium',
          subject: path,
        } as const),
        what: `${path} is a program, in memory that programs share`,
        fix: `look at it, and remove it: rm ${path}`,
      },
    ]
  })
}

/** Each module the list has stands in /sys as well, and its name is a plain one. */
function modules(root: string, notes: string[]): Weakness[] {
  const path = join(root, 'proc/modules')
  if (!existsSync(path)) {
    notes.push('the kernel has no modules')
    return []
  }
  const listed = new Set(
    head(path, 1024 * 1024)
      .split('\n')
      .flatMap((line) => line.split(' ')[0] || []),
  )
  const shown = new Set(
    list(join(root, 'sys/module')).filter((name) => existsSync(join(root, 'sys/module', name, 'initstate'))),
  )
  const odd = [...listed].filter((name) => !/^[a-z0-9_-]{2,56}$/i.test(name))
  const apart = shown.size === 0 ? [] : [...listed].filter((name) => !shown.has(name))
  const missing = [...shown].filter((name) => !listed.has(name))
  return [
    ...odd.map((name) => moduleWeakness(name, 'module-odd-name', 'has a name no module should have')),
    ...apart.map((name) => moduleWeakness(name, 'module-hidden', 'is listed, and not shown in /sys')),
    ...missing.map((name) => moduleWeakness(name, 'module-hidden', 'is shown in /sys, and not listed')),
  ]
}

function moduleWeakness(name: string, id: string, words: string): Weakness {
  return {
    ...{ id, area: 'programs', severity: 'high', subject: name },
    what: `the kernel module ${name} ${words}`,
    fix: 'compare with a machine you trust: cat /proc/modules; ls /sys/module',
  }
}

/** Numbers the kernel answers to and /proc does not list: looked at twice, for processes come and go. */
async function hidden({ root, isThere }: ProgramsOptions, signal: AbortSignal): Promise<Weakness[]> {
  const highest = highestOf(root)
  const listed = new Set(pidsIn(root))
  const suspects: number[] = []
  for (let pid = 2; pid < highest; pid += 1) {
    if (pid % AT_ONCE === 0) {
      await turn()
      signal.throwIfAborted()
    }
    if (!listed.has(pid) && isThere(pid) && !isThread(root, pid)) suspects.push(pid)
  }
  const again = new Set(pidsIn(root))
  return suspects
    .filter((pid) => !again.has(pid) && isThere(pid) && !isThread(root, pid))
    .map((pid) => ({
      ...({ id: 'process-hidden', area: 'programs', severity: 'high', subject: `${pid}` } as const),
      what: `the kernel answers to process ${pid}, and /proc does not list it`,
      fix: 'look at this machine from outside: start it from another disk',
    }))
}

function highestOf(root: string): number {
  return Math.min(Number(head(join(root, 'proc/sys/kernel/pid_max'))) || 32_768, MOST_PIDS)
}

/** A thread has a number of its own, is not listed, and its directory says whose it is. */
function isThread(root: string, pid: number): boolean {
  const group = /^Tgid:\s+(\d+)$/m.exec(head(join(root, 'proc', `${pid}`, 'status')))?.[1]
  return group !== undefined && Number(group) !== pid
}

function pidsIn(root: string): number[] {
  return list(join(root, 'proc')).flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []))
}

function head(path: string, bytes = 4096): string {
  try {
    return readFileSync(path, 'latin1').slice(0, bytes)
  } catch {
    return ''
  }
}

/** The first bytes of a file, and of nothing else: a pipe would keep us waiting. */
function beginning(path: string): string {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const bytes = Buffer.alloc(4)
      return fstatSync(fd).isFile() ? bytes.toString('latin1', 0, readSync(fd, bytes, 0, 4, 0)) : ''
    } finally {
      closeSync(fd)
    }
  } catch {
    return ''
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
