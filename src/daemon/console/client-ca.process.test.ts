import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { peopleKeys } from '../../decide/identity/index.ts'
import type { ConsoleWorld } from './console.ts'
import { DaemonConsole } from './wire.ts'

// Browsers that show a certificate, before a console that asks for one: who gets as far as the pages.

const OPENSSL = '/usr/bin/openssl'
const skip = existsSync(OPENSSL) ? false : `${OPENSSL} is not on this machine: NOT checked`
const directory = mkdtempSync(join(tmpdir(), 'client-ca-'))
after(() => rmSync(directory, { recursive: true, force: true }))
const at = (name: string): string => join(directory, name)

function openssl(...words: readonly string[]): void {
  execFileSync(OPENSSL, words, { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] })
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

function makeAuthority(name: string, subject: string): void {
  openssl('req', '-x509', ...KEY, '-keyout', `${name}.key`, '-out', `${name}.pem`, '-subj', subject)
}

/** A certificate of an authority, for what `use` says. */
function makeCertificate(name: string, authority: string, use: string, days = '1'): void {
  openssl('req', ...KEY, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`)
  writeFileSync(at(`${name}.cnf`), `extendedKeyUsage=${use}\n`)
  openssl(
    ...['x509', '-req', '-in', `${name}.csr`, '-CA', `${authority}.pem`, '-CAkey', `${authority}.key`],
    ...['-out', `${name}.pem`, '-extfile', `${name}.cnf`, '-days', days, '-set_serial', '7'],
  )
}

const shared: { console?: DaemonConsole; port?: number } = {}

before(async () => {
  if (skip !== false) return
  makeAuthority('ours', '/CN=Ours')
  makeAuthority('same-name', '/CN=Ours')
  makeCertificate('anna', 'ours', 'clientAuth')
  makeCertificate('a-server', 'ours', 'serverAuth')
  makeCertificate('late', 'ours', 'clientAuth', '-1')
  makeCertificate('stranger', 'same-name', 'clientAuth')
  const settings = {
    ...{ 'console.listen': 'off', 'console.subnet': undefined, 'console.names': [], 'auth.mode': 'required' },
    ...{ 'paths.keys': directory, 'console.client_ca': at('ours.pem') },
  }
  const keys = peopleKeys({ use: (act) => act(new Uint8Array(32).fill(7)) })
  const world = {
    people: { settings, room: { keys } },
    clock: { now: () => Date.now(), monotonicMs: () => performance.now() },
    log: { info: () => undefined, error: () => undefined },
  }
  const console = new DaemonConsole(world as unknown as ConsoleWorld)
  const open = await console.turnOn(0)
  Object.assign(shared, { console, port: Number(open?.address.split(':').at(-1)) })
})
after(() => shared.console?.turnOff())

/** What the console answers; 0 where it hangs up before it hears what is asked. */
function statusFor(name?: string): Promise<number> {
  const shown =
    name === undefined ? {} : { cert: readFileSync(at(`${name}.pem`)), key: readFileSync(at(`${name}.key`)) }
  const { promise, resolve } = Promise.withResolvers<number>()
  const out = request(
    {
      ...{ host: '127.0.0.1', port: shared.port, path: '/', agent: false, rejectUnauthorized: false },
      headers: { host: `localhost:${shared.port}` },
      ...shown,
    },
    (response) => resolve(response.resume().statusCode ?? -1),
  )
  out.once('error', () => resolve(0))
  out.end()
  return promise
}

test('a browser with a certificate of the authority gets to the pages', { skip }, async () => {
  assert.equal(await statusFor('anna'), 200)
  assert.deepEqual(
    shared.console?.opened()?.clientAuthorities.map(({ name }) => name),
    ['CN=Ours'],
  )
})

test(
  'without one, or with a stranger’s, a server’s or one that ran out, it gets nowhere',
  { skip },
  async () => {
    for (const name of [undefined, 'stranger', 'same-name', 'a-server', 'late']) {
      assert.equal(await statusFor(name), 0, name ?? 'none')
    }
    assert.equal(await statusFor('anna'), 200, 'who may goes on to be served')
  },
)
