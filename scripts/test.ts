/**
 * The whole check: `npm test`. Developers narrow it: `npm test -- unit policy` runs the unit tests whose file names
 * contain "policy"; `npm test -- types lint` runs these two steps; `--verbose` shows all output, `--slowest` what took
 * longest.
 *
 * Its last line is `N passed, M failed`, where every check counts as a test.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { messageOf } from '../src/core/error.ts'
import { CHECKS } from './checks.ts'
import { writeControls } from './controls.ts'
import { ROOT } from './project.ts'
import { slowest } from './slowest.ts'
import { runTasks, type EndedStep, type Task } from './tasks.ts'
import { testTasks, TEST_STEPS } from './tests.ts'
import type { TestResult } from './reporter.ts'

const RESULTS = '.test-results'
const CHECKS_FILE = 'scripts/checks.ts'
const OPTIONS: readonly string[] = ['--verbose', '--slowest']
// tests of whole programs mostly wait for them
const AT_ONCE = availableParallelism() + 1

interface Selection {
  readonly steps: readonly string[]
  readonly files: readonly string[]
  readonly verbose: boolean
  readonly slowest: boolean
}

process.chdir(ROOT)
// whoever interrupts this ends what it started too
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
process.exitCode = await main(select(process.argv.slice(2)))

async function main({ steps, files, verbose, ...more }: Selection): Promise<number> {
  const isWhole = steps.length === 0 && files.length === 0
  mkdirSync(RESULTS, { recursive: true })
  // a partial run must not look like evidence of the whole
  const path = join(RESULTS, isWhole ? 'results.jsonl' : 'partial.jsonl')
  rmSync(path, { force: true })
  const results: TestResult[] = []
  const isWanted = (step: string) => (steps.length === 0 ? true : steps.includes(step))

  const checks = isWhole || steps.length > 0 ? CHECKS.filter(({ name }) => isWanted(name)) : []
  const tasks = [
    ...checks.map((check) => checkTask(check, verbose)),
    ...testTasks(
      TEST_STEPS.filter(({ name }) => isWanted(name)),
      files,
      verbose,
    ),
  ]
  await runTasks(tasks, AT_ONCE, (ended) => {
    show(ended)
    results.push(...ended.results)
  })
  writeFileSync(path, results.map((result) => `${JSON.stringify(result)}\n`).join(''))
  if (isWhole) console.log(writeControls(results))
  if (more.slowest) console.log(slowest(results))
  return conclude(results)
}

function checkTask(check: (typeof CHECKS)[number], verbose: boolean): Task<TestResult> {
  return { step: check.name, run: async () => [await runCheck(check, verbose)] }
}

async function runCheck({ name, run }: (typeof CHECKS)[number], verbose: boolean): Promise<TestResult> {
  const started = performance.now()
  let problem: string | undefined
  try {
    problem = await run(verbose)
  } catch (error) {
    problem = messageOf(error)
  }
  return {
    file: CHECKS_FILE,
    name,
    result: problem === undefined ? 'passed' : 'failed',
    ms: Math.round(performance.now() - started),
    ...(problem === undefined ? {} : { reason: problem }),
  }
}

function show({ step, results, tookMs }: EndedStep<TestResult>): void {
  const count = tally(results)
  const isCheck = results.every(({ file }) => file === CHECKS_FILE)
  progress(step, count.failed > 0 ? 'FAILED' : 'ok', tookMs, isCheck ? '' : summary(count))
  for (const { file, name, reason = '' } of results.filter(({ result }) => result === 'failed')) {
    console.log(indent(isCheck ? reason : `${file}: ${name}\n${indent(reason)}`))
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
  const unknown = args.filter((word) => word.startsWith('-') && !OPTIONS.includes(word))
  if (unknown.length > 0) {
    console.error(
      `unknown option ${unknown.join(' ')}; steps: ${known.join(', ')}; options: ${OPTIONS.join(', ')}`,
    )
    process.exit(2)
  }
  return {
    steps: words.filter((word) => known.includes(word)),
    files: words.filter((word) => !known.includes(word)),
    verbose: args.includes('--verbose'),
    slowest: args.includes('--slowest'),
  }
}
