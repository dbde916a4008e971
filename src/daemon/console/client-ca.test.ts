import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { authorityCertificate, selfSignedCertificate } from '../../enforce/egress/tls/certificate.ts'
import { readClientCa } from './client-ca.ts'

const NOW_MS = Date.UTC(2026, 0, 1)
const DAY_MS = 86_400_000
const directory = mkdtempSync(join(tmpdir(), 'client-ca-'))
after(() => rmSync(directory, { recursive: true, force: true }))

function written(name: string, text: string): string {
  const path = join(directory, name)
  writeFileSync(path, text, { mode: 0o600 })
  return path
}

function pair(): { readonly key: KeyObject; readonly publicKey: KeyObject } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { key: privateKey, publicKey }
}

const about = (untilMs: number) => ({ hosts: [], serial: Buffer.from([1]), fromMs: NOW_MS - DAY_MS, untilMs })
const authority = (name: string, untilMs = NOW_MS + DAY_MS) =>
  authorityCertificate({ name, ...about(untilMs), ...pair() })

test('without the setting nobody is asked for a certificate', () => {
  assert.equal(readClientCa(undefined, NOW_MS), undefined)
})

test('every authority of the file counts, with its name and how long it is good', () => {
  const path = written('two.pem', `# ours\n${authority('first')}\n${authority('second')}`)
  const { pem = '', authorities } = readClientCa(path, NOW_MS) ?? {}
  assert.deepEqual(authorities, [
    { name: 'CN=first', untilMs: NOW_MS + DAY_MS },
    { name: 'CN=second', untilMs: NOW_MS + DAY_MS },
  ])
  assert.equal(pem.match(/BEGIN CERTIFICATE/g)?.length, 2)
})

test('a file that is not whole opens nothing: missing, empty, cut, run out, or of no authority', () => {
  const own = selfSignedCertificate({ name: 'anna', ...about(NOW_MS + DAY_MS), ...pair() })
  const wrong = [
    join(directory, 'none.pem'),
    written('empty.pem', ''),
    written('cut.pem', authority('a').replace(/\n.{20}/, '\n')),
    written('half.pem', `${authority('a')}\n${authority('b').slice(0, 300)}`),
    written('late.pem', authority('a', NOW_MS)),
    written('leaf.pem', `${authority('a')}${own}`),
  ]
  for (const path of wrong) {
    assert.throws(() => readClientCa(path, NOW_MS), { code: 'CONSOLE_CLIENT_CA' }, path)
  }
})
