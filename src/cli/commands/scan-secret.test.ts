import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, test } from 'node:test'
import { createOut } from '../out.ts'
import type { Context } from '../command.ts'
import { scanSecret } from './scan-secret.ts'

const directory = mkdtempSync(join(tmpdir(), 'warder-scan-'))
after(() => rmSync(directory, { recursive: true }))
const VALUE = 'aB3dE5fG7hJ9' + 'kL1mN3pQ5rS7'

async function scan(
  input: Record<string, unknown>,
  stdin = '',
): Promise<{ code: number | void; text: string }> {
  const texts: string[] = []
  const sink = { write: (text: string) => texts.push(text) }
  const out = createOut({
    stdout: sink,
    stderr: sink,
    json: input['json'] === true,
    quiet: false,
    verbose: false,
    color: false,
  })
  const context = { out, stdin: Readable.from([Buffer.from(stdin)]) } as unknown as Context
  const code = await scanSecret.run({ all: false, contacts: false, ...input }, context)
  return { code, text: texts.join('') }
}

test('a tree is scanned, each finding has its place, and no value is shown', async () => {
  mkdirSync(join(directory, 'a/node_modules'), { recursive: true })
  writeFileSync(join(directory, 'a/one.env'), `# comment\nNAME=x\nAPI_KEY=${VALUE}\n`)
  writeFileSync(join(directory, 'a/two.txt'), 'nothing\n')
  writeFileSync(join(directory, 'a/node_modules/three'), `API_KEY=${VALUE}\n`)
  symlinkSync(join(directory, 'a/one.env'), join(directory, 'a/link'))
  const { code, text } = await scan({ paths: [directory] })
  assert.equal(code, 8)
  assert.match(text, /a\/one\.env:3:9: high assigned [0-9a-f]{8}: /)
  assert.match(text, /1 finding in 2 files/)
  assert.ok(!text.includes(VALUE.slice(0, 8)))
})

test('as JSON, from standard input, with its own bar', async () => {
  const { code, text } = await scan(
    { paths: ['-'], json: true, failAt: 'critical' },
    `x\ntoken: "${VALUE}"\n`,
  )
  assert.equal(code, 0)
  const { findings, unread, files } = JSON.parse(text) as {
    findings: Record<string, unknown>[]
    unread: unknown[]
    files: number
  }
  assert.deepEqual([unread, files], [[], 1])
  const [{ path, line, column, lengthBytes, risk }] = findings as [Record<string, unknown>]
  assert.deepEqual([path, line, column, lengthBytes, risk], ['-', 2, 9, 24, 'high'])
  assert.ok(!text.includes(VALUE.slice(0, 8)))
})

test('clean is 0; placeholders are shown only when asked for', async () => {
  assert.equal((await scan({ paths: ['-'] }, 'password=changeme\n')).code, 0)
  assert.match((await scan({ paths: ['-'] }, 'password=changeme\n')).text, /^0 findings/)
  assert.match((await scan({ paths: ['-'], all: true }, 'password=changeme\n')).text, /low assigned/)
  assert.match((await scan({ paths: ['-'], contacts: true }, 'to jo@corp.example.org\n')).text, /low email/)
})

test('what cannot be read is not clean', async (context) => {
  await assert.rejects(scan({ paths: [join(directory, 'nowhere')] }), { code: 'FILE_INVALID' })
  assert.match((await scan({ paths: ['/dev/null'] })).text, /not read/)
  if (process.getuid?.() === 0) return context.skip('root may read everything')
  writeFileSync(join(directory, 'closed'), 'x')
  chmodSync(join(directory, 'closed'), 0)
  const { code, text } = await scan({ paths: [join(directory, 'closed')] })
  assert.equal(code, 8)
  assert.match(text, /not read: EACCES/)
})
