import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KINDS, KnownError, type ErrorKind } from '../core/error.ts'
import { problemOf, readProblem } from './problem.ts'

test('a known error of every kind crosses the wire with code, kind, place and fix', () => {
  for (const kind of Object.keys(KINDS) as ErrorKind[]) {
    const catalogue = { SOME_CODE: { kind, meaning: 'x' } }
    const error = new KnownError(catalogue, 'SOME_CODE', {
      what: 'it broke',
      where: 'a.yaml:1:2',
      fix: 'mend it',
    })
    const problem = problemOf(error)
    assert.equal(problem.status, KINDS[kind].http)
    assert.deepEqual(readProblem(JSON.parse(JSON.stringify(problem))), problem)
    assert.equal(problem.type, 'urn:warder:error:SOME_CODE')
    assert.deepEqual(
      [problem.kind, problem.detail, problem.where, problem.fix],
      [kind, 'it broke', 'a.yaml:1:2', 'mend it'],
    )
  }
})

test('a bug says nothing of what is inside', () => {
  const text = JSON.stringify(problemOf(new Error('the token is 12345')))
  assert.ok(!text.includes('12345'))
  assert.equal(problemOf('x').status, 500)
})

test('what is no problem is not read as one', () => {
  for (const value of [
    null,
    1,
    'x',
    [],
    {},
    { code: 1, detail: 'x', status: 400 },
    { code: 'X', status: 400 },
  ]) {
    assert.equal(readProblem(value), undefined)
  }
})

test('a kind nobody knows is left out, not believed', () => {
  const problem = readProblem({ code: 'X', detail: 'y', status: 400, kind: 'toString' })
  assert.equal(problem?.kind, undefined)
})
