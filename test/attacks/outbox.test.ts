import assert from 'node:assert/strict'
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import type { EntryAnswer } from '../../src/api/endpoints.ts'
import type { DeliveryAnswer } from '../../src/api/outbox.ts'
import { inSandbox } from '../kit/box.ts'
import { house } from '../kit/house.ts'

// What a task in a container tries to get out with its results, through the whole program.

const home = house({ after })
/** In a container of root's nobody may be root: then the workspace belongs to somebody else. */
const SOMEBODY = 4711
if (process.getuid?.() === 0) chownSync(home.workspace, SOMEBODY, SOMEBODY)

/** A task in a container; undefined, said out loud, where this machine makes none. */
async function task(t: TestContext, script: string, agent = 'task') {
  const result = await inSandbox(home, { profile: 'container', agent, argv: ['/bin/sh', '-c', script] })
  if (/no sandbox here keeps it/.test(result.stderr)) {
    t.skip(`containers cannot be made here: NOT tried (${result.stderr.slice(0, 300)})`)
    return undefined
  }
  return result
}

async function waiting(agent: string): Promise<DeliveryAnswer[]> {
  const result = await home.command(['outbox', 'list', '--agent', agent, '--json'])
  return result.json<{ deliveries: DeliveryAnswer[] }>().deliveries
}

async function receipts(run?: string): Promise<EntryAnswer[]> {
  const { stdout } = await home.command(['audit', 'list', '--json', '--limit', '1000'])
  const { entries } = JSON.parse(stdout) as { entries: EntryAnswer[] }
  return entries.filter(
    (entry) => entry.action === 'outbox:deliver' && (run === undefined || entry.target === run),
  )
}

test('results wait for their owner with a receipt, and are taken once, as they were scanned', async (t) => {
  const done = await task(
    t,
    'mkdir /outbox/d; echo found > /outbox/d/report; chmod 755 /outbox/d/report; echo two > /outbox/b',
    'good',
  )
  if (done === undefined) return
  assert.equal(done.code, 0, done.stderr)
  assert.match(done.stderr, /2 files \(10 B\) came out of its outbox: warder outbox show good/)
  const [delivery, ...more] = await waiting('good')
  assert.deepEqual([delivery?.files.map(({ name }) => name).toSorted(), more], [['b', 'd/report'], []])
  const [receipt] = await receipts(delivery?.run)
  assert.equal(receipt?.result, 'success')
  const details = receipt?.['details'] as Record<string, unknown>
  for (const { name, sha256 } of delivery?.files ?? [])
    assert.ok(String(details['sha256']).includes(`${sha256} ${name}`), 'the receipt names every file')
  const shown = await home.command(['outbox', 'show', 'good'])
  assert.match(shown.stdout, /d\/report/)
  const folder = join(home.workspace, 'results')
  const taken = await home.command(['outbox', 'take', 'good', folder])
  assert.equal(taken.code, 0, taken.stderr)
  assert.equal(readFileSync(join(folder, 'd/report'), 'utf8'), 'found\n')
  assert.equal(statSync(join(folder, 'd/report')).mode & 0o111, 0, 'it could be run')
  assert.deepEqual(await waiting('good'), [])
  const again = await home.command(['outbox', 'take', 'good', `${folder}-2`])
  assert.equal(again.code, 4)
  assert.ok(!existsSync(`${folder}-2`))
})

test('links, secrets and triggers do not come out, nor anything beside them, and that is said and on record', async (t) => {
  for (const [script, why] of [
    ['echo x > /outbox/good; ln -s /etc/passwd /outbox/link', /link: it is a/],
    ['mkdir /outbox/.git; echo x > /outbox/.git/config', /programs of the host act on \.git/],
    [
      'echo x > /outbox/good; echo "password=hunter2hunter2" > /outbox/note',
      /note: it holds what looks like a secret/,
    ],
    [
      'head -c 1100000 /dev/zero > /outbox/big; echo " ghp_abcdefghijklmnopqrstuvwx" >> /outbox/big',
      /big: it holds what looks like a secret/,
    ],
    ['mkfifo /outbox/pipe', /pipe: it is a/],
  ] as const) {
    const done = await task(t, script, 'leaker')
    if (done === undefined) return
    assert.equal(done.code, 0, done.stderr)
    assert.match(done.stderr, why, script)
    assert.doesNotMatch(done.stderr, /hunter2|ghp_/)
    assert.deepEqual(await waiting('leaker'), [], script)
    const [receipt] = (await receipts()).toReversed()
    assert.equal(receipt?.result, 'violation', script)
  }
  const left = join(home.state, 'outbox')
  assert.deepEqual(existsSync(left) ? readdirSync(left) : [], [], 'something of them was kept')
})

test('results are never put where Warder keeps its own, nor over what is there', async (t) => {
  const done = await task(t, 'echo x > /outbox/good', 'placer')
  if (done === undefined) return
  assert.equal(done.code, 0, done.stderr)
  mkdirSync(join(home.home, 'there'))
  for (const place of [
    join(home.state, 'results'),
    join(home.home, '.config/warder/results'),
    join(home.home, 'there'),
    '/nowhere/at/all',
  ]) {
    const { code, stderr } = await home.warder(['outbox', 'take', 'placer', place])
    assert.notEqual(code, 0, `${place}\n${stderr}`)
  }
  assert.equal((await waiting('placer')).length, 1, 'they wait all the same')
  rmSync(join(home.home, 'there'), { recursive: true })
})

test('what a killed task left does not come out', async (t) => {
  const child = home.start([
    'run',
    '--profile',
    'container',
    '--agent',
    'killed',
    '--',
    '/bin/sh',
    '-c',
    'echo x > /outbox/half; echo ready; sleep 91',
  ])
  const said = await new Promise<string>((done) => {
    let all = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      all += String(chunk)
      if (all.includes('ready')) done(all)
    })
    child.once('close', () => done(all))
  })
  if (!said.includes('ready')) return t.skip('containers cannot be made here: NOT tried')
  const closed = new Promise((done) => child.once('close', done))
  assert.equal((await home.warder(['stop', 'killed', '--reason', 'enough'])).code, 0)
  await closed
  assert.deepEqual(await waiting('killed'), [])
  await home.command(['resume', 'killed'])
})
