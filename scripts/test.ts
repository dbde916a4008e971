/**
 * The whole check: `npm test`. Developers narrow it: `npm test -- unit policy` runs the unit tests whose file names
 * contain "policy"; `npm test -- types lint` runs these two steps; `--verbose` shows all output.
 *
 * Its last line is `N passed, M failed`, where every check counts as a test.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../src/core/error.ts'
import { CHECKS } from './checks.ts'
import { writeControls } from './controls.ts'
import { ROOT } from './project.ts'
import { runTests, TEST_STEPS } from './tests.ts'
import type { TestResult } from './reporter.ts'

const RESULTS = '.test-results'

interface Selection {
  readonly steps: readonly string[]
  readonly files: readonly string[]
  readonly verbose: boolean
}

process.chdir(ROOT)
process.exitCode = await main(select(process.argv.slice(2)))

async function main({ steps, files, verbose }: Selection): Promise<number> {
  const isWhole = steps.length === 0 && files.length === 0
  mkdirSync(RESULTS, { recursive: true })
  // a partial run must not look like evidence of the whole
  const path = join(RESULTS, isWhole ? 'results.jsonl' : 'partial.jsonl')
  rmSync(path, { force: true })
  const results: TestResult[] = []
  const isWanted = (step: string) => (steps.length === 0 ? true : steps.includes(step))

  for (const check of CHECKS.filter(({ name }) => isWanted(name) && (isWhole || steps.length > 0))) {
    results.push(await runCheck(check, verbose))
  }
  for (const step of TEST_STEPS.filter(({ name }) => isWanted(name))) {
    const started = performance.now()
    const found = await runTests(step, files, verbose)
    if (found.length > 0) show(step.name, found, Math.round(performance.now() - started))
    results.push(...found)
  }
  writeFileSync(path, results.map((result) => `${JSON.stringify(result)}\n`).join(''))
  if (isWhole) console.log(writeControls(results))
  return conclude(results)
}

async function runCheck({ name, run }: (typeof CHECKS)[number], verbose: boolean): Promise<TestResult> {
  const started = performance.now()
  let problem: string | undefined
  try {
    problem = await run(verbose)
  } catch (error) {
    problem = messageOf(error)
  }
  const ms = Math.round(performance.now() - started)
  const result: TestResult = {
    file: 'scripts/checks.ts',
    name,
    result: problem === undefined ? 'passed' : 'failed',
    ms,
    ...(problem === undefined ? {} : { reason: problem }),
  }
  progress(name, problem === undefined ? 'ok' : 'FAILED', ms)
  if (problem !== undefined) console.log(indent(problem))
  return result
}

function show(step: string, results: readonly TestResult[], tookMs: number): void {
  const count = tally(results)
  progress(step, count.failed > 0 ? 'FAILED' : 'ok', tookMs, summary(count))
  for (const { file, name, reason = '' } of results.filter(({ result }) => result === 'failed')) {
    console.log(indent(`${file}: ${name}\n${indent(reason)}`))
  }
  for (const { file, name, reason = '' } of results.filter(({ result }) => result === 'skipped')) {
    console.log(indent(`SKIPPED ${file}: ${name}: ${reason}`))
  }
}

function conclude(results: readonly TestResult[]): number {
  const count = tally(results)
  if (count.passed + count.failed === 0) console.log('nothing ran: no step and no test file has that name')
  console.log(summary(count))
  return count.failed > 0 || count.passed === 0 ? 1 : 0
}

type Count = Readonly<Record<TestResult['result'], number>>

function tally(results: readonly TestResult[]): Count {
  const count = { passed: 0, failed: 0, skipped: 0 }
  for (const { result } of results) count[result] += 1
  return count
}

function summary({ passed, failed, skipped }: Count): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

function progress(step: string, state: string, ms: number, note = ''): void {
  console.log(
    `${step.padEnd(12)} ${state.padEnd(6)} ${(ms / 1000).toFixed(1).padStart(6)} s  ${note}`.trimEnd(),
  )
}

function indent(text: string): string {
  return text.trimEnd().replaceAll(/^/gm, '    ')
}

function select(args: readonly string[]): Selection {
  const known = [...CHECKS, ...TEST_STEPS].map(({ name }) => name)
  const words = args.filter((word) => !word.startsWith('-'))
  const unknown = args.filter((word) => word.startsWith('-') && word !== '--verbose')
  if (unknown.length > 0) {
    console.error(`unknown option ${unknown.join(' ')}; steps: ${known.join(', ')}; option: --verbose`)
    process.exit(2)
  }
  return {
    steps: words.filter((word) => known.includes(word)),
    files: words.filter((word) => !known.includes(word)),
    verbose: args.includes('--verbose'),
  }
}
