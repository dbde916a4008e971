import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { peopleKeys } from '../../decide/identity/index.ts'
import { openCertificate } from './certificate.ts'

const DAY_MS = 86_400_000
const keysOf = (fill: number) => peopleKeys({ use: (act) => act(new Uint8Array(32).fill(fill)) })
const HOSTS = ['localhost', '127.0.0.1', '::1']

function place() {
  const directory = mkdtempSync(join(tmpdir(), 'cert-'))
  after(() => rmSync(directory, { recursive: true, force: true }))
  const clock = { now: Date.now() }
  const open = (hosts = HOSTS, fill = 7) =>
    openCertificate({ directory, keys: keysOf(fill), hosts, now: () => clock.now })
  return { clock, open, file: join(directory, 'console.certificate.json') }
}

test('it is for its hosts, can sign no other, and stays the same over restarts', () => {
  const { open, file } = place()
  const made = open()
  const read = new X509Certificate(made.certificatePem)
  assert.equal(read.ca, false)
  assert.ok(read.verify(read.publicKey))
  assert.ok(read.checkHost('localhost') && read.checkIP('127.0.0.1') && read.checkIP('::1'))
  assert.equal(read.checkHost('example.org'), undefined)
  assert.deepEqual(
    [open().fingerprint, open(['localhost']).fingerprint],
    [made.fingerprint, made.fingerprint],
  )
  assert.equal(statSync(file).mode & 0o777, 0o600)
  const der = made.key.export({ format: 'der', type: 'pkcs8' })
  assert.equal(readFileSync(file).includes(der.toString('base64').slice(20, 60)), false)
  assert.equal(readFileSync(file).includes(der.toString('base64url').slice(20, 60)), false)
})

test('a new one is made when it runs out, is for another host, was altered, or sealed by another', () => {
  const { open, clock, file } = place()
  const first = open()
  const other = open([...HOSTS, 'warder.example'])
  assert.notEqual(other.fingerprint, first.fingerprint)
  clock.now += 366 * DAY_MS
  assert.equal(open().fingerprint, other.fingerprint)
  clock.now += 2 * DAY_MS
  const renewed = open()
  assert.notEqual(renewed.fingerprint, other.fingerprint)
  const stolen = open(HOSTS, 8)
  assert.notEqual(stolen.fingerprint, renewed.fingerprint, 'a key that was sealed elsewhere is not used')
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace(
      /"sealed": "(.)/,
      (_all, sign: string) => `"sealed": "${sign === 'A' ? 'B' : 'A'}`,
    ),
  )
  assert.notEqual(open(HOSTS, 8).fingerprint, stolen.fingerprint)
})
