import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { createAuthority } from './authority.ts'
import { readSystemRoots, trustBundle, trustEnvironment } from './trust.ts'

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

test('the bundle holds every root of the system and the authority of the run, each readable', () => {
  const { certificatePem } = createAuthority({ hosts: ['a.test'], now: Date.now })
  const roots = readSystemRoots()
  const all = trustBundle(roots, certificatePem).match(BLOCK) ?? []
  assert.equal(all.length, (roots.match(BLOCK) ?? []).length + 1)
  assert.equal(
    new X509Certificate(all.at(-1) ?? '').fingerprint256,
    new X509Certificate(certificatePem).fingerprint256,
  )
  for (const pem of all) assert.ok(new X509Certificate(pem).serialNumber.length > 0)
})

test('the environment leads through the proxy in both spellings, and switches no check off', () => {
  const made = trustEnvironment({
    bundlePath: '/b.pem',
    authorityPath: '/a.pem',
    proxyUrl: 'http://127.0.0.1:3128',
  })
  for (const name of ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY', 'https_proxy', 'http_proxy', 'all_proxy']) {
    assert.equal(made[name], 'http://127.0.0.1:3128', name)
  }
  assert.equal(made.NO_PROXY, made.no_proxy)
  assert.equal(made.NODE_EXTRA_CA_CERTS, '/a.pem')
  assert.equal(made.SSL_CERT_FILE, '/b.pem')
  assert.ok(!Object.keys(made).some((name) => /REJECT_UNAUTHORIZED|NO_VERIFY|INSECURE/.test(name)))
})
