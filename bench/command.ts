import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { isAtLeast, type RiskLevel } from '../src/core/risk.ts'
import { fuzzed } from '../src/decide/inspect/command/fuzz.test-kit.ts'
import { rateCommand } from '../src/decide/inspect/command/index.ts'
import type { BenchResult } from './result.ts'

const BENCH = 'command'
const CONTEXT = { home: '/home/dev', cwd: '/home/dev/work', workspace: '/home/dev/work' }
const FUZZED = 100_000

/** Where the development data stand, one directory a set; without it only the speed is measured. */
const CORPORA = process.env['BENCH_CORPORA'] ?? ''

/** How commands are rated, on the held-back part of the development data where that is at hand, and how fast. */
export function run(): BenchResult[] {
  return [...heldBack(), ...speed()]
}

function heldBack(): BenchResult[] {
  const [attacks, pages] = ['shell-atomic-dev/commands.jsonl', 'benign-tldr-common/pages.jsonl'].map(
    (name) => (CORPORA === '' || !existsSync(`${CORPORA}/${name}`) ? [] : textsIn(`${CORPORA}/${name}`)),
  )
  const techniques = (attacks ?? []).filter(isHeldBack)
  const examples = (pages ?? []).flatMap(examplesIn).filter(isHeldBack)
  if (techniques.length === 0 || examples.length === 0) return []
  return [
    share('attack techniques rated medium or more, held back', techniques, 'medium', 'at least 70 %', 70),
    share('attack techniques rated high or more, held back', techniques, 'high', 'at least 48 %', 48),
    share('documented commands rated high or more, held back', examples, 'high', 'at most 2.5 %', 2.5, true),
    share('documented commands rated critical, held back', examples, 'critical', 'at most 0.3 %', 0.3, true),
  ]
}

function share(
  name: string,
  texts: readonly string[],
  bar: RiskLevel,
  goal: string,
  percent: number,
  isMost = false,
): BenchResult {
  const count = texts.filter((text) => isAtLeast(rateCommand(text, CONTEXT).risk, bar)).length
  const value = (100 * count) / texts.length
  const ok = isMost ? value <= percent : value >= percent
  return { bench: BENCH, name: `${name} (${texts.length})`, unit: '%', value, goal, ok }
}

function speed(): BenchResult[] {
  const texts = [...vectors('command-ordinary'), ...vectors('command-tricks')]
  for (let i = 0; i < 5; i++) for (const text of texts) rateCommand(text, CONTEXT)
  const times = texts
    .flatMap((text) => Array.from({ length: 5 }, () => timeOf(text)))
    .toSorted((a, b) => a - b)
  const [p50 = 0, p99 = 0] = [times[times.length >> 1], times[Math.floor(times.length * 0.99)]]
  let [failed, longest] = [0, 0]
  for (const text of fuzzed(FUZZED, 11)) {
    const started = performance.now()
    const { reasons } = rateCommand(text, CONTEXT)
    longest = Math.max(longest, performance.now() - started)
    if (reasons.some(({ rule }) => rule === 'shape.failed')) failed++
  }
  return [
    {
      bench: BENCH,
      name: 'one command',
      unit: 'ms',
      value: p50,
      p50,
      p99,
      goal: 'median below 0.3 ms',
      ok: p50 < 0.3,
    },
    {
      bench: BENCH,
      name: `fuzzed texts it failed on (${FUZZED})`,
      unit: '',
      value: failed,
      goal: 'none',
      ok: failed === 0,
    },
    { bench: BENCH, name: 'longest of the fuzzed texts', unit: 'ms', value: longest },
  ]
}

function timeOf(text: string): number {
  const started = performance.now()
  rateCommand(text, CONTEXT)
  return performance.now() - started
}

function vectors(name: string): string[] {
  return readFileSync(new URL(`../test/vectors/${name}.txt`, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('# '))
}

function textsIn(file: string): string[] {
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { text: string }).text)
}

/** The commands of a page, their placeholders filled in with the example, long option or last choice they name. */
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

/** Three in ten, by what they say, so that no line changes sides: never looked at while rules are written. */
function isHeldBack(text: string): boolean {
  return createHash('sha256').update(text).digest()[0]! < 77
}
