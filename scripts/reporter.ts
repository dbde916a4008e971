/**
 * A reporter for node:test: one line of JSON per test, for `.test-results/`. Given to node by
 * `--test-reporter=./scripts/reporter.ts`.
 */
import { relative, resolve } from 'node:path'
import type { TestEvent } from 'node:test/reporters'
import { ROOT } from './project.ts'

/** How one test ended. */
export interface TestResult {
  /** From the project's root. */
  readonly file: string
  /** With the names of the suites around it: `suite > test`. */
  readonly name: string
  readonly result: 'passed' | 'failed' | 'skipped'
  readonly ms: number
  /** Why it was skipped, or what failed. */
  readonly reason?: string
}

// node:test takes a reporter from the default export and from nowhere else
// oxlint-disable-next-line import/no-default-export
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const names: string[] = []
  for await (const event of events) {
    if (event.type === 'test:start') {
      names.length = event.data.nesting
      names.push(event.data.name)
    } else if (event.type === 'test:pass' || event.type === 'test:fail') {
      const result = resultOf(event, names)
      if (result !== undefined) yield `${JSON.stringify(result)}\n`
    }
  }
}

type Ended = Extract<TestEvent, { type: 'test:pass' | 'test:fail' }>

function resultOf({ type, data }: Ended, names: readonly string[]): TestResult | undefined {
  // a suite says nothing that its tests have not said, unless it broke outside of them
  if (data.details.type === 'suite' && (type === 'test:pass' || !brokeByItself(data))) return undefined
  if (type === 'test:fail' && data.details.type !== 'suite' && !brokeByItself(data)) return undefined
  // a file that ended well without a single test is told as if it were a test; nothing was tried in it
  if (type === 'test:pass' && data.nesting === 0 && resolve(data.name) === data.file) return undefined
  const skipped = type === 'test:pass' && data.skip !== undefined && data.skip !== false
  const todo = data.todo !== undefined && data.todo !== false
  const reason = type === 'test:fail' ? failureOf(data) : skipped ? reasonOf(data.skip) : undefined
  return {
    file: relative(ROOT, data.file ?? ''),
    name: [...names.slice(0, data.nesting), data.name].join(' > '),
    // a test that is still to be written proves nothing
    result: type === 'test:fail' ? 'failed' : skipped || todo ? 'skipped' : 'passed',
    ms: Math.round(data.details.duration_ms * 100) / 100,
    ...(reason === undefined ? {} : { reason }),
  }
}

// a parent of a failed test fails too; counting both would count one failure twice
function brokeByItself(data: Ended['data']): boolean {
  const error = errorOf(data)
  return error === undefined || error.failureType !== 'subtestsFailed'
}

interface Failure {
  readonly failureType?: string
  readonly message?: string
  readonly stack?: string
  readonly cause?: unknown
}

function errorOf(data: Ended['data']): Failure | undefined {
  return 'error' in data.details ? (data.details.error as Failure) : undefined
}

function failureOf(data: Ended['data']): string {
  const error = errorOf(data)
  const cause = (error?.cause ?? error) as Failure | string | undefined
  if (typeof cause === 'string') return cause
  return cause?.stack ?? cause?.message ?? 'no reason given'
}

function reasonOf(skip: unknown): string {
  return typeof skip === 'string' && skip !== '' ? skip : 'no reason given'
}
