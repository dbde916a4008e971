import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { ConsoleWorld } from './console.ts'
import { putPolicy } from './policy.ts'

const directory = mkdtempSync(join(tmpdir(), 'console-policy-'))
after(() => rmSync(directory, { recursive: true, force: true }))
const OLD = 'version: 1\nrules: []\n'
const NEW = 'version: 1\n# other\n'
const digest = (text: string): string => createHash('sha256').update(text).digest('hex')
const caller = { credential: { kind: 'peer' as const }, signal: new AbortController().signal }

interface Fault {
  readonly check?: Error
  readonly gate?: Error
  readonly reload?: Error
}

/** A policy file, and a daemon in which something goes wrong. */
function world(name: string, content: string | undefined, fault: Fault = {}) {
  const path = join(directory, name)
  if (content !== undefined) writeFileSync(path, content)
  const read: string[] = []
  const fails = (error: Error | undefined): void => {
    if (error !== undefined) throw error
  }
  const put = (text: string, before: string) =>
    putPolicy(
      {
        people: { settings: { 'policy.file': path } },
        acts: {
          act: async (_asked: object, _door: string, work: () => unknown) => {
            fails(fault.gate)
            return { value: work() }
          },
        },
        handlers: {
          policyCheck: () => fails(fault.check),
          policyReload: () => {
            read.push(readFileSync(path, 'utf8'))
            fails(fault.reload)
            return { digest: 'd', epoch: 2, rules: 1, changed: true }
          },
        },
      } as unknown as ConsoleWorld,
      { text, before },
      caller,
    )
  return { path, put, read }
}

test('what is put is in the file when it is read, and what was there is beside it', async () => {
  const { path, put, read } = world('good.yaml', OLD)
  const answer = await put(NEW, digest(OLD))
  assert.deepEqual([answer.epoch, answer.kept], [2, `${path}.old`])
  assert.deepEqual(read, [NEW])
  assert.equal(readFileSync(path, 'utf8'), NEW)
  assert.equal(readFileSync(`${path}.old`, 'utf8'), OLD)
})

test('where there is no file the empty policy is what it was made from, and nothing is kept', async () => {
  const { path, put } = world('first.yaml', undefined)
  await assert.rejects(put(NEW, digest(OLD)), { code: 'CONSOLE_POLICY_CHANGED' })
  assert.equal(existsSync(path), false)
  assert.equal((await put(NEW, digest('version: 1\n'))).kept, undefined)
  assert.equal(readFileSync(path, 'utf8'), NEW)
})

test('a file that is another, a fault in the text and a no of the gate leave everything as it was', async () => {
  const fault = new Error('no')
  const cases = [
    ['other.yaml', {}, digest('something else'), { code: 'CONSOLE_POLICY_CHANGED' }],
    ['fault.yaml', { check: fault }, digest(OLD), fault],
    ['gate.yaml', { gate: fault }, digest(OLD), fault],
  ] as const
  for (const [name, wrong, before, error] of cases) {
    const { path, put, read } = world(name, OLD, wrong)
    await assert.rejects(put(NEW, before), error)
    assert.equal(readFileSync(path, 'utf8'), OLD, name)
    assert.equal(existsSync(`${path}.old`), false, name)
    assert.deepEqual(read, [], name)
  }
})

test('what is not put in force is taken back out of the file', async () => {
  const fault = new Error('not read')
  const { path, put, read } = world('back.yaml', OLD, { reload: fault })
  await assert.rejects(put(NEW, digest(OLD)), fault)
  assert.deepEqual(read, [NEW])
  assert.equal(readFileSync(path, 'utf8'), OLD)
  const first = world('back-first.yaml', undefined, { reload: fault })
  await assert.rejects(first.put(NEW, digest('version: 1\n')), fault)
  assert.equal(existsSync(first.path), false)
})
