import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { connect, createServer, type SecureContext } from 'node:tls'
import { createAuthority } from './authority.ts'
import { authorityCertificate, leafCertificate, type AuthorityText } from './certificate.ts'
import { TlsError } from './errors.ts'

const HOSTS = ['api.service.test', '*.wild.test', '192.0.2.7', '2001:db8::7']
const NOW = Date.now()
const DAY_MS = 86_400_000
const directory = mkdtempSync(join(tmpdir(), 'warder-authority-'))
after(() => rmSync(directory, { recursive: true }))

/** A whole authority with its key, to make what the guarded one would never make. */
function text(hosts: readonly string[], times: Partial<AuthorityText> = {}): AuthorityText {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const serial = Uint8Array.of(0x45, 1, 2, 3)
  return {
    name: 'test',
    serial,
    fromMs: NOW - 1000,
    untilMs: NOW + DAY_MS,
    key: privateKey,
    publicKey,
    hosts,
    ...times,
  }
}

function leafOf(issuer: AuthorityText, host: string, untilMs = NOW + DAY_MS): string {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return leafCertificate({
    host,
    serial: Uint8Array.of(0x46, 9),
    fromMs: NOW - 1000,
    untilMs,
    publicKey,
    issuer,
  })
}

/** What OpenSSL's own program says of a chain, with every check it has. */
function openssl(authorityPem: string, leafPem: string, host: string): string {
  writeFileSync(join(directory, 'root.pem'), authorityPem)
  writeFileSync(join(directory, 'leaf.pem'), leafPem)
  const name = /^[\d.]+$|:/.test(host) ? '-verify_ip' : '-verify_hostname'
  const words = [
    'verify',
    '-x509_strict',
    '-purpose',
    'sslserver',
    '-CAfile',
    'root.pem',
    name,
    host,
    'leaf.pem',
  ]
  const { stdout, stderr } = spawnSync('openssl', words, { cwd: directory, encoding: 'utf8' })
  return `${stdout}${stderr}`
}

test('what it signs for its hosts is believed by OpenSSL with its strictest checks', () => {
  const authority = text(HOSTS)
  const root = authorityCertificate(authority)
  for (const host of ['api.service.test', 'a.wild.test', 'b.a.wild.test', '192.0.2.7', '2001:db8::7']) {
    assert.match(openssl(root, leafOf(authority, host), host), /leaf\.pem: OK/, host)
  }
})

test('what its stolen key would sign for any other host is believed by nobody', () => {
  const authority = text(HOSTS)
  const root = authorityCertificate(authority)
  for (const host of [
    'bank.test',
    'evilapi.service.test',
    'service.test',
    '192.0.2.8',
    '2001:db8::8',
    '127.0.0.1',
  ]) {
    assert.match(
      openssl(root, leafOf(authority, host), host),
      /permitted subtree violation|excluded subtree violation/,
      host,
    )
  }
  const named = text(['api.service.test'])
  assert.match(
    openssl(authorityCertificate(named), leafOf(named, '10.0.0.1'), '10.0.0.1'),
    /excluded subtree violation/,
  )
  const addressed = text(['192.0.2.7'])
  assert.match(
    openssl(authorityCertificate(addressed), leafOf(addressed, 'a.test'), 'a.test'),
    /excluded subtree violation/,
  )
})

test('it signs for no authority below it, and not after its time', () => {
  const authority = text(HOSTS, { untilMs: NOW - 500 })
  assert.match(
    openssl(authorityCertificate(authority), leafOf(authority, 'api.service.test'), 'api.service.test'),
    /expired/,
  )
  const made = authorityCertificate(text(HOSTS))
  const { stdout } = spawnSync('openssl', ['x509', '-noout', '-text'], { input: made, encoding: 'utf8' })
  // whoever does not understand the constraint must not believe the certificate (RFC 5280, 4.2.1.10)
  assert.match(stdout, /Name Constraints: critical/)
  assert.match(stdout, /Basic Constraints: critical\s+CA:TRUE, pathlen:0/)
  const certificate = new X509Certificate(made)
  assert.equal(certificate.ca, true)
  assert.ok(certificate.verify(certificate.publicKey))
})

test('a client of Node believes its certificates for the right name alone', async () => {
  const authority = createAuthority({ hosts: HOSTS, now: () => NOW })
  assert.equal(
    await greets(authority.contextFor('x.wild.test'), authority.certificatePem, 'x.wild.test'),
    'x.wild.test',
  )
  assert.match(
    await greets(authority.contextFor('x.wild.test'), authority.certificatePem, 'y.wild.test'),
    /ERR_TLS_CERT_ALTNAME/,
  )
  const stranger = createAuthority({ hosts: HOSTS, now: () => NOW })
  assert.match(
    await greets(authority.contextFor('x.wild.test'), stranger.certificatePem, 'x.wild.test'),
    /UNABLE_TO_VERIFY|SELF_SIGNED|SIGNATURE/,
  )
})

async function greets(secureContext: SecureContext, ca: string, servername: string): Promise<string> {
  const server = createServer({ SNICallback: (_, done) => done(null, secureContext) })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const socket = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', servername, ca })
  try {
    await once(socket, 'secureConnect')
    return String(socket.getPeerCertificate().subject.CN)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? ''
  } finally {
    socket.destroy()
    server.close()
  }
}

test('it makes nothing for a host outside, after its time, or once it is closed', () => {
  const clock = { nowMs: NOW }
  const authority = createAuthority({ hosts: HOSTS, now: () => clock.nowMs, lifetimeMs: 1000 })
  const refuses = (host: string, code: string) =>
    assert.throws(
      () => authority.contextFor(host),
      (error) => error instanceof TlsError && error.code === code,
    )
  for (const host of ['bank.test', 'wild.test', 'evilwild.test', '192.0.2.70'])
    refuses(host, 'TLS_HOST_OUTSIDE')
  assert.equal(authority.contextFor('api.service.test'), authority.contextFor('api.service.test'))
  clock.nowMs += 1000
  refuses('api.service.test', 'TLS_AUTHORITY_ENDED')
  clock.nowMs = NOW
  authority.close()
  refuses('api.service.test', 'TLS_AUTHORITY_ENDED')
})

test('each run has its own, for a week at the most', () => {
  const make = () =>
    createAuthority({ hosts: ['a.test'], now: () => NOW, lifetimeMs: Number.MAX_SAFE_INTEGER })
  const [one, two] = [make(), make()]
  assert.equal(one.untilMs, NOW + 7 * DAY_MS)
  const [first, second] = [new X509Certificate(one.certificatePem), new X509Certificate(two.certificatePem)]
  assert.notEqual(first.fingerprint256, second.fingerprint256)
  assert.notEqual(first.subject, second.subject)
  assert.notEqual(first.serialNumber, second.serialNumber)
})

test('times from 2050 on are written as they must be', () => {
  const late = Date.UTC(2051, 4, 6, 7, 8, 9)
  const certificate = new X509Certificate(authorityCertificate(text(HOSTS, { untilMs: late })))
  assert.equal(certificate.validToDate.getTime(), late)
})
