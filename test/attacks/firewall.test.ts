/**
 * Somebody on the network, a program on this machine, and an owner's own mistake, each truly tried: two networks with a
 * cable between them, IPv4 and IPv6, and the rules Warder makes in one of them. The machine's own rules are never touched.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, suite, test } from 'node:test'
import { newId } from '../../src/core/id.ts'
import type { CidrBlock, Port } from '../../src/core/safe/network.ts'
import {
  allow,
  apply,
  block,
  confirm,
  differences,
  FirewallState,
  isBlocked,
  lasting,
  openNft,
  openNow,
  remove,
  restore,
  revoke,
  rollBack,
  settle,
  tableOf,
  unblock,
  watchOver,
  type FirewallHost,
  type Table,
} from '../../src/enforce/firewall/index.ts'
import { readSettings } from '../../src/enforce/firewall/settings.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { networks, whyNoNetwork, type Network, type Peer } from '../kit/network.ts'

const IP = '/usr/sbin/ip'
const NFT = '/usr/sbin/nft'
const SSH = 22
const WEB = 8080
const CLOSED = 8081
/** Long enough for a dropped packet to be sent again. */
const REFUSED_MS = 1500
const NOBODY = 65_534

suite('the firewall of the machine', { skip: whyNoNetwork() }, () => {
  const made = networks()
  const directory = mkdtempSync(join(tmpdir(), 'warder-firewall-'))
  const at = {} as {
    host: Network
    guard: FirewallHost
    server: Peer
    client: Peer
    nobody: Peer
    foreign: string
  }

  before(async () => {
    const [host, far] = [await made.make(), await made.make()]
    host.run(IP, 'link', 'add', 'cable', 'type', 'veth', 'peer', 'name', 'cable', 'netns', String(far.pid))
    for (const [network, last] of [
      [host, 1],
      [far, 2],
    ] as const) {
      network.run(IP, 'address', 'add', `10.9.0.${last}/24`, 'dev', 'cable')
      network.run(IP, 'address', 'add', `10.8.0.${last}/24`, 'dev', 'cable')
      network.run(IP, 'address', 'add', `fd09::${last}/64`, 'dev', 'cable', 'nodad')
      network.run(IP, 'address', 'add', `fd08::${last}/64`, 'dev', 'cable', 'nodad')
      network.run(IP, 'link', 'set', 'cable', 'up')
    }
    far.run(IP, 'address', 'add', '10.9.0.66/24', 'dev', 'cable')
    far.run(IP, 'address', 'add', '203.0.113.5/32', 'dev', 'cable')
    host.run(
      NFT,
      'add table inet other { chain c { type filter hook input priority 5; tcp dport 7 drop; }; }',
    )
    host.run(NFT, 'add table ip older { set s { type ipv4_addr; elements = { 192.0.2.1 }; }; }')
    const state = new FirewallState(join(directory, 'state'))
    const guard = {
      ...{ nft: openNft(host.through), state, clock: systemClock, newId, boot: 'this' },
      setWatch: async (id: string) => state.setWatch(id, { pid: 1, dueMs: Date.now() + 600_000 }),
    }
    const [server, client, nobody] = await Promise.all([
      host.peer([SSH, WEB, CLOSED]),
      far.peer([443]),
      host.peer([], NOBODY),
    ])
    Object.assign(at, { host, guard, server, client, nobody, foreign: foreign(host) })
  })
  after(() => {
    made.end()
    rmSync(directory, { recursive: true, force: true })
  })
  afterEach(async () => {
    await remove(at.guard)
    assert.equal(foreign(at.host), at.foreign, 'the rules of others are not as they were')
  })

  const stand = async (settings: Record<string, string>): Promise<void> => {
    await apply(at.guard, tableFor(settings), 60_000)
    await confirm(at.guard)
  }
  const dial = (host: string, port: number, from: string, waitMs?: number) =>
    at.client.dial({ host, port, from, ...(waitMs === undefined ? {} : { waitMs }) })

  test('what is open is reached, what is not is not, by IPv4 and IPv6', async () => {
    assert.equal(await dial('10.9.0.1', CLOSED, '10.9.0.2'), 'open', 'the network itself does not work')
    await stand({ 'inbound.open': `tcp/${WEB}` })
    for (const [to, from] of [
      ['10.9.0.1', '10.9.0.2'],
      ['fd09::1', 'fd09::2'],
    ] as const) {
      assert.equal(await dial(to, WEB, from), 'open')
      assert.equal(await dial(to, CLOSED, from, REFUSED_MS), 'no answer')
    }
  })

  test('management ports are closed until a subnet is set, and then open to that subnet alone', async () => {
    const ways = [
      ['10.9.0.1', '10.9.0.2'],
      ['fd09::1', 'fd09::2'],
      ['10.8.0.1', '10.8.0.2'],
      ['fd08::1', 'fd08::2'],
    ] as const
    const answers = () => Promise.all(ways.map(([to, from]) => dial(to, SSH, from, REFUSED_MS)))
    await stand({})
    assert.deepEqual(await answers(), ['no answer', 'no answer', 'no answer', 'no answer'])
    await stand({ 'management.subnets': '10.9.0.0/24,fd09::/64' })
    assert.deepEqual(await answers(), ['open', 'open', 'no answer', 'no answer'])
  })

  test('only who is named leaves; everybody else is told no, and nothing of it arrives', async () => {
    const before = await at.client.served(443)
    await stand({ 'outbound.users': 'root' })
    for (const host of ['10.9.0.2', 'fd09::2']) {
      assert.match(await at.nobody.dial({ host, port: 443 }), /^E[A-Z]+$/)
    }
    assert.equal(await at.client.served(443), before)
    for (const host of ['10.9.0.2', 'fd09::2'])
      assert.equal(await at.server.dial({ host, port: 443 }), 'open')
  })

  test('an opening lets in whom it names, and is gone when its time is over or it is revoked', async () => {
    await stand({})
    const asked = {
      transport: 'tcp',
      port: CLOSED as Port,
      from: '10.9.0.0/24' as CidrBlock,
      reason: 'a test',
    } as const
    const opening = await allow(at.guard, { ...asked, forMs: 60_000 }, [SSH as Port])
    assert.equal(await dial('10.9.0.1', CLOSED, '10.9.0.2'), 'open')
    assert.equal(await dial('10.8.0.1', CLOSED, '10.8.0.2', REFUSED_MS), 'no answer')
    await revoke(at.guard, opening.id)
    assert.equal(await dial('10.9.0.1', CLOSED, '10.9.0.2', REFUSED_MS), 'no answer')
    await allow(at.guard, { ...asked, from: 'fd09::/64' as CidrBlock, forMs: 2000 }, [])
    const isIn = async () => /expires/.test(at.host.run(NFT, 'list', 'set', 'inet', 'warder', 'opened6'))
    while (await isIn()) await new Promise((resolve) => setTimeout(resolve, 100))
    assert.equal(await dial('fd09::1', CLOSED, 'fd09::2', REFUSED_MS), 'no answer')
    assert.deepEqual(openNow(at.guard), [])
    await assert.rejects(allow(at.guard, { ...asked, port: SSH as Port, forMs: 2000 }, [SSH as Port]), {
      code: 'FIREWALL_OPENING',
    })
  })

  test('an address that is blocked is reached by nobody and reaches nobody, until its time is over', async () => {
    await stand({
      'inbound.open': `tcp/${WEB}`,
      'outbound.mode': 'open',
      'management.subnets': '10.8.0.0/24',
    })
    const reach = async () =>
      await Promise.all([
        dial('10.9.0.1', WEB, '10.9.0.66', REFUSED_MS),
        dial('10.9.0.1', WEB, '10.9.0.2', REFUSED_MS),
        at.server.dial({ host: '10.9.0.66', port: 443, waitMs: REFUSED_MS }),
      ])
    assert.deepEqual(await reach(), ['open', 'open', 'open'])
    const asked = { address: '10.9.0.66/32' as CidrBlock, reason: 'a test', forMs: 60_000 }
    const made = await block(at.guard, asked, [])
    assert.equal(await isBlocked(at.guard, made), true)
    const [inward, other, outward] = await reach()
    assert.deepEqual([inward, other], ['no answer', 'open'])
    assert.match(outward ?? '', /^E[A-Z]+$/, 'who wants to go there is told at once')
    assert.ok(dropped(at.host, 'blocked') > 0)
    await assert.rejects(block(at.guard, asked, []), { code: 'FIREWALL_BLOCK' })
    // a new table keeps it, and a table put back after a boot as well
    await stand({ 'inbound.open': `tcp/${WEB}`, 'outbound.mode': 'open' })
    assert.equal((await reach())[0], 'no answer')
    at.host.run(NFT, 'delete', 'table', 'inet', 'warder')
    assert.equal(await isBlocked(at.guard, made), false, 'it is looked for in the kernel')
    await restore(at.guard)
    assert.equal((await reach())[0], 'no answer')
    await unblock(at.guard, '10.9.0.66/32')
    assert.deepEqual(await reach(), ['open', 'open', 'open'])
    await assert.rejects(
      block(at.guard, { ...asked, address: '10.8.0.2/32' as CidrBlock }, ['10.8.0.0/24' as CidrBlock]),
      {
        code: 'FIREWALL_BLOCK',
      },
    )
    await assert.rejects(block(at.guard, { ...asked, address: '0.0.0.0/0' as CidrBlock }, []), {
      code: 'FIREWALL_BLOCK',
    })
    await assert.rejects(unblock(at.guard, 'nosuch'), { code: 'FIREWALL_UNKNOWN' })
    await block(at.guard, { ...asked, address: 'fd09::2/128' as CidrBlock, forMs: 2000 }, [])
    assert.equal(await dial('fd09::1', WEB, 'fd09::2', REFUSED_MS), 'no answer')
    const isIn = () => /expires/.test(at.host.run(NFT, 'list', 'set', 'inet', 'warder', 'blocked6'))
    while (isIn()) await new Promise((resolve) => setTimeout(resolve, 100))
    assert.equal(await dial('fd09::1', WEB, 'fd09::2'), 'open')
  })

  test('a batch with one bad rule changes nothing at all', async () => {
    await stand({ 'inbound.open': `tcp/${WEB}` })
    const stood = rules(at.host)
    const good = tableFor({ 'inbound.open': `tcp/${CLOSED}` })
    const bad: Table = {
      ...good,
      chains: [
        ...good.chains,
        { name: 'last', rules: [{ why: 'leads nowhere', does: [{ jump: { target: 'nowhere' } }] }] },
      ],
    }
    await assert.rejects(apply(at.guard, bad, 60_000), { code: 'FIREWALL_REFUSED' })
    // past the check as well: the kernel itself takes all of a batch or none
    const unchecked = { ...at.guard, nft: { ...at.guard.nft, check: async () => undefined } }
    await assert.rejects(apply(unchecked, bad, 60_000), { code: 'FIREWALL_REFUSED' })
    assert.equal(rules(at.host), stood)
    assert.equal(at.guard.state.pending(), undefined)
    assert.equal(await dial('10.9.0.1', WEB, '10.9.0.2'), 'open')
  })

  test('a change nobody confirms is taken back to what was there, or to nothing', async () => {
    const lost = async (settings: Record<string, string>) => {
      const { id } = await apply(at.guard, tableFor(settings), 20)
      assert.notEqual(
        await watchOver(at.guard, id, (ms) => new Promise((done) => setTimeout(done, ms))),
        undefined,
      )
      await assert.rejects(confirm(at.guard), { code: 'FIREWALL_NOT_PENDING' })
    }
    await lost({})
    assert.equal(await at.guard.nft.text(), undefined)
    await stand({ 'inbound.open': `tcp/${WEB}` })
    const stood = rules(at.host)
    await lost({})
    assert.equal(rules(at.host), stood)
    assert.equal(await dial('10.9.0.1', WEB, '10.9.0.2'), 'open')
  })

  test('a change whose watch died is taken back by the next command, and after a boot it is not restored', async () => {
    const died = {
      ...at.guard,
      setWatch: async (id: string) => at.guard.state.setWatch(id, { pid: 1, dueMs: 0 }),
    }
    await apply(died, tableFor({}), 60_000)
    assert.equal(await settle(at.guard), true)
    assert.equal(await at.guard.nft.text(), undefined)
    await stand({ 'inbound.open': `tcp/${WEB}` })
    const stood = rules(at.host)
    await apply(at.guard, tableFor({}), 60_000)
    at.host.run(NFT, 'delete', 'table', 'inet', 'warder')
    await restore({ ...at.guard, boot: 'the next' })
    assert.equal(rules(at.host), stood)
  })

  test('nobody who would take it back, or two changes at once: nothing is changed', async () => {
    const alone = { ...at.guard, setWatch: () => Promise.reject(new Error('nobody')) }
    await assert.rejects(apply(alone, tableFor({}), 60_000), /nobody/)
    assert.equal(await at.guard.nft.text(), undefined)
    await apply(at.guard, tableFor({ 'inbound.open': `tcp/${WEB}` }), 60_000)
    await assert.rejects(apply(at.guard, tableFor({}), 60_000), { code: 'FIREWALL_PENDING' })
    await rollBack(at.guard)
    assert.equal(await at.guard.nft.text(), undefined)
  })

  test('one rule put in by hand, or one taken out, is seen', async () => {
    await stand({ 'inbound.open': `tcp/${WEB}` })
    const stood = lasting(rules(at.host))
    await dial('10.9.0.1', WEB, '10.9.0.2')
    const seen = async () => differences(stood, lasting((await at.guard.nft.text()) ?? ''))
    assert.deepEqual(await seen(), [], 'counters alone are no change')
    at.host.run(NFT, 'insert', 'rule', 'inet', 'warder', 'input', 'tcp', 'dport', '9', 'accept')
    assert.deepEqual(await seen(), [{ sign: '+', chain: 'chain input', line: 'tcp dport 9 accept' }])
    at.host.run(NFT, 'flush', 'chain', 'inet', 'warder', 'spoofed')
    assert.ok((await seen()).some(({ sign, chain }) => sign === '-' && chain === 'chain spoofed'))
  })

  test('a source that floods is dropped, and another is served meanwhile', async () => {
    await stand({
      ...{ 'inbound.open': `tcp/${WEB}`, 'inbound.connections_per_second': '5', 'inbound.burst': '10' },
      'inbound.connections_at_once': '20',
    })
    const to = { host: '10.9.0.1', port: WEB }
    const flood = at.client.flood({ ...to, from: '10.9.0.66', times: 300, waitMs: 4000 })
    for (let round = 0; round < 3; round++) assert.equal(await dial(to.host, WEB, '10.9.0.2'), 'open')
    const answers = await flood
    assert.ok(answers.filter((each) => each === 'open').length <= 60, 'the flood was let in')
    assert.ok(dropped(at.host, 'too many') > 0)
    assert.equal(await dial(to.host, WEB, '10.9.0.2'), 'open')
  })

  test('a packet from where no answer would go is dropped before anything else', async () => {
    await stand({ 'inbound.open': `tcp/${WEB}` })
    assert.equal(await dial('10.9.0.1', WEB, '203.0.113.5', REFUSED_MS), 'no answer')
    assert.ok(dropped(at.host, 'no way back') > 0)
  })
})

function tableFor(written: Record<string, string>): Table {
  const settings = readSettings(
    Object.entries(written).map(([key, value]) => ({ key, value, where: 'here' })),
  )
  return tableOf(settings, { outbound: settings.outboundUsers.length > 0 ? [0] : [], time: [] })
}

/** Our table without what counts by itself. */
function rules(host: Network): string {
  return host
    .run(NFT, '--stateless', 'list', 'table', 'inet', 'warder')
    .replace(/\telements = \{[^}]*expires[^}]*\}\n/g, '')
}

function foreign(host: Network): string {
  return (
    host.run(NFT, '--handle', 'list', 'table', 'inet', 'other') +
    host.run(NFT, '--handle', 'list', 'table', 'ip', 'older')
  )
}

/** Packets the rules of this reason have dropped. */
function dropped(host: Network, why: string): number {
  const lines = host.run(NFT, 'list', 'table', 'inet', 'warder').split('\n')
  return lines
    .filter((line) => line.includes(`comment "${why}`))
    .reduce((sum, line) => sum + Number(/counter packets (\d+)/.exec(line)?.[1] ?? 0), 0)
}
