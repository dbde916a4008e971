import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { directory, secret, store, textOf } from './secrets.test-kit.ts'

const WRITERS = 3
const EACH = 8

test('programs that write to one store at the same time lose nothing, and leave nothing half done', async () => {
  const root = directory()
  await store(root).book.set('begin', {}, secret('makes the keys'))
  const program = new URL('writers.example.ts', import.meta.url).pathname
  const ends = Array.from({ length: WRITERS }, async (_, i) => {
    const child = spawn(process.execPath, [program, root, `writer-${i}`, String(EACH)], { stdio: 'inherit' })
    return (await once(child, 'exit'))[0] as number
  })
  assert.deepEqual(await Promise.all(ends), Array(WRITERS).fill(0))
  const { book } = store(root)
  assert.equal(book.list().length, WRITERS * EACH + 1)
  for (let i = 0; i < WRITERS; i += 1) {
    for (let n = 0; n < EACH; n += 1)
      assert.equal(textOf(await book.value(`writer-${i}-${n}`)), `value of writer-${i}-${n}`)
  }
  const left = readdirSync(join(root, 'secrets')).filter((name) => name.endsWith('.tmp'))
  assert.deepEqual(left, [])
})
