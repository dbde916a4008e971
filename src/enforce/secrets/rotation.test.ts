import assert from 'node:assert/strict'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { programHooks } from './hook.ts'
import { rotate, type RotationHooks } from './rotation.ts'
import { directory, secret, store, textOf } from './secrets.test-kit.ts'

/** A service that knows which values open it, and can fail at any step. */
function provider(...valid: string[]) {
  const open = new Set(valid)
  const state = { fail: new Set<string>(), made: 0 }
  const step = async <T>(name: string, work: () => T): Promise<T> => {
    if (state.fail.has(name)) throw new Error(`the provider fails at ${name}`)
    return work()
  }
  const text = (value: { use: <T>(act: (bytes: Uint8Array) => T) => T }): string =>
    value.use((bytes) => Buffer.from(bytes).toString())
  const hooks: RotationHooks = {
    create: () =>
      step('create', () => {
        const value = `made-${(state.made += 1)}`
        open.add(value)
        return secret(value)
      }),
    verify: (value) => step('verify', () => assert.ok(open.has(text(value)))),
    revoke: (old) => step('revoke', () => void open.delete(text(old))),
  }
  return { open, state, hooks }
}

test('a rotation makes, verifies, swaps and revokes, and leaves one value that works', async () => {
  const { book, clock } = store()
  const { open, hooks } = provider('first')
  await book.set('key', {}, secret('first'))
  clock.now += 5000
  const { steps, record } = await rotate(book, 'key', hooks)
  assert.deepEqual(steps, ['create', 'verify', 'swap', 'revoke'])
  assert.deepEqual([record.current.at, record.previous, record.candidate], [clock.now, null, null])
  assert.equal(textOf(await book.value('key')), 'made-1')
  assert.deepEqual([...open], ['made-1'])
})

test('whatever step fails, the value in use works, and the next try ends well', async () => {
  for (const failing of [['create'], ['verify'], ['verify', 'revoke'], ['revoke']]) {
    const { book, values } = store()
    const { open, state, hooks } = provider('first')
    await book.set('key', {}, secret('first'))
    state.fail = new Set(failing)
    await assert.rejects(rotate(book, 'key', hooks), { code: 'ROTATION_FAILED' }, failing.join())
    const used = textOf(await book.value('key'))
    assert.ok(open.has(used), `${failing.join()}: ${used} works`)
    // every value that still opens something is known here
    const { current, candidate, previous } = book.find('key')
    const known = await Promise.all(
      [current, candidate, previous].map(async (kept) =>
        kept === null ? '' : Buffer.from((await values.read({ name: 'key', ...kept })) ?? []).toString(),
      ),
    )
    assert.ok(
      [...open].every((value) => known.includes(value)),
      `${failing.join()}: ${[...open].join()}`,
    )
    state.fail.clear()
    await rotate(book, 'key', hooks)
    assert.deepEqual([...open], [textOf(await book.value('key'))])
  }
})

test('a rotation that was interrupted after any write is taken up again', async () => {
  for (const stopAfter of [0, 1, 2]) {
    const { book, catalogue } = store()
    const { open, hooks } = provider('first')
    await book.set('key', {}, secret('first'))
    const change = catalogue.change.bind(catalogue)
    let writes = 0
    catalogue.change = (...args) => {
      if ((writes += 1) > stopAfter) throw new Error('the process is gone')
      change(...args)
    }
    await assert.rejects(rotate(book, 'key', hooks))
    assert.ok(open.has(textOf(await book.value('key'))), `interrupted after write ${stopAfter}`)
    catalogue.change = change
    await rotate(book, 'key', hooks)
    assert.deepEqual([...open], [textOf(await book.value('key'))])
  }
})

/** The program that docs/secrets.md shows, so that what is shown works. */
function exampleHook(): string {
  const page = readFileSync(new URL('../../../docs/secrets.md', import.meta.url), 'utf8')
  const [, script] = /```sh rotation-hook\n([\s\S]*?)```/.exec(page) ?? []
  assert.ok(script !== undefined, 'docs/secrets.md shows a hook')
  return script
}

test('the program of the documentation rotates the tokens of a service that keeps them in a file', async () => {
  const root = directory()
  const tokens = join(root, 'tokens')
  const program = join(root, 'rotate')
  writeFileSync(tokens, 'other\nfirst\n')
  writeFileSync(program, exampleHook().replaceAll('/srv/example/tokens', tokens), { mode: 0o700 })
  const { book } = store()
  await book.set('service-token', { hook: program }, secret('first'))
  const hooks = programHooks(program, 'service-token', { PATH: '/usr/bin:/bin' })
  const { steps } = await rotate(book, 'service-token', hooks)
  assert.deepEqual(steps, ['create', 'verify', 'swap', 'revoke'])
  const value = textOf(await book.value('service-token'))
  assert.match(value, /^[0-9a-f]{64}$/)
  assert.deepEqual(readFileSync(tokens, 'utf8').trim().split('\n').toSorted(), [value, 'other'].toSorted())
})

test('a program that others can write, or that fails, is handed nothing or believed nothing', async () => {
  const root = directory()
  const program = join(root, 'hook')
  const { book } = store()
  await book.set('key', {}, secret('first-value-of-it'))
  const run = () => rotate(book, 'key', programHooks(program, 'key', {}))
  await assert.rejects(run(), { code: 'ROTATION_FAILED' })
  writeFileSync(program, '#!/bin/sh\ncat; env; echo "$@" >&2; exit 9\n', { mode: 0o700 })
  const error = await run().then(
    () => assert.fail(),
    (thrown: unknown) => thrown as Error,
  )
  assert.match(error.message, /exit code 9; the value in use is as before/)
  assert.doesNotMatch(`${error.message}${String(error.cause)}`, /first-value|Zmlyc3Q/)
  writeFileSync(program, `#!/bin/sh\n: > ${join(root, 'ran')}\n`, { mode: 0o700 })
  chmodSync(program, 0o777)
  await assert.rejects(run(), { code: 'ROTATION_FAILED' })
  assert.throws(() => readFileSync(join(root, 'ran')), { code: 'ENOENT' })
  assert.equal(textOf(await book.value('key')), 'first-value-of-it')
})
