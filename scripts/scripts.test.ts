import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { codeGenerationIn } from './codegen.ts'
import { controlsPage, controlsPageLike } from './controls.ts'
import { fillRegions } from './generated.ts'
import { runNode } from './process.ts'
import { runTests } from './tests.ts'
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

test('a suite counts each test once, with its file, its suite and its reason', async (t) => {
  for (const isolated of [true, false]) {
    const results = await suite(
      t,
      `import { test, describe } from 'node:test'
       test('good', () => {})
       test('not here', (t) => t.skip('no such thing'))
       describe('group', () => { test('bad', () => { throw new Error('broken') }) })
       test('parent', async (t) => { await t.test('child', () => { throw new Error('hurt') }) })`,
      isolated,
    )
    const told = results.map(({ name, result }) => `${result} ${name}`).toSorted()
    assert.deepEqual(told, ['failed group > bad', 'failed parent > child', 'passed good', 'skipped not here'])
    assert.match(results.find(({ name }) => name === 'group > bad')?.reason ?? '', /broken/)
    assert.equal(results.find(({ result }) => result === 'skipped')?.reason, 'no such thing')
  }
})

test('a suite that breaks, says nothing or never ends is a failure, not a silence', async (t) => {
  for (const isolated of [true, false]) {
    const crash = await suite(t, `process.exit(0)`, isolated)
    assert.ok(
      crash.some(({ result }) => result === 'failed'),
      'it left before it told anything',
    )
    const wrong = await suite(t, `throw new Error('at the start')`, isolated)
    assert.ok(wrong.some(({ result }) => result === 'failed'))
    const empty = await suite(t, `export {}`, isolated)
    assert.ok(
      empty.some(({ result }) => result === 'failed'),
      'no test ran',
    )
  }
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

async function suite(t: TestContext, text: string, isolated: boolean) {
  const folder = mkdtempSync(join(tmpdir(), 'warder-suite-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'a.test.ts')
  writeFileSync(file, text)
  return runTests({ name: `self-${isolated}`, files: () => [file], isolated }, [], false)
}

function isRunning(pid: string): boolean {
  try {
    // a killed child of nobody stays a zombie until init takes it
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
