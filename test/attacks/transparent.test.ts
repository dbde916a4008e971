import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readlinkSync, renameSync } from 'node:fs'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { newId } from '../../src/core/id.ts'
import { driver, finished, sh, site, type Finished } from '../../src/enforce/sandbox/exec.test-kit.ts'
import { diskLookup } from '../../src/enforce/sandbox/lookup.ts'
import { specDigest, type SandboxSpec } from '../../src/enforce/sandbox/spec.ts'
import { identityOf } from '../../src/enforce/sandbox/tree.ts'
import { needs } from '../kit/box.ts'
import { until } from '../kit/house.ts'
import type { Running } from '../../src/enforce/sandbox/driver.ts'

// A program that ignores every proxy variable, in a network that leads to a proxy: ways past it.

const PERL = '/usr/bin/perl'
const CURL = '/usr/bin/curl'

interface Proxy {
  readonly server: Server
  /** Everything each connection said, by the order they came in. */
  readonly said: string[]
}

type Answer = (socket: Socket, target: string) => void

const page = (body: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`

/** Lets `allowed.example` through to a page, and nobody else anywhere. */
const strict: Answer = (socket, target) => {
  if (!target.startsWith('allowed.example:')) return void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
  socket.write('HTTP/1.1 200 OK\r\n\r\n')
  socket.once('data', () => socket.end(page('the page')))
}

function fakeProxy(answer: Answer): Proxy {
  const said: string[] = []
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const at = said.push('') - 1
    socket.setEncoding('latin1').on('error', () => socket.destroy())
    socket.on('data', (chunk: string) => (said[at] += chunk))
    socket.on('end', () => socket.end())
    socket.once('data', (head: string) => answer(socket, /^CONNECT (\S+) HTTP/.exec(head)?.[1] ?? ''))
  })
  return { server, said }
}

interface Led {
  readonly run: Running
  readonly spec: SandboxSpec
  readonly proxy: Proxy
  readonly socket: string
  /** What the targets of all connections so far were. */
  readonly targets: () => (string | undefined)[]
  readonly perl: (script: string) => Promise<Finished>
}

/** A sandbox whose network leads to a proxy of this test's; its command waits. */
async function led(t: TestContext, answer = strict): Promise<Led | undefined> {
  const at = await site(t, 'transparent-network', 'resident-exec')
  if (at === undefined || !needs(t, PERL)) return undefined
  const proxy = fakeProxy(answer)
  const socket = join(at.root, 'proxy.sock')
  await once(proxy.server.listen(socket), 'listening')
  t.after(() => proxy.server.close())
  const spec = withNetwork(at.spec('while read line; do :; done'), socket)
  if (process.getuid?.() === 0) execFileSync('chown', [`${spec.host.uid}`, socket])
  const run = await driver.start(spec, { runId: newId(), agent: 'intruder' })
  t.after(() => run.kill('the test is over'))
  run.stdin.on('error', () => undefined) // broken off with the sandbox
  run.stdout.on('error', () => undefined).resume()
  run.stderr.on('error', () => undefined).resume()
  const targets = () =>
    proxy.said.map((text) => /^CONNECT (\S+) HTTP\/1\.1\r\nHost: \1\r\n\r\n/.exec(text)?.[1])
  const perl = (script: string) =>
    finished(run, { argv: [PERL, '-MSocket', '-e', `$| = 1; alarm 20; ${script}`] })
  return { run, spec, proxy, socket, targets, perl }
}

function withNetwork(spec: SandboxSpec, socket: string): SandboxSpec {
  const network = {
    mode: 'transparent',
    socket,
    identity: identityOf(socket, diskLookup.look(socket)!),
  } as const
  const bare = { ...spec, network, requires: ['transparent-network'] as const }
  return { ...bare, digest: specDigest(bare) }
}

/** Processes of this machine that stand in a network. */
function inNetwork(network: string): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && networkOf(name) === network)
}

function networkOf(pid: string | number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`)
  } catch {
    return undefined // it has ended
  }
}

const TCP = (host: string, port: number) =>
  `{ socket(my $s, AF_INET, SOCK_STREAM, 0); if (connect($s, sockaddr_in(${port}, inet_aton("${host}")))) { my $n = sysread($s, my $b, 9); print defined $n ? "read $n\\n" : "no: $!\\n" } else { print "no: $!\\n" } }`

