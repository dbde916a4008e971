import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { CONTROLS, controlStatus, type Control, type TestOutcome } from './control.ts'

const ROOT = new URL('../../', import.meta.url)
const inProject = (path: string) => fileURLToPath(new URL(path, ROOT))

test('every control names code that exists', () => {
  assert.ok(CONTROLS.length > 20)
  assert.deepEqual(
    CONTROLS.filter(({ module }) => !existsSync(inProject(module))).map(
      ({ id, module }) => `${id}: ${module}`,
    ),
    [],
  )
})

test('every control names test files that exist, and words that a test in them starts with', () => {
  const wrong = CONTROLS.flatMap(({ id, tests }) => tests.map((reference) => ({ id, reference }))).filter(
    ({ reference }) => !isFound(reference),
  )
  assert.deepEqual(wrong, [])
  assert.deepEqual(
    CONTROLS.filter(({ tests }) => tests.length === 0).map(({ id }) => id),
    [],
  )
})

test('control ids are unique words with dashes, and every control says what it does not do', () => {
  const ids = CONTROLS.map(({ id }) => id)
  assert.equal(new Set(ids).size, ids.length)
  for (const { id, promise, limits } of CONTROLS) {
    assert.match(id, /^[a-z]+(-[a-z]+)*$/)
    for (const text of [promise, limits]) assert.match(text, /^[^\n]{20,}\.$/, id)
  }
})

const control: Control = {
  id: 'a',
  title: 'A',
  layer: 'gate',
  promise: 'p',
  limits: 'l',
  module: 'm.ts',
  tests: ['a.test.ts', 'b.test.ts#a door'],
}
const passed = (file: string, name: string): TestOutcome => ({ file, name, result: 'passed' })

test('a control is verified only when every test it names ran and passed', () => {
  const all = [
    passed('a.test.ts', 'x'),
    passed('b.test.ts', 'a door stays shut'),
    passed('b.test.ts', 'other'),
  ]
  assert.deepEqual(controlStatus(control, all), { id: 'a', state: 'verified' })
  assert.equal(controlStatus(control, []).state, 'implemented')
  assert.equal(controlStatus(control, all.slice(0, 1)).state, 'implemented')
  assert.equal(controlStatus({ ...control, tests: [] }, all).state, 'implemented')
})

test('a test of another name or another file does not speak for a control', () => {
  const status = controlStatus(control, [
    passed('a.test.ts', 'x'),
    passed('b.test.ts', 'another'),
    passed('c/b.test.ts', 'a door'),
  ])
  assert.equal(status.state, 'implemented')
  assert.match(status.reason ?? '', /b\.test\.ts#a door/)
})

test('one skipped test takes "verified" away and brings its reason along', () => {
  const skipped: TestOutcome = { file: 'a.test.ts', name: 'y', result: 'skipped', reason: 'no cgroup here' }
  const status = controlStatus(control, [passed('a.test.ts', 'x'), skipped, passed('b.test.ts', 'a door')])
  assert.equal(status.state, 'not run here')
  assert.match(status.reason ?? '', /no cgroup here/)
})

test('one failed test makes a control failed, whatever else passed or was skipped', () => {
  const status = controlStatus(control, [
    { file: 'a.test.ts', name: 'y', result: 'skipped' },
    { file: 'b.test.ts', name: 'doors > a door opened', result: 'failed' },
  ])
  assert.equal(status.state, 'failed')
})

function isFound(reference: string): boolean {
  const [file = '', words] = reference.split('#')
  if (!existsSync(inProject(file))) return false
  if (words === undefined) return true
  const text = readFileSync(inProject(file), 'utf8')
  return ["'", '"', '`'].some((quote) => text.includes(`(${quote}${words}`))
}
