import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { brotliDecompressSync } from 'node:zlib'
import { readPages, type Pages } from './pages.ts'

const directory = mkdtempSync(join(tmpdir(), 'pages-'))
after(() => rmSync(directory, { recursive: true, force: true }))
mkdirSync(join(directory, 'built/assets'), { recursive: true })
const put = (name: string, text: string) => writeFileSync(join(directory, name), text)
put('secret.txt', 'outside')
put('built/index.html', '<!doctype html>')
put('built/assets/a-1.js', `// ${'x'.repeat(4000)}`)
put('built/assets/a.map', '{}')
put('built/assets/noending', 'no')
symlinkSync(join(directory, 'secret.txt'), join(directory, 'built/assets/link.txt'))

function get(pages: Pages, path: string, encoding?: string) {
  const headers = new Map<string, unknown>()
  const got: { body: Buffer } = { body: Buffer.alloc(0) }
  const response = {
    setHeader: (name: string, value: unknown) => headers.set(name, value),
    writeHead: (_status: number, more: object) =>
      Object.entries(more).forEach(([name, value]) => headers.set(name, value)),
    end: (bytes: Buffer) => (got.body = bytes),
  }
  const request = { method: 'GET', headers: { 'accept-encoding': encoding } }
  pages.serve(path, request as unknown as IncomingMessage, response as unknown as ServerResponse)
  return { headers, body: got.body }
}

test('a file is served under its exact type, and packed for who takes that', () => {
  const pages = readPages(join(directory, 'built'))
  assert.ok(pages.isBuilt)
  const plain = get(pages, '/assets/a-1.js')
  assert.equal(plain.headers.get('content-type'), 'text/javascript; charset=utf-8')
  assert.equal(plain.headers.get('content-encoding'), undefined)
  const packed = get(pages, '/assets/a-1.js', 'gzip, deflate, br')
  assert.equal(packed.headers.get('content-encoding'), 'br')
  assert.ok(packed.body.length < plain.body.length)
  assert.deepEqual(brotliDecompressSync(packed.body), plain.body)
})

test('an address within the pages gives the one page; a file that is not there, or has no type, gives nothing', () => {
  const pages = readPages(join(directory, 'built'))
  for (const path of ['/', '/login', '/record/12', '/index.html']) {
    assert.equal(get(pages, path).body.toString(), '<!doctype html>', path)
  }
  for (const path of [
    '/assets/a.map',
    '/assets/b.js',
    '/x.js',
    '/assets/noending',
    '/assets/link.txt',
    '/secret.txt',
  ]) {
    assert.throws(() => get(pages, path), { code: 'ROUTE_UNKNOWN' }, path)
  }
})

test('without built pages a plain one says so', () => {
  const pages = readPages(join(directory, 'nothing'))
  assert.equal(pages.isBuilt, false)
  assert.match(get(pages, '/').body.toString(), /were not built/)
})
