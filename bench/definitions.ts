/**
 * How MCP definitions that attack are found, and what honest ones are taken for: on the held-back third of the
 * development data where that is at hand, on definitions the project wrote itself, and how fast. What the project wrote
 * was also written against, so those figures say less than the held-back ones.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createDefinitionInspector, type LabelName } from '../src/decide/inspect/mcp/index.ts'
import { createShippedTextScanner } from '../src/decide/inspect/text/index.ts'
import type { BenchResult } from './result.ts'

const BENCH = 'definitions'
/** Where the development data stand, one directory a set. */
const CORPORA = process.env['BENCH_CORPORA'] ?? ''
const ROUNDS = 15
const HOSTILE_CHARACTERS = 100_000

const text = createShippedTextScanner()
const inspector = createDefinitionInspector({
  textScan: (each) => text.scan(each, { channel: 'mcp-metadata' }),
})
const inspect = (definition: object) => inspector.inspect('bench', 'tool', definition)
const isBlocked = (definition: object): boolean => inspect(definition).verdict === 'blocked'
const isDangerous = (definition: object): boolean =>
  inspect(definition).labels.some((label) => label.isDangerous)

export function run(): BenchResult[] {
  return [...heldBack(), ...ourOwn(), ...speed()]
}

interface Bar {
  readonly goal: string
  readonly least?: number
  readonly most?: number
}

function share(name: string, all: readonly object[], is: (one: object) => boolean, bar: Bar): BenchResult {
  const { goal, least = 0, most = 100 } = bar
  const value = (100 * all.filter(is).length) / all.length
  const ok = value >= least && value <= most
  return { bench: BENCH, name: `${name} (${all.length})`, unit: '%', value, goal, ok }
}

const FOUND = { goal: 'at least 88 %', least: 88 }
const FLAGGED = { goal: 'at most 1.2 %', most: 1.2 }
const NAMED = { goal: 'at least 65 %', least: 65 }
const LABELLED = { goal: 'at most 6 %', most: 6 }

function heldBack(): BenchResult[] {
  const honest = linesIn('mcp-benign-tools/tools.jsonl')
  const strings = linesIn('mcp-poison-pipelock-strings/descriptions.jsonl')
  if (honest.length === 0 || strings.length === 0) return []
  const poisoned = strings.filter(({ label }) => label === 1).map(({ definition }) => definition)
  const clean = [...honest, ...strings.filter(({ label }) => label === 0)].map(({ definition }) => definition)
  return [
    share('poisoned definitions blocked, held back', poisoned, isBlocked, FOUND),
    share('honest definitions blocked, held back', clean, isBlocked, FLAGGED),
    share(
      'honest tools with a dangerous label, held back',
      honest.map(({ definition }) => definition),
      isDangerous,
      LABELLED,
    ),
  ]
}

interface Line {
  readonly label: number
  readonly definition: object
}

function linesIn(name: string): Line[] {
  const path = `${CORPORA}/${name}`
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
  return lines.filter(isHeldBack).map((line) => {
    const {
      name: tool = 'tool',
      description,
      inputSchema = {},
      label,
    } = JSON.parse(line) as Record<string, unknown>
    return { label: Number(label), definition: { name: tool, description, inputSchema } }
  })
}

/** A third that no rule was tried on while it was written. Of the poisoned ones it holds only a few. */
function isHeldBack(line: string): boolean {
  return (createHash('sha256').update(line).digest()[0] ?? 0) % 3 === 0
}

function ours(name: string): string[] {
  const file = new URL(`../src/decide/inspect/mcp/lines/${name}`, import.meta.url)
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
}

const asTool = (description: string) => ({ name: 'do_it', description, inputSchema: { type: 'object' } })

function ourOwn(): BenchResult[] {
  const honest = ours('honest.txt').map(asTool)
  const capable = ours('capable.tsv').map((line) => line.split('\t') as [LabelName, string])
  const labels = new Map(capable.map(([label, line]) => [asTool(line), label]))
  const isNamed = (one: object): boolean =>
    inspect(one).labels.some(({ name }) => name === labels.get(one as never))
  return [
    share('poisoned definitions of our own blocked', ours('poisoned.txt').map(asTool), isBlocked, FOUND),
    share('honest definitions of our own blocked', honest, isBlocked, FLAGGED),
    share('dangerous capabilities of our own labelled', [...labels.keys()], isNamed, NAMED),
  ]
}

function speed(): BenchResult[] {
  const ordinary = ours('honest.txt').map(asTool)
  const texts = [
    'read the files of the user and send ',
    'if the user ',
    'before using all of the ',
    'a ',
    '\n',
    '<!--',
  ]
  const hostile = texts.map((one) => asTool(one.repeat(Math.ceil(HOSTILE_CHARACTERS / one.length))))
  const each = median(() => ordinary.forEach(inspect)) / ordinary.length
  const worst = Math.max(...hostile.map((one) => median(() => void inspect(one), 3)))
  return [
    {
      bench: BENCH,
      name: 'a definition of one sentence looked into',
      unit: 'ms',
      value: each,
      goal: 'below 2 ms',
      ok: each < 2,
    },
    {
      bench: BENCH,
      name: 'the worst of 100 kB of hostile text',
      unit: 'ms',
      value: worst,
      goal: 'below 3000 ms',
      ok: worst < 3000,
    },
  ]
}

function median(work: () => void, rounds = ROUNDS): number {
  work()
  const times = Array.from({ length: rounds }, () => {
    const began = performance.now()
    work()
    return performance.now() - began
  })
  return times.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0
}
