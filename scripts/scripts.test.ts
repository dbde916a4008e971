import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { codeGenerationIn } from './codegen.ts'
import { controlsPage, controlsPageLike } from './controls.ts'
import { fillRegions } from './generated.ts'
import { runNode } from './process.ts'
import { runTasks, type Task } from './tasks.ts'
import { slowest } from './slowest.ts'
import { LONGEST, runFiles, testTasks, TEST_STEPS } from './tests.ts'
import { THREAT_REGIONS } from './threats.ts'
import { CONTROLS } from '../src/core/control.ts'

test('code that makes code from strings is found, comments and look-alikes are not', () => {
  const found = (code: string, path = 'src/a.ts') => codeGenerationIn({ [path]: { code } }).length
  assert.equal(found('const f = new Function("return 1")'), 1)
  assert.equal(found('eval(text)'), 1)
  assert.equal(found('const g = Function("x")'), 1)
  assert.equal(found('// eval(text) would be wrong'), 0)
  assert.equal(found('model.eval(text); retrieval(text); isFunction(x)'), 0)
  assert.equal(found('new Function("")', '/x/node_modules/zod/v4/core/util.js'), 0)
})

test('a page keeps what was written by hand, and its regions are filled', () => {
  const page = 'a\n<!-- generated:x -->\nold\n<!-- /generated -->\nb\n'
  assert.equal(
    fillRegions(page, { x: () => 'new' }),
    'a\n<!-- generated:x -->\nnew\n<!-- /generated -->\nb\n',
  )
  assert.throws(() => fillRegions(page, {}), /nothing fills the region "x"/)
  assert.throws(() => fillRegions('', THREAT_REGIONS), /lacks the regions/)
})

test('the page of controls keeps the states it was written with when it is checked', () => {
  const all = CONTROLS.flatMap(({ tests }) => tests).map((reference) => {
    const [file = '', name = 'any'] = reference.split('#')
    return { file, name, result: 'passed' as const }
  })
  for (const outcomes of [
    all,
    [],
    all.map((one) => ({ ...one, result: 'skipped' as const, reason: 'no room' })),
  ]) {
    const page = controlsPage(outcomes)
    assert.equal(controlsPageLike(page), page)
  }
  assert.match(controlsPage(all), /\| verified \|/)
  assert.doesNotMatch(controlsPage([]), /\| verified \|/)
})

test('what took longest comes first, files by all their tests together', () => {
  const took = (file: string, name: string, ms: number) => ({ file, name, result: 'passed' as const, ms })
  const told = slowest([took('a.ts', 'one', 900), took('b.ts', 'two', 700), took('b.ts', 'three', 600)], 2)
  assert.deepEqual(
    told.split('\n').map((line) => line.trim()),
    [
      'the slowest files, and how many tests each has',
      '1.3 s  b.ts (2)',
      '0.9 s  a.ts (1)',
      'the slowest tests',
      '0.9 s  a.ts: one',
      '0.7 s  b.ts: two',
    ],
  )
})

test('each test counts once, with its file, its suite and its reason', async (t) => {
  const results = await suite(
    t,
    `import { test, describe } from 'node:test'
     test('good', () => {})
     test('not here', (t) => t.skip('no such thing'))
     describe('group', () => { test('bad', () => { throw new Error('broken') }) })
     test('parent', async (t) => { await t.test('child', () => { throw new Error('hurt') }) })`,
  )
  const told = results.map(({ name, result }) => `${result} ${name}`).toSorted()
  assert.deepEqual(told, ['failed group > bad', 'failed parent > child', 'passed good', 'skipped not here'])
  assert.match(results.find(({ name }) => name === 'group > bad')?.reason ?? '', /broken/)
  assert.equal(results.find(({ result }) => result === 'skipped')?.reason, 'no such thing')
})

const BROKEN: Readonly<Record<string, readonly [string, ...string[]]>> = {
  'leaves before it tells anything': [`process.exit(0)`],
  'leaves between two tests': [
    `import { test } from 'node:test'
     test('good', () => {})
     test('last', () => process.exit(0))
     test('never', () => {})`,
  ],
  'throws at the start': [`throw new Error('at the start')`],
  'has no test': [`export {}`],
  'has no test, beside one that has': [
    `import { test } from 'node:test'; test('good', () => {})`,
    `export {}`,
  ],
}

for (const [what, texts] of Object.entries(BROKEN)) {
  test(`a test file that ${what} is a failure, not a silence`, async (t) => {
    const results = await suite(t, ...texts)
    assert.ok(
      results.some(({ result }) => result === 'failed'),
      JSON.stringify(results),
    )
  })
}

test('the files named as the longest are there', () => {
  assert.deepEqual(
    LONGEST.filter((file) => !existsSync(file)),
    [],
  )
  const last = testTasks(TEST_STEPS, LONGEST.slice(0, 1), false)
  assert.equal(last.length, 1)
})

test('tasks run a few at a time, in order, and wait for the step they need', async () => {
  const told: string[] = []
  const running = { now: 0, most: 0 }
  const task = (step: string, name: string, after?: string): Task<string> => ({
    step,
    ...(after === undefined ? {} : { after }),
    run: async () => {
      running.now += 1
      running.most = Math.max(running.most, running.now)
      told.push(`begin ${name}`)
      await new Promise((done) => setImmediate(done))
      running.now -= 1
      return [name]
    },
  })
  const tasks = [
    task('a', 'a1'),
    task('b', 'b1', 'a'),
    task('a', 'a2'),
    task('a', 'a3'),
    task('c', 'c1', 'gone'),
  ]
  await runTasks(tasks, 2, ({ step, results }) => told.push(`end ${step}: ${results.join(' ')}`))
  assert.equal(running.most, 2)
  assert.deepEqual(told.filter((line) => line.startsWith('end')).toSorted(), [
    'end a: a1 a2 a3',
    'end b: b1',
    'end c: c1',
  ])
  assert.ok(told.indexOf('begin b1') > told.indexOf('end a: a1 a2 a3'), told.join('\n'))
  await assert.rejects(
    runTasks([task('a', 'a1', 'a')], 2, () => undefined),
    /waits for a step/,
  )
})

test('a program past its time is ended together with what it started', async () => {
  const child = `setInterval(() => {}, 1000)`
  const { code, output } = await runNode(
    [
      '-e',
      `const { spawn } = require('child_process'); const c = spawn(process.execPath, ['-e', ${JSON.stringify(child)}]); console.log(c.pid); setInterval(() => {}, 1000)`,
    ],
    { timeoutMs: 500 },
  )
  assert.notEqual(code, 0)
  assert.match(output, /stopped after 0\.5 s/)
  const pid = /^\d+/.exec(output)?.[0] ?? ''
  // it was sent SIGKILL; a busy machine takes its time to carry that out
  const until = Date.now() + 10_000
  while (isRunning(pid) && Date.now() < until) await sleep(20)
  assert.ok(!isRunning(pid), `process ${pid} lives on`)
})

async function suite(t: TestContext, ...texts: readonly [string, ...string[]]) {
  const folder = mkdtempSync(join(tmpdir(), 'warder-suite-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const written = (text: string, at: number): string => {
    const file = join(folder, `${at}.test.ts`)
    writeFileSync(file, text)
    return file
  }
  const [first, ...rest] = texts
  return runFiles(
    basename(folder),
    [written(first, 0), ...rest.map((text, at) => written(text, at + 1))],
    false,
  )
}

function isRunning(pid: string): boolean {
  try {
    // a killed child of nobody stays a zombie until init takes it
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