test('a program that ignores proxies reaches the name the proxy allows, and no other', async (t) => {
  const at = await led(t)
  if (at === undefined || !needs(t, CURL)) return
  const fetch = (url: string) => finished(at.run, { argv: [CURL, '-sS', '-m', '20', '--noproxy', '*', url] })
  assert.equal((await fetch('http://allowed.example/')).out, 'the page')
  const refused = await fetch('http://Other.example/')
  assert.equal(refused.out, '')
  // the reset may come while curl still waits for its connection
  assert.match(refused.err, /reset by peer|Failed to connect/)
  assert.deepEqual(at.targets(), ['allowed.example:80', 'other.example:80'])
  assert.equal(at.proxy.said[1], 'CONNECT other.example:80 HTTP/1.1\r\nHost: other.example:80\r\n\r\n')
})

test('an address goes to the proxy as an address, however it is written, and is the proxy to refuse', async (t) => {
  const at = await led(t)
  if (at === undefined) return
  const { out } = await at.perl(`
    ${TCP('192.0.2.1', 443)} ${TCP('169.254.169.254', 80)} ${TCP('198.19.250.1', 80)}
    for my $to ("2001:db8::1", "::ffff:192.0.2.2", "fe80::1") {
      socket(my $s, AF_INET6, SOCK_STREAM, 0);
      connect($s, pack_sockaddr_in6(8443, Socket::inet_pton(AF_INET6, $to))) or (print("no: $!\\n"), next);
      print defined sysread($s, my $b, 9) ? "read\\n" : "no: $!\\n" }`)
  const lines = out.trimEnd().split('\n')
  assert.equal(lines.length, 6, out)
  for (const line of lines) assert.match(line, /^no: (Connection re(set by peer|fused)|Invalid argument)$/)
  // an address for names that stands for none goes nowhere, not even to the proxy
  assert.deepEqual(at.targets(), [
    '192.0.2.1:443',
    '169.254.169.254:80',
    '[2001:db8::1]:8443',
    '192.0.2.2:8443',
  ])
})

test('no packet leaves without a connection: UDP, QUIC, multicast, ICMP and raw, by IPv4 and IPv6', async (t) => {
  const at = await led(t)
  if (at === undefined) return
  const { out } = await at.perl(`
    sub try4 { my ($name, $kind, $protocol, $port, $host) = @_; socket(my $s, AF_INET, $kind, $protocol) or return print "$name no: $!\\n";
      setsockopt($s, SOL_SOCKET, 6, 1); print "$name ", send($s, "\\x08\\0\\xf7\\xff\\0\\0\\0\\0", 0, sockaddr_in($port, inet_aton($host))) ? "SENT" : "no: $!", "\\n" }
    sub try6 { my ($name, $kind, $protocol, $port, $host) = @_; socket(my $s, AF_INET6, $kind, $protocol) or return print "$name no: $!\\n";
      print "$name ", send($s, "\\x80\\0\\0\\0\\0\\0\\0\\0", 0, pack_sockaddr_in6($port, Socket::inet_pton(AF_INET6, $host))) ? "SENT" : "no: $!", "\\n" }
    try4("control", SOCK_DGRAM, 0, 9, "127.0.0.1");
    try4("udp", SOCK_DGRAM, 0, 123, "192.0.2.1"); try4("quic", SOCK_DGRAM, 0, 443, "192.0.2.1");
    try4("multicast", SOCK_DGRAM, 0, 5353, "224.0.0.251"); try4("broadcast", SOCK_DGRAM, 0, 9, "255.255.255.255");
    try4("ping", SOCK_DGRAM, 1, 0, "192.0.2.1"); try4("raw", SOCK_RAW, 1, 0, "192.0.2.1"); try4("sctp", SOCK_STREAM, 132, 9, "192.0.2.1");
    try4("udplite", SOCK_DGRAM, 136, 9, "192.0.2.1");
    try6("control6", SOCK_DGRAM, 0, 9, "::1");
    try6("udp6", SOCK_DGRAM, 0, 443, "2001:db8::1"); try6("multicast6", SOCK_DGRAM, 0, 5353, "ff02::fb");
    try6("ping6", SOCK_DGRAM, 58, 0, "2001:db8::1"); try6("raw6", SOCK_RAW, 58, 0, "2001:db8::1");`)
  const lines = out.trimEnd().split('\n')
  assert.equal(lines.length, 14, out)
  assert.deepEqual(
    lines.filter((line) => line.endsWith('SENT')),
    ['control SENT', 'control6 SENT'],
    out,
  )
  assert.deepEqual(at.proxy.said, [])
})

