/** The command line of the firewall as processes: killed half way, without rights, and with a daemon that records. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { askAsAgent } from '../kit/agent.ts'
import { needs } from '../kit/box.ts'
import { house, until } from '../kit/house.ts'
import { networks, whyNoNetwork, type Network } from '../kit/network.ts'
import { configure, owner } from '../kit/owner.ts'

const CLI = new URL('../../src/cli/main.ts', import.meta.url).pathname
const WARDER = new URL('../../bin/warder', import.meta.url).pathname
const NFT = '/usr/sbin/nft'
const SETTINGS = 'management:\n  subnets: [10.9.0.0/24]\noutbound:\n  users: [root]\n'

suite('the firewall as processes', { skip: whyNoNetwork() }, () => {
  const home = house({ after })
  const made = networks()
  after(() => made.end())
  configure(home, 'firewall.yaml', SETTINGS)

  /** Runs a command in a network of the test's own; killed when `kill` says so. */
  async function firewall(network: Network, words: readonly string[], kill?: () => boolean) {
    const [file = '', ...enter] = network.through
    const child = spawn(file, [...enter, process.execPath, CLI, 'firewall', ...words], {
      env: home.environment,
    })
    child.stdin.end()
    const said = { out: '', err: '' }
    child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()))
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
    if (kill !== undefined) {
      await until(kill, 'the moment to kill it', 60_000)
      child.kill('SIGKILL')
    }
    return { code: await ended, ...said }
  }
  const tables = (network: Network) => network.run(NFT, 'list', 'tables').trim()

  test('the death of the command that applied it keeps no change from being taken back', async () => {
    const network = await made.make()
    network.run(NFT, 'add', 'table', 'inet', 'other')
    const isIn = () => tables(network).includes('inet warder')
    const directory = join(home.state, 'firewall')
    // nft lists a table for a moment while it only checks one; what is in force was begun and is watched
    const isUnderWay = () =>
      existsSync(directory) && readdirSync(directory).some((name) => name.startsWith('watch-')) && isIn()
    await firewall(network, ['apply', '--within', '5s'], isUnderWay)
    assert.ok(isIn(), 'it is in force, and who put it there is dead')
    await until(() => !isIn(), 'the way back', 60_000)
    const acts = join(directory, 'acts.jsonl')
    const isNoted = () => existsSync(acts) && readFileSync(acts, 'utf8').includes('"rollback"')
    await until(isNoted, 'it is noted', 60_000)
    assert.equal(tables(network), 'table inet other')
    const late = await firewall(network, ['confirm', '--json'])
    assert.deepEqual([late.code, codeIn(late.out)], [4, 'FIREWALL_NOT_PENDING'])
  })

  test('each act is recorded before it is done, an agent is refused, and what was done is told', async (t) => {
    const me = await owner({ after }, home)
    const network = await made.make()
    assert.equal((await firewall(network, ['apply', '--within', '10m'])).code, 0)
    assert.equal((await firewall(network, ['confirm'])).code, 0)
    const words = ['--port', '8080', '--from', '10.0.0.0/8', '--for', '1h', '--reason', 'a new certificate']
    assert.equal((await firewall(network, ['allow', ...words])).code, 0)
    network.run(NFT, 'add', 'rule', 'inet', 'warder', 'input', 'tcp', 'dport', '9', 'accept')
    const status = await firewall(network, ['status', '--json'])
    assert.equal(status.code, 8, status.err)
    assert.match(status.out, /"line": "tcp dport 9 accept"/)
    const entries = (await me.ledger({})).filter(({ action }) => action === 'firewall:write')
    const told = (act: string, outcome: string) =>
      entries.findIndex(
        ({ target, result, layer }) => target === act && `${layer}: ${result}`.endsWith(outcome),
      )
    for (const act of ['apply', 'confirm', 'allow']) {
      const [asked, done] = [told(act, ': allowed'), told(act, 'firewall: success')]
      assert.ok(asked >= 0 && asked < done, `${act}: ${asked}, ${done}`)
    }
    if (!needs(t, '/usr/bin/perl')) return
    const body = { act: 'remove', about: 'all', digest: '0'.repeat(64) }
    const [answer] = await askAsAgent(home, 'builder', [{ method: 'POST', path: '/v1/firewall/acts', body }])
    assert.deepEqual([answer?.status, answer?.body['code']], [403, 'NOT_FOR_AGENTS'])
  })

  test('an incident blocks an address for the whole machine where the firewall is in force, and claims no more', async () => {
    const guarded = house({ after })
    configure(guarded, 'firewall.yaml', SETTINGS)
    const network = await made.make()
    const [file = '', ...enter] = network.through
    const warder = async (...words: string[]) => {
      const child = spawn(file, [...enter, WARDER, ...words], {
        env: guarded.environment,
        cwd: guarded.workspace,
      })
      child.stdin.end()
      let out = ''
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => (out += chunk.toString()))
      return { code: await new Promise((resolve) => child.once('close', resolve)), out }
    }
    // the daemon it starts lives in the same network
    const off = ['--set', 'watch.boundary=off', '--set', 'watch.host=off']
    await warder('run', '--agent', 'nobody', ...off, '--', '/bin/true')
    const me = await owner({ after }, guarded)
    const contain = async (agent: string, block: string[]) =>
      (await me.call('contain', { agent, reason: 'a test', keepWorkspace: true, block })).incident
    const seen = ({ actions }: Awaited<ReturnType<typeof contain>>) =>
      actions.filter(({ action }) => action === 'block_address').map(({ evidence }) => evidence)
    const before = await contain('one', ['203.0.113.7'])
    assert.deepEqual(seen(before), [
      'no run reaches 203.0.113.7; for the rest of the machine it is not in force here: the firewall of Warder was never applied',
    ])
    assert.equal((await warder('firewall', 'apply', '--within', '10m')).code, 0)
    assert.equal((await warder('firewall', 'confirm')).code, 0)
    const kept = await contain('two', ['203.0.113.8', 'evil.test', '10.9.0.3'])
    const [address, name, management] = seen(kept)
    assert.match(address ?? '', /; the firewall of the machine drops it as well until /)
    assert.match(name ?? '', /not in force here: a name is no rule/)
    assert.match(management ?? '', /not in force here: .*manage this machine from/)
    const held = () => network.run(NFT, 'list', 'set', 'inet', 'warder', 'blocked4')
    assert.match(held(), /203\.0\.113\.8/)
    assert.doesNotMatch(held(), /10\.9\.0\.3/)
    const { code, out } = await warder('firewall', 'block', '203.0.113.9', '--why', 'by hand', '--for', '2h')
    assert.equal(code, 0, out)
    assert.match(held(), /203\.0\.113\.9/)
    assert.match((await warder('firewall', 'status')).out, /blocked: 203\.0\.113\.9\/32 until .* by hand/)
    await me.call('incidentAck', { id: kept.id, by: 'anna', cause: 'a test' })
    const { lifted } = await me.call('incidentResolve', { id: kept.id, by: 'anna', reason: 'over' })
    assert.ok(lifted.includes('the block of 203.0.113.8'))
    await until(() => !held().includes('203.0.113.8'), 'the firewall lets it through again')
    assert.match(held(), /203\.0\.113\.9/, 'what was blocked by hand stays')
    const seenBy = async (agent: string) => seen(await contain(agent, ['203.0.113.10']))[0] ?? ''
    assert.match(await seenBy('three'), /drops it as well/)
    network.run(NFT, 'delete', 'element', 'inet', 'warder', 'blocked4', '{ 203.0.113.10 }')
    assert.match(await seenBy('four'), /not in force here: the kernel does not have it/)
    assert.equal((await warder('firewall', 'unblock', '203.0.113.9/32')).code, 0)
    assert.doesNotMatch(held(), /203\.0\.113\.9/)
  })

  test('without the right to change it the answer says which is missing, and nothing is written', async () => {
    const bare = house({ after })
    mkdirSync(join(bare.home, '.config/warder'), { recursive: true, mode: 0o700 })
    configure(bare, 'firewall.yaml', SETTINGS)
    const words = ['--bounding-set=-net_admin', '--inh-caps=-net_admin', '--', process.execPath, CLI]
    const child = spawn('/usr/bin/setpriv', [...words, 'firewall', 'apply', '--json'], {
      env: bare.environment,
    })
    const said = { out: '' }
    child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()))
    const code = await new Promise((resolve) => child.once('close', resolve))
    assert.deepEqual([code, codeIn(said.out)], [3, 'FIREWALL_RIGHTS'])
    assert.match(said.out, /CAP_NET_ADMIN/)
    assert.ok(!readdirSync(bare.home, { recursive: true }).some((name) => String(name).includes('pending-')))
  })

  test('what every act was is noted on disk as well, for when no daemon runs', () => {
    const notes = readFileSync(join(home.state, 'firewall/acts.jsonl'), 'utf8').trim().split('\n')
    const acts = notes.map((line) => (JSON.parse(line) as { act: string }).act)
    assert.deepEqual(acts.slice(-3), ['apply', 'confirm', 'allow'])
    assert.ok(acts.includes('rollback'))
  })
})

function codeIn(json: string): unknown {
  return (JSON.parse(json) as { error?: { code?: string } }).error?.code
}
