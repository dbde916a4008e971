import assert from 'node:assert/strict'
import { linkSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { house } from '../kit/house.ts'
import { configure, owner, refused } from '../kit/owner.ts'

// Other names for a path that policy speaks of, in questions to the gate and in real sandboxes.

const home = house({ after })
configure(
  home,
  'policy.yaml',
  `version: 1
rules:
  - {id: data, agents: [reader], effect: allow, capabilities: ["fs:read:/srv/data/**"], reason: the data}
  - {id: not-private, agents: [reader], effect: deny, capabilities: ["fs:read:/srv/data/private/**"], reason: private}
  - {id: one-host, agents: [reader], effect: allow, capabilities: ["net:connect:api.example.org:443"], reason: the api}
`,
)
const me = await owner({ after }, home)

async function ruling(capability: string): Promise<[string, string]> {
  const { decision } = await me.call('decide', { as: 'reader', capability })
  assert.equal(decision.layer, 'policy')
  return [decision.effect, decision.rule]
}

test('no other spelling of a path gets past a rule', async () => {
  assert.deepEqual(await ruling('fs:read:/srv/data/report'), ['allow', 'rule.data'])
  assert.deepEqual(await ruling('fs:read:/srv/data/private/key'), ['deny', 'rule.not-private'])
  const refusals: Readonly<Record<string, readonly string[]>> = {
    'resource.invalid': [
      '/srv/data/../secret',
      '/srv/data/./report',
      '/srv/data/x/../private/key',
      '/srv/data//private/key',
      '//srv/data/report',
      '/srv/data/report/',
      'srv/data/report',
      './srv/data/report',
      '../srv/data/report',
      '/srv/data/\\..\\private',
      `/srv/data/${'x'.repeat(300)}`,
      `/srv/data/\u0085`,
    ],
    default: [
      '/srv/database/report',
      '/srv/data2',
      '/srv/dat',
      '/srv',
      '/srv/DATA/report',
      '/SRV/data/report',
      '/srv%2fdata/report',
      '/srv/data%2f..%2fsecret',
      '/srv/dаta/report', // a Cyrillic letter
    ],
    'rule.not-private': ['/srv/data/private', '/srv/data/private/a/b'],
    'exclusion.shadow': ['/etc/shadow', '/etc/SHADOW', '/ETC/shadow'],
  }
  for (const [rule, paths] of Object.entries(refusals)) {
    for (const path of paths) assert.deepEqual(await ruling(`fs:read:${path}`), ['deny', rule], path)
  }
  for (const path of ['/srv/data/\0', '/srv/data/x\n/y', '/srv/data/\u001b[2J']) {
    await refused(me.call('decide', { as: 'reader', capability: `fs:read:${path}` }), 'CAPABILITY_INVALID')
  }
  // percent signs are letters of a name, never decoded into a slash
  assert.deepEqual(await ruling('fs:read:/srv/data/%2e%2e/x'), ['allow', 'rule.data'])
})

test('no other spelling of a host gets past a rule', async () => {
  for (const host of ['api.example.org:443', 'API.example.org:443', 'api.example.org.:443'])
    assert.deepEqual(await ruling(`net:connect:${host}`), ['allow', 'rule.one-host'], host)
  for (const host of [
    'api.example.org:80',
    'xapi.example.org:443',
    'api.example.org.evil.test:443',
    '1.2.3.4:443',
  ])
    assert.deepEqual(await ruling(`net:connect:${host}`), ['deny', 'default'], host)
  for (const host of [
    'api.example.org@evil.test:443',
    'api.example.org:443/x',
    '0x7f.1:443',
    '127.1:443',
    'аpi.example.org:443',
    'api.example.org:0443',
  ])
    assert.deepEqual(await ruling(`net:connect:${host}`), ['deny', 'resource.invalid'], host)
})

/** A place with what was granted, and beside it what was not. */
function place() {
  const root = mkdtempSync(join(home.home, 'srv-'))
  for (const name of ['data', 'database', 'Data', 'secret']) {
    mkdirSync(join(root, name))
    writeFileSync(join(root, name, 'file'), `${name} content\n`)
  }
  return root
}

const cat = (...paths: string[]) => ['/bin/sh', '-c', paths.map((path) => `cat '${path}'`).join('\n')]

test('a grant of one directory shows that one: not its twins, not what lies above or beside', async () => {
  const root = place()
  const argv = cat(
    ...[`${root}/data/file`, `${root}/database/file`, `${root}/Data/file`, `${root}/secret/file`],
    ...[`${root}/data/../secret/file`, `${root}//secret//file`, `${root}/data/./../database/file`],
  )
  const run = await me.open({ argv, agent: 'neighbour', grants: [`fs:read:${root}/data/**`] })
  assert.equal((await me.attach(run.permit)).stdout, 'data content\n')
})

test('a grant of one file shows that file', async () => {
  const root = place()
  const argv = cat(`${root}/data/file`, `${root}/secret/file`)
  const run = await me.open({ argv, agent: 'one-file', grants: [`fs:read:${root}/data/file`] })
  assert.equal((await me.attach(run.permit)).stdout, 'data content\n')
})

test('links inside what was granted lead nowhere outside of it', async () => {
  const root = place()
  symlinkSync(join(root, 'secret/file'), join(root, 'data/link'))
  symlinkSync(join(root, 'secret'), join(root, 'data/directory'))
  symlinkSync('../secret/file', join(home.workspace, 'relative'))
  symlinkSync(join(root, 'secret/file'), join(home.workspace, 'absolute'))
  const argv = cat(
    ...[`${root}/data/file`, `${root}/data/link`, `${root}/data/directory/file`],
    ...['relative', 'absolute', '/proc/self/root/etc/shadow', `/proc/1/root${root}/secret/file`],
  )
  const run = await me.open({ argv, agent: 'linker', grants: [`fs:read:${root}/data/**`] })
  assert.equal((await me.attach(run.permit)).stdout, 'data content\n')
})

test('a rule about what a link leads to is not avoided by a grant of the link', async () => {
  const root = place()
  const link = join(root, 'innocent')
  symlinkSync('/etc/shadow', link)
  const argv = cat(`${root}/data/file`, link, '/etc/shadow')
  const run = await me.open({
    argv,
    agent: 'by-link',
    grants: [`fs:read:${link}`, `fs:read:${root}/data/file`],
  })
  assert.equal((await me.attach(run.permit)).stdout, 'data content\n')
})

test('a path that is swapped between the decision and the start shows nothing else', async () => {
  for (const target of ['secret', 'secret/file']) {
    const root = place()
    const granted = target === 'secret' ? `${root}/data` : `${root}/data/file`
    const pattern = target === 'secret' ? `${granted}/**` : granted
    const argv = cat(`${root}/data/file`)
    const open = () => me.open({ argv, agent: 'swapper', grants: [`fs:read:${pattern}`] })
    assert.equal((await me.attach((await open()).permit)).stdout, 'data content\n')
    const { permit } = await open()
    renameSync(granted, `${granted}.kept`)
    symlinkSync(join(root, target), granted)
    const { message } = await refused(me.attach(permit), 'SANDBOX_CHANGED')
    assert.doesNotMatch(message, /secret content/)
  }
  const workspace = place()
  const { permit } = await me.open({ argv: cat('file'), agent: 'swapper', workspace: `${workspace}/data` })
  rmSync(`${workspace}/data`, { recursive: true })
  symlinkSync(`${workspace}/secret`, `${workspace}/data`)
  await refused(me.attach(permit), 'SANDBOX_CHANGED')
})

test('a hard link made inside can only be of what is there already', async () => {
  const root = place()
  linkSync(join(root, 'data/file'), join(root, 'data/second'))
  const script = `ln '${root}/secret/file' here; ln /etc/shadow here; ln '${root}/data/file' here; cat here '${root}/data/second'`
  const run = await me.open({
    argv: ['/bin/sh', '-c', script],
    agent: 'hard-linker',
    grants: [`fs:read:${root}/data/**`],
  })
  assert.equal((await me.attach(run.permit)).stdout, 'data content\n') // the one, by its own name; no new one
})
