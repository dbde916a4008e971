import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { isAtLeast, type RiskLevel } from '../src/core/risk.ts'
import {
  Allowances,
  ApprovalBook,
  memoryBookStore,
  narrowest,
  type Segment,
  type Subject,
} from '../src/decide/approval/index.ts'
import { parseCommand, rateCommand } from '../src/decide/inspect/command/index.ts'
import { HOSTILE, TASKS } from './prompts-tasks.ts'
import type { BenchResult } from './result.ts'

/**
 * How often a person is asked for one task, and what is let through afterwards that nobody approved: Warder beside prefix
 * rules as Codex (`prefix_rule(pattern = ["npm", "run", "test"])`) and Claude Code (`Bash(npm run:*)`) write them. Every
 * question is answered with the most lasting yes that is offered, in all of them. The others are models of their rules,
 * not the programs: commands are split at shell operators, each part must be covered, and what only reads is not asked.
 */
export function run(): BenchResult[] {
  return [
    ...prompts('written down', TASKS),
    ...(DOCUMENTED.length === 0 ? [] : prompts('drawn from documented commands', DOCUMENTED)),
    ...letThrough(),
  ]
}

const BENCH = 'prompts'
const CONTEXT = { home: '/home/dev', cwd: '/home/dev/work', workspace: '/home/dev/work' }
const NOW = 1_800_000_000_000

interface Policy {
  readonly name: string
  readonly isOurs: boolean
  readonly isShipped: boolean
  /** Whether a person is asked for this command; `refused`: nobody is, and it does not run. */
  answer(text: string): 'runs' | 'asks' | 'refused'
  /** The most lasting yes there is to it. */
  learn(text: string): void
}

function prompts(from: string, tasks: readonly (readonly string[])[]): BenchResult[] {
  const counts = policies().map((policy) => ({ policy, asked: worked(policy, tasks) / tasks.length }))
  const fewest = Math.min(...counts.filter(({ policy }) => !policy.isOurs).map(({ asked }) => asked))
  return counts.map(({ policy, asked }) => ({
    ...{ bench: BENCH, unit: 'prompts', value: asked },
    name: `for one task, of ${tasks.length} ${from}: ${policy.name}`,
    ...(policy.isShipped ? { goal: 'fewer than prefix rules', ok: asked < fewest } : {}),
  }))
}

/** Fewer questions are no merit where more gets by: the same rules, learnt from the same tasks, meet their look-alikes. */
function letThrough(): BenchResult[] {
  const shares = policies().map((policy) => {
    worked(policy, TASKS)
    const passed = HOSTILE.filter((text) => policy.answer(text) === 'runs').length
    return { policy, share: (100 * passed) / HOSTILE.length }
  })
  const least = Math.min(...shares.filter(({ policy }) => !policy.isOurs).map(({ share }) => share))
  return shares.map(({ policy, share }) => ({
    ...{ bench: BENCH, unit: '%', value: share },
    name: `run unasked, of ${HOSTILE.length} commands nobody approved that begin like approved ones: ${policy.name}`,
    ...(policy.isOurs ? { goal: 'less than prefix rules', ok: share < least } : {}),
  }))
}

/** Every task with the yes of those before it, as on one project. @returns how often somebody was asked */
function worked(policy: Policy, tasks: readonly (readonly string[])[]): number {
  let asked = 0
  for (const text of tasks.flat()) {
    if (policy.answer(text) !== 'asks') continue
    asked += 1
    policy.learn(text)
  }
  return asked
}

function policies(): Policy[] {
  return [
    warder('Warder as shipped (asks from high risk)', 'high'),
    warder('Warder asking from medium risk', 'medium'),
    prefixRules('prefix rules of words, as Codex', wordsPrefix),
    prefixRules('prefix rules of program and subcommand, as Claude Code', subcommandPrefix),
  ]
}

/** What is rated below `askAt` runs in the sandbox; the rest asks, and an allowance as narrow as it is stored remembers. */
function warder(name: string, askAt: RiskLevel): Policy {
  const allowances = emptyBook()
  const isCovered = (text: string): boolean => allowances.match('builder', subjectOf(text), NOW) !== undefined
  return {
    ...{ name, isOurs: true, isShipped: askAt === 'high' },
    answer(text) {
      const { risk } = rateCommand(text, CONTEXT)
      if (risk === 'critical') return 'refused'
      if (!isAtLeast(risk, askAt)) return 'runs'
      return !isAtLeast(risk, 'high') && isCovered(text) ? 'runs' : 'asks'
    },
    learn(text) {
      const pattern = narrowest(subjectOf(text))
      if (pattern === undefined || isAtLeast(rateCommand(text, CONTEXT).risk, 'high')) return
      allowances.add('builder', pattern, 'owner', NOW)
    },
  }
}

function emptyBook(): Allowances {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const book = new ApprovalBook(memoryBookStore(), {
    keyId: 'bench',
    sign: (bytes) => sign(null, bytes, privateKey),
    verify: (bytes, signature) => verify(null, bytes, publicKey, signature),
  })
  const ids = { next: 0 }
  return new Allowances(
    { append: (fields) => book.append(fields), newId: () => `allowance-${ids.next++}` },
    [],
  )
}

