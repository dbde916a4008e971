import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { house } from '../kit/house.ts'
import { networks, whyNoNetwork, type Network, type Peer } from '../kit/network.ts'
import { configure, owner, type Owner } from '../kit/owner.ts'

// A whole Warder on a host of its own, with one cable to the world and a counter of what goes out on it: whatever an
// agent tries, no packet leaves but those of the proxy, to the place the policy allows.

const IP = ['/usr/sbin/ip', '/sbin/ip'].find((place) => existsSync(place))
const NFT = ['/usr/sbin/nft', '/sbin/nft', '/usr/bin/nft'].find((place) => existsSync(place))
const skip = whyNoNetwork() || (IP === undefined && 'NOT tried: ip is missing (apt install iproute2)')
const [NEAR, FAR, ALLOWED, OTHER] = ['10.77.0.1', '10.77.0.2', 443, 8080]

const teardown: (() => Promise<void> | void)[] = []
const t = { after: (fn: () => Promise<void> | void) => void teardown.push(fn) }
const made: { host?: Network; peer?: Peer; me?: Owner } = {}

before(async () => {
  if (skip !== false) return
  const home = house(t)
  const { make, end } = networks()
  t.after(end)
  const host = await make()
  const world = await make()
  cable(host, world.pid)
  world.run(IP!, 'addr', 'add', `${FAR}/24`, 'dev', 'cable')
  world.run(IP!, 'link', 'set', 'cable', 'up')
  counters(host)
  configure(
    home,
    'policy.yaml',
    `version: 1
rules:
  - id: works
    agents: ["*"]
    effect: allow
    capabilities: ["net:connect:${FAR}:${ALLOWED}"]
    reason: it may
egress:
  - id: far
    hosts: ["${FAR}"]
    addresses: ["${FAR}/32"]
`,
  )
  const peer = await world.peer([ALLOWED, OTHER])
  // the daemon lives on that host; its socket is a file, and is reached from here
  const [file = '', ...words] = host.through
  execFileSync(file, [...words, new URL('../../bin/warder', import.meta.url).pathname, 'daemon', 'start'], {
    env: home.environment,
    stdio: 'ignore',
  })
  Object.assign(made, { host, peer, me: await owner(t, home) })
})
after(async () => {
  for (const end of teardown.toReversed()) await end()
})

function cable(host: Network, to: number): void {
  host.run(IP!, 'link', 'add', 'cable', 'type', 'veth', 'peer', 'name', 'cable', 'netns', String(to))
  // without IPv6 the kernel itself has nothing to say on it
  host.run('/bin/sh', '-c', 'echo 1 > /proc/sys/net/ipv6/conf/cable/disable_ipv6')
  host.run(IP!, 'addr', 'add', `${NEAR}/24`, 'dev', 'cable')
  host.run(IP!, 'link', 'set', 'cable', 'up')
  host.run(IP!, 'route', 'add', 'default', 'via', FAR)
}