test("the machine's own loopback is another one, and the place where connections arrive is no way in", async (t) => {
  const at = await led(t)
  if (at === undefined) return
  const server = createServer((socket) => socket.on('error', () => undefined).end('SECRET'))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  assert.equal(await text(createConnection(port, '127.0.0.1')), 'SECRET', 'outside it answers')
  const { out } = await at.perl(`${TCP('127.0.0.1', port)} ${TCP('127.0.0.1', 61080)}
    for my $any ("127.0.0.1", "0.0.0.0") { socket(my $l, AF_INET, SOCK_STREAM, 0); setsockopt($l, SOL_SOCKET, SO_REUSEADDR, 1); setsockopt($l, SOL_SOCKET, 15, 1);
      print bind($l, sockaddr_in(61080, inet_aton($any))) && listen($l, 1) ? "TAKEN\\n" : "no: $!\\n" }`)
  assert.equal(
    out,
    'no: Connection refused\nno: Connection reset by peer\nno: Address already in use\nno: Address already in use\n',
  )
  assert.deepEqual(at.proxy.said, [])
})

test('the rules can be neither read nor changed from inside', async (t) => {
  const at = await led(t)
  if (at === undefined) return
  const { out } = await at.perl(`
    print socket(my $n, 16, 3, 12) ? "NETFILTER\\n" : "no: $!\\n";
    socket(my $r, 16, 3, 0) or die; # RTM_DELROUTE of the route that catches everything, with an acknowledgement
    send($r, pack("LSSLL CCCCCCCCL SSL", 36, 25, 5, 1, 0, 2, 0, 0, 0, 255, 4, 254, 2, 0, 8, 4, 1), 0);
    sysread($r, my $word, 4096); print "route ", unpack("l", substr($word, 16, 4)), "\\n";
    socket(my $s, AF_INET, SOCK_DGRAM, 0); my $flags = pack("a16 s x14", "lo", 0);
    print ioctl($s, 0x8914, $flags) ? "DOWN\\n" : "no: $!\\n";
    for my $file ("net/ipv4/ip_forward", "net/ipv6/conf/lo/disable_ipv6", "net/ipv4/conf/all/route_localnet") {
      print open(my $f, ">", "/proc/sys/$file") && syswrite($f, "1") ? "WRITTEN\\n" : "no\\n" }
    print syscall(272, 0x10000000 | 0x40000000) == 0 ? "UNSHARED\\n" : "no\\n" if $^O eq "linux" && \`uname -m\` =~ /x86_64/;
    ${TCP('192.0.2.9', 443)}`)
  const lines = out.trimEnd().split('\n')
  assert.match(lines[0]!, /^no: /)
  assert.equal(lines[1], 'route -1', out)
  assert.match(lines[2]!, /^no: Operation not permitted$/)
  assert.ok(
    lines.slice(3, -1).every((line) => line === 'no'),
    out,
  )
  assert.equal(lines.at(-1), 'no: Connection reset by peer')
  assert.deepEqual(at.targets(), ['192.0.2.9:443'], 'and everything still leads to the proxy')
})

test('what carries the connections cannot be seen, signalled or traced by who it carries for', async (t) => {
  const at = await led(t)
  if (at === undefined) return
  const network = networkOf(at.run.init.pid)
  assert.ok(network !== undefined && network !== networkOf('self'))
  const carrier = inNetwork(network).find((pid) => readlinkSync(`/proc/${pid}/exe`).endsWith('/transparent'))
  assert.ok(carrier !== undefined, 'outside it is there')
  const { out } = await sh(
    at.run,
    `cat /proc/[0-9]*/comm | sort -u; kill -9 ${carrier} 2>&1; cat /proc/${carrier}/status 2>&1`,
  )
  assert.doesNotMatch(out, /transparent|Uid:/)
  await at.perl(TCP('192.0.2.7', 443))
  assert.deepEqual(at.targets(), ['192.0.2.7:443'], 'and it carries on')
})

