import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { needs } from '../kit/box.ts'

// In a network of its own, where a fake metadata service and a server on an address that looks public really listen.

const UNSHARE = '/usr/bin/unshare'
const IP = ['/usr/sbin/ip', '/sbin/ip', '/usr/bin/ip']
const KIT = new URL('../kit/egress.ts', import.meta.url).href
const OWN = '93.184.216.34'
const METADATA = '169.254.169.254'

/** Runs where loopback has both addresses; what it prints last is what it found out. */
const SCRIPT = `
  const { createServer } = await import('node:http')
  const { once } = await import('node:events')
  const { allow, egressWorld, say } = await import('${KIT}')
  const world = await egressWorld()
  let arrived = 0
  const listen = async (host) => {
    const server = createServer((_, response) => { arrived += 1; response.end('CREDENTIALS') })
    await once(server.listen(8080, host), 'listening')
  }
  await listen('${OWN}')
  await listen('${METADATA}')
  const direct = await (await fetch('http://${METADATA}:8080/')).text()
  arrived = 0
  const rule = (host, more) => ({ id: host, effect: 'allow', host, ports: [8080], ...more })
  const hosts = { 'own.test': '${OWN}', 'meta.test': '${METADATA}', 'nat.test': '64:ff9b::a9fe:a9fe', 'wide.test': '${METADATA}', 'listed.test': '${OWN}' }
  for (const [name, address] of Object.entries(hosts)) world.dns.answers.set(name, () => [address])
  const { socket } = await world.open({ rules: [
    rule('own.test'), rule('meta.test'), rule('nat.test'),
    rule('wide.test', { addresses: ['169.254.0.0/16'] }), rule('listed.test', { addresses: ['${OWN}'] }),
  ] })
  const get = (host) => say(socket, 'GET http://' + host + ':8080/ HTTP/1.1\\r\\nHost: ' + host + ':8080\\r\\nConnection: close\\r\\n\\r\\n')
  const refused = {}
  for (const host of ['own.test', 'meta.test', 'nat.test', 'wide.test', '${METADATA}', '${OWN}', '0xa9fea9fe', '[::ffff:169.254.169.254]']) {
    const answer = await get(host)
    refused[host] = /^HTTP\\/1.1 (\\d+)/.exec(answer)?.[1] + ' ' + /^rule: (.*)$/m.exec(answer)?.[1]
  }
  const inside = arrived
  const listed = (await get('listed.test')).includes('CREDENTIALS')
  await world[Symbol.asyncDispose]()
  console.log(JSON.stringify({ direct, refused, inside, listed }))
  process.exit(0)`

test('a metadata service and this machine’s own addresses cannot be reached through the proxy', (t) => {
  const ip = IP.find((path) => spawnSync(path, ['-V']).status === 0)
  if (!needs(t, UNSHARE)) return
  if (ip === undefined) return t.skip('there is no ip: NOT tried')
  if (spawnSync(UNSHARE, ['-Urn', '/bin/true']).status !== 0)
    return t.skip('no namespace can be made here: NOT tried')
  const setUp = `set -e; ${ip} link set lo up; ${ip} addr add ${OWN}/32 dev lo; ${ip} addr add ${METADATA}/32 dev lo; exec "$@"`
  const run = spawnSync(
    UNSHARE,
    ['-Urn', '/bin/sh', '-c', setUp, 'sh', process.execPath, '--input-type=module', '-e', SCRIPT],
    { encoding: 'utf8', timeout: 100_000 },
  )
  assert.equal(run.status, 0, run.stderr)
  const found = JSON.parse(run.stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>
  assert.deepEqual(found, {
    direct: 'CREDENTIALS', // the services are there, for whoever is let through
    refused: {
      'own.test': '403 egress.addresses',
      'meta.test': '403 egress.addresses',
      'nat.test': '403 egress.addresses',
      'wide.test': '403 egress.addresses',
      [METADATA]: '403 default',
      [OWN]: '403 default',
      '0xa9fea9fe': '403 default',
      '[::ffff:169.254.169.254]': '403 default',
    },
    inside: 0,
    listed: true,
  })
})
