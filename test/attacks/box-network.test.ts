import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { assertRan, boxes, needs } from '../kit/box.ts'

// Ways to talk to anything: the host, the internet, the machine underneath, and services behind sockets.

const { house, sh, perl } = boxes({ after })
const PERL = '/usr/bin/perl'

async function listening(where: { readonly port: number; readonly host: string } | string): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => undefined).end('SECRET SERVICE'))
  await new Promise<void>((done) => {
    if (typeof where === 'string') server.listen(where, done)
    else server.listen(where, done)
  })
  return server
}

const TCP = (host: string, port: number) =>
  `use Socket; socket(my $s, AF_INET, SOCK_STREAM, 0); alarm 5; print connect($s, sockaddr_in(${port}, inet_aton("${host}"))) ? "CONNECTED" : "no: $!"`
const UNIX = (path: string) =>
  `use Socket; socket(my $s, AF_UNIX, SOCK_STREAM, 0); alarm 5; print connect($s, pack_sockaddr_un("${path}")) ? "CONNECTED" : "no: $!"`

test("the host's own services on loopback cannot be reached", async (t) => {
  if (!needs(t, PERL)) return
  const server = await listening({ port: 0, host: '127.0.0.1' })
  try {
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    assert.equal(execFileSync(PERL, ['-e', TCP('127.0.0.1', port)], { encoding: 'utf8' }), 'CONNECTED')
    assertRan(await perl(TCP('127.0.0.1', port)), /^no: Connection refused$/)
  } finally {
    server.close()
  }
})

test('no address outside can be reached: a host, a metadata service, or a broadcast', async (t) => {
  if (!needs(t, PERL)) return
  for (const host of ['192.0.2.1', '169.254.169.254', '10.0.0.1', '255.255.255.255']) {
    assertRan(await perl(TCP(host, 80)), /^no: Network is unreachable$/)
  }
})

test('nothing can be sent without a connection either, and no name can be looked up', async (t) => {
  if (!needs(t, PERL)) return
  const result = await perl(`use Socket;
    socket(my $s, AF_INET, SOCK_DGRAM, 0); print send($s, "x", 0, sockaddr_in(53, inet_aton("192.0.2.53"))) ? "SENT" : "no: $!", "\\n";
    socket(my $t, AF_INET6, SOCK_DGRAM, 0); print send($t, "x", 0, pack_sockaddr_in6(53, Socket::inet_pton(AF_INET6, "2001:db8::1"))) ? "SENT" : "no: $!", "\\n";
    alarm 10; print gethostbyname("example.com") ? "FOUND" : "no name", "\\n"; print gethostbyname("localhost") ? "localhost" : ""`)
  assertRan(
    result,
    /^no: Network is unreachable\nno: (Network is unreachable|Cannot assign requested address)\nno name\nlocalhost$/,
  )
})

test('its own loopback works, and is its own', async (t) => {
  if (!needs(t, PERL)) return
  const result = await perl(`use Socket;
    socket(my $l, AF_INET, SOCK_STREAM, 0); bind($l, sockaddr_in(0, INADDR_LOOPBACK)); listen($l, 1);
    my ($port) = sockaddr_in(getsockname $l); socket(my $c, AF_INET, SOCK_STREAM, 0);
    print connect($c, sockaddr_in($port, INADDR_LOOPBACK)) ? "own loopback" : "no: $!"`)
  assertRan(result, /^own loopback$/)
})

test('there is no interface but loopback, and none can be made', async () => {
  const result = await sh(
    `sed -n 's/^ *\\([^ :]*\\):.*/\\1/p' /proc/net/dev; ip link add x type dummy 2>/dev/null && echo MADE; ip link set lo down 2>/dev/null && echo DOWN; true`,
  )
  assertRan(result, /^lo$/)
})

test('a service with an abstract socket name cannot be reached', async (t) => {
  if (!needs(t, PERL)) return
  const name = `warder-test-${process.pid}`
  const server = await listening(`\0${name}`)
  try {
    assert.equal(execFileSync(PERL, ['-e', UNIX(`\\0${name}`)], { encoding: 'utf8' }), 'CONNECTED')
    assertRan(await perl(UNIX(`\\0${name}`)), /^no: Connection refused$/)
  } finally {
    server.close()
  }
})

test("a service's socket that lies in the workspace is masked, since no bind stops a connect", async (t) => {
  if (!needs(t, PERL)) return
  const path = join(house.workspace, 'service.sock')
  const server = await listening(path)
  try {
    assert.equal(execFileSync(PERL, ['-e', UNIX(path)], { encoding: 'utf8' }), 'CONNECTED')
    assertRan(await perl(UNIX(path)), /^no: (Connection refused|Permission denied)$/)
  } finally {
    server.close()
    rmSync(path, { force: true })
  }
})

test('the sockets of the container engine, the system bus and the display are not there', async () => {
  const result = await sh(
    'ls /var/run/docker.sock /run/docker.sock /run/podman /run/dbus/system_bus_socket /tmp/.X11-unix /run/user 2>/dev/null; find / -xdev -type s 2>/dev/null | grep -v ^/run/warder/; echo looked',
  )
  assertRan(result, /^looked$/)
})

test('the machine underneath cannot be reached past the network: no vsock, no raw, packet or netlink socket', async (t) => {
  if (!needs(t, PERL)) return
  const families = {
    vsock: [40, 1, 0],
    alg: [38, 5, 0],
    packet: [17, 3, 0],
    raw: [2, 3, 1],
    bluetooth: [31, 3, 1],
    audit: [16, 3, 9],
    netfilter: [16, 3, 12],
    key: [15, 3, 2],
  }
  const tries = Object.entries(families).map(
    ([name, [family, type, protocol]]) =>
      `print "${name} OPEN\\n" if socket(my $${name}, ${family}, ${type}, ${protocol});`,
  )
  assertRan(
    await perl(`${tries.join('')} print socket(my $route, 16, 3, 0) ? "routing only" : "none"`),
    /^routing only$/,
  )
})

test('a profile that asks for some of the network is refused, not opened', async (t) => {
  const own = boxes(t)
  const result = await own.box({ argv: ['/bin/echo', 'RAN'], profile: 'web_scraper' })
  assert.notEqual(result.code, 0)
  assert.equal(result.stdout, '')
})
