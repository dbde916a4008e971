/** The test suites, and how each is run. */
import { globSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { HARDENED } from './project.ts'
import { runNode } from './process.ts'
import type { TestResult } from './reporter.ts'

interface TestStep {
  readonly name: string
  readonly files: () => string[]
  /** Each file in a process of its own, some at a time; otherwise all in one process, which is fast. */
  readonly isolated: boolean
}

const NEEDS_A_PROCESS = '.process.test.ts'

/** In the order they run: what is quick and tells most comes first. */
export const TEST_STEPS: readonly TestStep[] = [
  { name: 'project', files: () => list('{test,scripts}/*.test.ts'), isolated: false },
  {
    name: 'unit',
    files: () => list('src/**/*.test.ts').filter((file) => !file.endsWith(NEEDS_A_PROCESS)),
    isolated: false,
  },
  { name: 'processes', files: () => list(`src/**/*${NEEDS_A_PROCESS}`), isolated: true },
  { name: 'journeys', files: () => list('test/journeys/**/*.test.ts'), isolated: true },
  { name: 'attacks', files: () => list('test/attacks/**/*.test.ts'), isolated: true },
]

const STEP_LIMIT_MS = 900_000
const TEST_LIMIT_MS = 120_000

/**
 * Runs a suite, or the files of it whose path contains one of `filters`.
 *
 * @returns one result per test; a suite that broke, or ran no test, adds a failed one that says so
 */
export async function runTests(
  step: TestStep,
  filters: readonly string[],
  verbose: boolean,
): Promise<TestResult[]> {
  const files = step
    .files()
    .filter((file) => filters.length === 0 || filters.some((part) => file.includes(part)))
  if (files.length === 0) return []
  const path = `.test-results/${step.name}.jsonl`
  mkdirSync('.test-results', { recursive: true })
  rmSync(path, { force: true })
  const started = performance.now()
  const { code, output } = await runNode([...flags(step, path), ...files], {
    timeoutMs: STEP_LIMIT_MS,
    verbose,
  })
  const results = existsSync(path) ? readResults(path) : []
  const hasFailure = results.some(({ result }) => result === 'failed')
  const told = new Set(results.map(({ file }) => resolve(file)))
  const silent = files.filter((file) => !told.has(resolve(file)))
  if ((code !== 0 && !hasFailure) || silent.length > 0) {
    results.push({
      file: silent[0] ?? `scripts/tests.ts`,
      name: `${step.name}: the suite runs to its end`,
      result: 'failed',
      ms: Math.round(performance.now() - started),
      reason: [`exit code ${code}`, ...silent.map((file) => `no test ran in ${file}`), tail(output)].join(
        '\n',
      ),
    })
  }
  return results
}

function flags({ isolated }: TestStep, path: string): string[] {
  return [
    ...HARDENED, // what the daemon runs under must hold for the code under test
    '--test',
    // tests of whole programs mostly wait for them
    isolated ? `--test-concurrency=${availableParallelism() + 1}` : '--test-isolation=none',
    `--test-timeout=${TEST_LIMIT_MS}`,
    '--test-reporter=./scripts/reporter.ts',
    `--test-reporter-destination=${path}`,
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
  ]
}

/** The results a run left behind. */
export function readResults(path: string): TestResult[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line): TestResult => JSON.parse(line))
}

function list(pattern: string): string[] {
  return globSync(pattern).toSorted()
}

function tail(output: string): string {
  return output.trimEnd().split('\n').slice(-40).join('\n')
}