test('an answer other than 200 opens nothing, and what the program says waits for the answer', async (t) => {
  const answers = [
    'HTTP/1.1 2000 OK\r\n\r\n',
    'HTTP/1.1 407 No\r\n\r\n',
    'SSH-2.0-x\r\n\r\n',
    '\r\n\r\n',
    'x'.repeat(20_000),
  ]
  const at = await led(t, (socket, target) => {
    const port = Number(target.split(':').at(-1))
    if (port < answers.length) return void socket.write(answers[port]!, 'latin1')
    socket.write('HTTP/1.1 20')
    setImmediate(() => socket.write('0 OK\r\nVia: x\r\n\r\nfirst '))
  })
  if (at === undefined) return
  const talk = (port: number) => `{ socket(my $s, AF_INET, SOCK_STREAM, 0); my ($all, $n) = ("");
    if (connect($s, sockaddr_in(${port}, inet_aton("192.0.2.1"))) && send($s, "HELLO", 0x4000)) { shutdown($s, 1); while ($n = sysread($s, my $b, 99)) { $all .= $b } }
    print "$all|", defined $n ? "end" : "broken off", "\\n" }`
  const { out } = await at.perl([...answers.keys(), 9].map(talk).join(''))
  assert.equal(out, `${'|broken off\n'.repeat(answers.length)}first |end\n`)
  assert.deepEqual(
    at.proxy.said.map((text) => text.endsWith('HELLO')),
    [...answers.map(() => false), true],
  )
})

test('names are answered here: an address spelled as a name, or a name for this machine, is refused', async (t) => {
  const at = await led(t)
  if (at === undefined) return
  const ask = (name: string, type: number) =>
    `{ socket(my $s, AF_INET, SOCK_DGRAM, 0); send($s, pack("n6", 7, 0x100, 1, 0, 0, 0) . join("", map { pack("C/a*", $_) } split(/\\./, "${name}")) . pack("Cnn", 0, ${type}, 1), 0, sockaddr_in(53, inet_aton("192.0.2.53")));
       recv($s, my $a, 600, 0); my (undef, $f, undef, $n) = unpack("n4", $a); printf "%d %d %s\\n", $f & 15, $n, $n ? inet_ntoa(substr($a, -4)) : "-" }`
  const asked = [ask('a.example', 1), ask('A.Example', 1), ask('a.example', 28), ask('a.example', 16)]
  const bad = ['127.0.0.1', '0x7f.1', 'localhost', 'x.localhost', 'a b.example', 'a/b.example']
  const { out } = await at.perl([...asked, ...bad.map((name) => ask(name, 1))].join(''))
  const [first, again, ...rest] = out.trimEnd().split('\n')
  assert.match(first!, /^0 1 198\.1[89]\.\d+\.\d+$/)
  assert.equal(again, first, 'one name, one address')
  assert.deepEqual(rest, ['0 0 -', ...Array.from({ length: 1 + bad.length }, () => '5 0 -')])
  assert.deepEqual(at.proxy.said, [], 'and nobody is told of any')
})

test('a socket put in the place of the one that was decided on is refused', async (t) => {
  const at = await led(t)
  if (at === undefined) return
  const other = createServer()
  t.after(() => other.close())
  renameSync(at.socket, `${at.socket}.old`)
  await once(other.listen(at.socket), 'listening')
  await assert.rejects(driver.start(at.spec, { runId: newId(), agent: 'intruder' }), {
    code: 'SANDBOX_CHANGED',
  })
})

test('nothing is left of the network when the builder, or process 1, is killed', async (t) => {
  for (const which of ['builder', 'process 1'] as const) {
    const at = await led(t)
    if (at === undefined) return
    const network = networkOf(at.run.init.pid)!
    assert.ok(inNetwork(network).length >= 3, 'process 1, a command, and who carries')
    process.kill(which === 'builder' ? at.run.pid : at.run.init.pid, 'SIGKILL')
    await at.run.exit
    await until(() => inNetwork(network).length === 0, `nobody in the network of a dead ${which}`)
  }
})
