import assert from 'node:assert/strict'
import { test } from 'node:test'
import { action, digest, subject } from './fixture.test-kit.ts'
import { narrowest } from './pattern.ts'
import { SessionYes } from './session.ts'

const NOW = 1_800_000_000_000
const TEST = subject('/usr/bin/make', ['test'])
const CONNECT = {
  namespace: 'net',
  verb: 'connect',
  resource: 'a:443',
  risk: 'medium',
  bytes: digest('a'),
} as const

function given() {
  const sessions = new SessionYes()
  const yes = { principal: 'builder', task: undefined, until: NOW + 1000 }
  sessions.add({ ...yes, id: 'command', pattern: narrowest(TEST), action: action() })
  sessions.add({ ...yes, id: 'connect', pattern: undefined, action: CONNECT })
  return sessions
}

test('the same command and the same action of the same agent are not asked again, until the time is over', () => {
  const sessions = given()
  assert.equal(sessions.match('builder', action(), TEST, NOW), 'command')
  assert.equal(sessions.match('builder', CONNECT, undefined, NOW), 'connect')
  assert.equal(sessions.match('builder', action(), TEST, NOW + 1000), undefined)
  assert.equal(sessions.match('other', action(), TEST, NOW), undefined)
})

test('another command, another task, or an action of the same name with other content is asked', () => {
  const sessions = given()
  assert.equal(sessions.match('builder', action(), subject('/usr/bin/make', ['install']), NOW), undefined)
  assert.equal(sessions.match('builder', { ...CONNECT, task: 'import' }, undefined, NOW), undefined)
  assert.equal(sessions.match('builder', { ...CONNECT, bytes: digest('b') }, undefined, NOW), undefined)
  assert.equal(sessions.match('builder', CONNECT, subject('/usr/bin/id'), NOW), undefined)
})

test('it ends for one agent, or for all', () => {
  const sessions = given()
  sessions.end('other')
  assert.equal(sessions.match('builder', CONNECT, undefined, NOW), 'connect')
  sessions.end('builder')
  assert.equal(sessions.match('builder', CONNECT, undefined, NOW), undefined)
})