/** The text as `sh -c` runs it, its programs sealed by their names. */
function subjectOf(text: string): Subject {
  const base = {
    argv: ['/bin/sh', '-c', text],
    cwd: CONTEXT.cwd,
    workspace: CONTEXT.workspace,
    profile: 'agent',
  }
  const shell = segmentOf('/bin/sh', ['-c'])
  const more = { touches: [], notes: [] }
  const parsed = parseCommand(text)
  const isPlain =
    parsed.parsable &&
    parsed.isFlat &&
    parsed.segments.every(
      ({ program, args, redirects, assignments }) =>
        redirects.length + assignments.length === 0 &&
        [program, ...args].every(({ kind }) => kind !== 'dynamic'),
    )
  if (!isPlain) return { ...base, segments: [shell], glue: [], notStanding: 'more than programs', ...more }
  const segments = parsed.segments.map(({ program, args }) =>
    segmentOf(
      `/usr/bin/${program.text}`,
      args.map(({ text: word }) => word),
    ),
  )
  const glue = parsed.segments
    .slice(1)
    .map(({ span }, i) => text.slice(parsed.segments[i]!.span.end, span.start).trim())
  return { ...base, segments: [shell, ...segments], glue, ...more }
}

function segmentOf(program: string, args: readonly string[]): Segment {
  const sha256 = createHash('sha256').update(program).digest('hex')
  return { program, args, seals: [{ path: program, sha256 }], leaving: [] }
}

/** What both let pass unasked because it only reads. */
const READERS = new Set(
  'cat cd cut echo false grep head id ls nl pwd rev seq stat tail tr true uname uniq wc which whoami'.split(
    ' ',
  ),
)
const GIT_READERS = new Set(['status', 'log', 'diff', 'show', 'branch'])
const FIND_ACTS = /^-(?:exec|execdir|ok|okdir|delete|fls|fprint|fprint0|fprintf)$/

function onlyReads([program = '', ...args]: readonly string[]): boolean {
  if (READERS.has(program)) return true
  if (program === 'git')
    return GIT_READERS.has(args[0] ?? '') && !args.some((arg) => arg.startsWith('--output'))
  return program === 'find' && !args.some((arg) => FIND_ACTS.test(arg))
}

function prefixRules(name: string, prefixOf: (words: readonly string[]) => readonly string[]): Policy {
  const allowed: (readonly string[])[] = []
  const begins = (words: readonly string[]): boolean =>
    allowed.some((prefix) => prefix.every((word, i) => words[i] === word))
  return {
    ...{ name, isOurs: false, isShipped: false },
    answer(text) {
      const parts = partsOf(text)
      return parts !== undefined && parts.every((words) => onlyReads(words) || begins(words))
        ? 'runs'
        : 'asks'
    },
    learn(text) {
      for (const words of partsOf(text) ?? []) if (!onlyReads(words)) allowed.push(prefixOf(words))
    },
  }
}

/** The commands of a text by their words; undefined for what is more than commands one after the other. */
function partsOf(text: string): string[][] | undefined {
  const parsed = parseCommand(text)
  if (!parsed.parsable || !parsed.isFlat) return undefined
  if (parsed.segments.some(({ redirects, assignments }) => redirects.length + assignments.length > 0))
    return undefined
  return parsed.segments.map(({ program, args }) => [
    basename(program.text),
    ...args.map(({ text: word }) => word),
  ])
}

/** The words before the first option, path or number, three at most. */
function wordsPrefix(words: readonly string[]): readonly string[] {
  const end = words.findIndex((word, i) => i > 0 && !/^[a-z][a-z:_-]*$/.test(word))
  return words.slice(0, Math.min(3, end === -1 ? words.length : end))
}

function subcommandPrefix(words: readonly string[]): readonly string[] {
  return /^[a-z][a-z:_-]*$/.test(words[1] ?? '') ? words.slice(0, 2) : words.slice(0, 1)
}

const PROGRAMS =
  'awk bat biome black bun bundle cargo cat chmod clang cmake codespell composer cp curl cut deno diff docker dotnet du egrep esbuild'
/** Where the development data stand, one directory a set; without it only the tasks that were written down are measured. */
const CORPORA = process.env['BENCH_CORPORA'] ?? ''
const DOCUMENTED = documentedTasks(`${CORPORA}/benign-tldr-common/pages.jsonl`)

/** Twenty tasks of thirty commands from the pages of three programs each, every other one a command of the task again. */
function documentedTasks(file: string): string[][] {
  if (CORPORA === '' || !existsSync(file)) return []
  const names = new Set(PROGRAMS.split(' '))
  const commands = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .flatMap((line) => examplesIn((JSON.parse(line) as { text: string }).text))
  const byProgram = [...Map.groupBy(commands, (text) => text.split(' ')[0] ?? '')].filter(([name]) =>
    names.has(name),
  )
  const random = seeded(17)
  const one = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!
  return Array.from({ length: 20 }, () => {
    const pool = Array.from({ length: 3 }, () => one(byProgram)[1]).flat()
    const task: string[] = []
    while (task.length < 30) task.push(task.length % 2 === 1 ? one(task) : one(pool))
    return task
  })
}

function examplesIn(page: string): string[] {
  return [...page.matchAll(/^`([^\n]+)`$/gm)].map(([, line = '']) =>
    line.replace(
      /\{\{(.*?)\}\}(?!\})/g,
      (_, hole: string) =>
        hole
          .replace(/^\[(.*)\]$/, '$1')
          .split('|')
          .at(-1) ?? '',
    ),
  )
}

/** Numbers that are the same in every run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
