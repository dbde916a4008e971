import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withScripts, type ReadScript } from './script-text.ts'

/** Some files are at hand, and others only to be read aside. */
function files(now: Readonly<Record<string, string>>, aside: Readonly<Record<string, string>>) {
  const asked: string[] = []
  return {
    asked,
    textNow: (path: string) => (path in now ? { text: now[path] } : undefined),
    textAside: async (path: string) => {
      asked.push(path)
      return aside[path]
    },
  }
}

/** A judge that follows each script to the one it names. */
function chain(read: ReadScript): string[] {
  const seen = []
  for (let path = '/start'; ;) {
    const text = read(path)
    seen.push(`${path}: ${text}`)
    if (text === undefined || !text.startsWith('/')) return seen
    path = text
  }
}

test('scripts at hand are judged at once', async () => {
  const disk = files({ '/start': '/next', '/next': 'true' }, {})
  assert.deepEqual(await withScripts(chain, disk), ['/start: /next', '/next: true'])
  assert.deepEqual(disk.asked, [])
})

test('what has to be read aside is read before the judgement holds, and each file once', async () => {
  const disk = files({ '/next': '/last' }, { '/start': '/next', '/last': 'true' })
  assert.deepEqual(await withScripts(chain, disk), ['/start: /next', '/next: /last', '/last: true'])
  assert.deepEqual(disk.asked, ['/start', '/last'])
})

test('what could not be read in time counts as unread, and nobody tries for ever', async () => {
  assert.deepEqual(await withScripts(chain, files({}, {})), ['/start: undefined'])
  let count = 0
  const endless = {
    textNow: () => undefined,
    textAside: async () => `/script-${(count += 1)}`,
  }
  const seen = await withScripts(chain, endless)
  assert.match(seen.at(-1) ?? '', /: undefined$/)
  assert.ok(count <= 32)
})