/** What leaves is counted where nothing passes by, raw frames among it. */
function counters(host: Network): void {
  const directory = mkdtempSync(join(tmpdir(), 'wp-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  host.run(
    NFT!,
    `add table netdev seen
     add counter netdev seen allowed
     add counter netdev seen other
     add chain netdev seen out { type filter hook egress device "cable" priority 0; }
     add rule netdev seen out ether type arp return
     add rule netdev seen out ip daddr ${FAR} tcp dport ${ALLOWED} counter name allowed return
     add rule netdev seen out counter name other`,
  )
}

function left(): { readonly allowed: number; readonly other: number } {
  const said = JSON.parse(made.host!.run(NFT!, '--json', 'list', 'counters')) as {
    nftables: { counter?: { name: string; packets: number } }[]
  }
  const of = (name: string): number =>
    said.nftables.find(({ counter }) => counter?.name === name)?.counter?.packets ??
    assert.fail(`no counter ${name}`)
  return { allowed: of('allowed'), other: of('other') }
}

async function inside(argv: readonly string[]): Promise<string> {
  const { permit } = await made.me!.open({ agent: 'builder', argv: [...argv] })
  const { stdout, stderr } = await made.me!.attach(permit)
  assert.match(stdout, /tried all\n$/, stderr)
  return stdout
}

const TRIES = String.raw`
import { connect } from 'node:net'
import { createSocket } from 'node:dgram'
import { lookup, Resolver } from 'node:dns/promises'
const tried = async (what, work) => console.log(what, await work().then(() => 'WENT', ({ code }) => code))
const tcp = (port) => () => new Promise((done, failed) => {
  const socket = connect({ host: '${FAR}', port, timeout: 2000 }, done)
  socket.on('error', failed).on('timeout', () => failed({ code: 'TIMEOUT' }))
})
// UDP has no answer to wait for: that the kernel takes it is all there is to see
const udp = (host, port) => () => new Promise((done, failed) => {
  const socket = createSocket('udp4')
  socket.on('error', failed).send('out', port, host, (error) => (error ? failed(error) : done()))
})
await tried('tcp', tcp(${ALLOWED}))
await tried('tcp elsewhere', tcp(${OTHER}))
await tried('udp', udp('${FAR}', ${ALLOWED}))
await tried('dns', udp('${FAR}', 53))
await tried('multicast', udp('224.0.0.251', 5353))
const resolver = new Resolver({ timeout: 500, tries: 1 })
resolver.setServers(['${FAR}'])
await tried('resolver', () => resolver.resolve4('x.test'))
await tried('lookup', () => lookup('x.test'))
console.log('tried all')
process.exit(0)
`

const RAW = `
use Socket;
for my $way ([AF_INET, SOCK_RAW, 1], [AF_INET, SOCK_RAW, 255], [17, SOCK_RAW, 768], [AF_INET, SOCK_DGRAM, 1]) {
  my $went = socket(my $s, $way->[0], $way->[1], $way->[2]) && send($s, "\\x08\\0\\xf7\\xff\\0\\0\\0\\0", 0, sockaddr_in(0, inet_aton('${FAR}')));
  print "raw @$way ", ($went ? 'WENT' : 'refused'), "\\n";
}
print "tried all\\n";
`

const ASKS = String.raw`
import { connect } from 'node:net'
for (const place of ['${FAR}:${ALLOWED}', '${FAR}:${OTHER}']) {
  await new Promise((done) => {
    const socket = connect(3128, '127.0.0.1', () => socket.write('CONNECT ' + place + ' HTTP/1.1\r\nHost: ' + place + '\r\n\r\n'))
    socket.once('data', (said) => { console.log(place, String(said).split(' ')[1]); socket.destroy(); done() })
  })
}
console.log('tried all')
`

test('the counters count: what leaves this host without Warder is seen', { skip }, () => {
  const before = left()
  made.host!.run(
    '/bin/sh',
    '-c',
    `: | timeout 2 ${process.execPath} -e "require('net').connect(${OTHER}, '${FAR}', () => process.exit())"`,
  )
  const after = left()
  assert.ok(after.other > before.other && after.allowed === before.allowed, JSON.stringify(after))
})

test('around the proxy no packet leaves, whatever the agent tries', { skip }, async () => {
  const before = left()
  const said = await inside([process.execPath, '--input-type=module', '-e', TRIES])
  // each was tried; what the agent's own kernel took of it went nowhere
  assert.equal(said.split('\n').length, 9, said)
  for (const what of ['tcp', 'tcp elsewhere', 'resolver', 'lookup'])
    assert.doesNotMatch(said, new RegExp(`^${what} WENT$`, 'm'))
  if (existsSync('/usr/bin/perl')) await inside(['/usr/bin/perl', '-e', RAW])
  assert.deepEqual(left(), before)
  assert.deepEqual(await served(), [0, 1])
})

test('through it only what is allowed leaves, and only to where it is allowed', { skip }, async () => {
  const before = left()
  const said = await inside([process.execPath, '--input-type=module', '-e', ASKS])
  assert.equal(said, `${FAR}:${ALLOWED} 200\n${FAR}:${OTHER} 403\ntried all\n`)
  const after = left()
  assert.ok(after.allowed > before.allowed, 'the proxy reached the place')
  assert.equal(after.other, before.other, 'and nothing else left')
  assert.deepEqual(await served(), [1, 1])
})

async function served(): Promise<number[]> {
  return [await made.peer!.served(ALLOWED), await made.peer!.served(OTHER)]
}
