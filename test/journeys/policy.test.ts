import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { house } from '../kit/house.ts'

const home = house({ after })
const FILE = join(home.home, '.config/warder/policy.yaml')

const POLICY = `version: 1
agents:
  builder:
    role_preset: task
rules:
  - id: data
    agents: [builder]
    effect: allow
    capabilities: ["fs:read:/srv/data/**"]
    reason: the builder reads the data
  - id: no-secrets
    agents: ["*"]
    effect: deny
    capabilities: ["fs:*:/srv/data/secret/**"]
    reason: nobody reads these
`

interface Explained {
  readonly decision: { readonly effect: string; readonly rule: string }
  readonly change?: { readonly command?: string; readonly patch?: string }
}

async function explain(agent: string, capability: string): Promise<Explained & { code: number | null }> {
  const asked = await home.command(['policy', 'explain', agent, capability, '--json'])
  return { code: asked.code, ...asked.json<Explained>() }
}

test('policy init writes a starter that passes its own check, and keeps what is there', async () => {
  const made = await home.command(['policy', 'init', '--json'])
  assert.deepEqual(made.json(), { path: FILE, written: true })
  const checked = await home.command(['policy', 'check', FILE, '--strict', '--json'])
  assert.equal(checked.code, 0, checked.stdout)
  assert.deepEqual(checked.json()['findings'], [])
  writeFileSync(FILE, POLICY, { mode: 0o600 })
  assert.equal((await home.command(['policy', 'init', '--json'])).json()['written'], false)
  assert.equal(readFileSync(FILE, 'utf8'), POLICY)
})

test('policy reload puts the file in force, and policy show gives it back', async () => {
  const reloaded = await home.command(['policy', 'reload', '--json'])
  assert.equal(reloaded.code, 0, reloaded.stderr)
  assert.deepEqual([reloaded.json()['changed'], reloaded.json()['rules']], [true, 2])
  const shown = await home.command(['policy', 'show', '--json'])
  assert.equal(shown.json()['text'], POLICY)
  assert.equal(shown.json()['digest'], reloaded.json()['digest'])
  const text = await home.command(['policy', 'show'])
  assert.equal(text.stdout, POLICY)
})

test('policy explain names the rule, and exits 0 or 3', async () => {
  const allowed = await explain('builder', 'fs:read:/srv/data/a.csv')
  assert.deepEqual([allowed.code, allowed.decision.rule], [0, 'rule.data'])
  const denied = await explain('builder', 'fs:read:/srv/data/secret/key')
  assert.deepEqual([denied.code, denied.decision.rule], [3, 'rule.no-secrets'])
  const nobody = await explain('other', 'fs:read:/srv/data/a.csv')
  assert.deepEqual([nobody.code, nobody.decision.rule], [3, 'default'])
})

test('the patch it proposes, applied with patch, makes the action allowed', async (t) => {
  if (!existsSync('/usr/bin/patch')) return t.skip('patch is not on this machine: the patch was NOT applied')
  const capability = 'fs:read:/srv/reports/q1.txt'
  const before = await explain('builder', capability)
  assert.equal(before.code, 3)
  const applied = spawnSync('patch', ['-p0', FILE], { input: before.change?.patch ?? '', encoding: 'utf8' })
  assert.equal(applied.status, 0, applied.stdout + applied.stderr)
  assert.equal((await home.command(['policy', 'reload'])).code, 0)
  assert.equal((await explain('builder', capability)).code, 0)
  assert.equal((await explain('builder', 'fs:read:/srv/reports/q2.txt')).code, 3)
})

test('the command it proposes, typed into a shell, makes the action allowed', async () => {
  for (const capability of ['fs:read:/srv/one/x', "fs:read:/srv/it's here/x"]) {
    const { change, code } = await explain('builder', capability)
    assert.equal(code, 3)
    const line = change?.command?.replace(/^warder /, '') ?? ''
    const words = spawnSync('sh', ['-c', `printf '%s\\0' ${line}`], { encoding: 'utf8' })
    const granted = await home.warder(words.stdout.split('\0').slice(0, -1))
    assert.equal(granted.code, 0, `${change?.command}: ${granted.stderr}`)
    assert.equal((await explain('builder', capability)).code, 0)
  }
})

test('a rule that denies is not to be overcome by a grant, and the answer says so', async () => {
  const { change } = await explain('builder', 'fs:read:/srv/data/secret/key')
  assert.equal(change?.command, undefined)
  const granted = ['grant', 'add', 'builder', 'fs:read:/srv/data/secret/key', '--reason', 'try']
  await home.warder(granted)
  assert.equal((await explain('builder', 'fs:read:/srv/data/secret/key')).code, 3)
})

test('policy check finds each thing that does not do what it seems to, at its line and column', async () => {
  const file = join(home.workspace, 'odd.yaml')
  const rule = (id: string, rest: string) => `  - {id: ${id}, ${rest}, reason: r}\n`
  writeFileSync(
    file,
    `version: 1\nrules:\n${[
      rule('wide', 'agents: ["*"], effect: deny, capabilities: ["fs:read:/srv/**"]'),
      rule('dead', 'agents: ["*"], effect: allow, capabilities: ["fs:read:/srv/a"]'),
      rule('first', 'agents: ["*"], effect: allow, capabilities: ["fs:read:/opt/x/**"]'),
      rule('again', 'agents: ["*"], effect: allow, capabilities: ["fs:read:/opt/x/y"]'),
      rule('hosts', 'agents: ["*"], effect: allow, capabilities: ["net:connect:example.org:443"]'),
      rule('shell', 'agents: ["*"], effect: allow, capabilities: ["fs:read:/opt/z/[ab]"]'),
    ].join('')}`,
  )
  const { code, json } = await home.command(['policy', 'check', file, '--json'])
  assert.equal(code, 0)
  const { findings } = json<{ findings: { kind: string; rule: string; where: string; fix: string }[] }>()
  const found = findings.map(({ kind, rule: id, where }) => `${where.replace(file, '')} ${kind} ${id}`)
  for (const expected of [
    /^:4:\d+ unreachable rule\.dead$/,
    /^:6:\d+ shadowed rule\.again$/,
    /^:7:\d+ not_enforceable rule\.hosts$/,
    /^:8:\d+ suspicious rule\.shell$/,
  ])
    assert.ok(
      found.some((line) => expected.test(line)),
      `${expected} in\n${found.join('\n')}`,
    )
  assert.ok(findings.every(({ fix }) => fix !== ''))
  assert.equal((await home.warder(['policy', 'check', file, '--strict'])).code, 2)
})

test('a file with an error is refused whole, with line and column, and the one in force stays', async () => {
  const before = (await home.command(['policy', 'show', '--json'])).json()['digest']
  for (const [broken, place] of [
    [POLICY.replace('effect: allow', 'effect: alow'), ':8:'],
    [POLICY.replace('agents: [builder]', 'agent: [builder]'), ':7:'],
    [POLICY.replace('fs:read:/srv/data', 'fs:raed:/srv/data'), ':9:'],
    [POLICY.replace('id: no-secrets', 'id: data'), ':11:'],
  ] as const) {
    writeFileSync(FILE, broken, { mode: 0o600 })
    for (const command of [
      ['policy', 'reload'],
      ['policy', 'check', FILE],
      ['policy', 'check'],
    ]) {
      const refused = await home.command([...command, '--json'])
      assert.equal(refused.code, 2, refused.stdout)
      const { where } = refused.json<{ error: { where: string } }>().error
      assert.ok(where.startsWith(`${FILE}${place}`), `${where} is not ${place}`)
    }
  }
  assert.equal((await home.command(['policy', 'show', '--json'])).json()['digest'], before)
})

test('policy check reads the file as it lies there, and says when that is not what is in force', async () => {
  const notYet = /not in force yet: warder policy reload/
  writeFileSync(FILE, `${POLICY}# edited\n`, { mode: 0o600 })
  const edited = await home.command(['policy', 'check'])
  assert.deepEqual([edited.code, edited.stdout], [0, ''])
  assert.match(edited.stderr, /: 2 rules, nothing to remark/)
  assert.match(edited.stderr, notYet)
  assert.equal((await home.command(['policy', 'reload'])).code, 0)
  assert.doesNotMatch((await home.command(['policy', 'check'])).stderr, notYet)
  rmSync(FILE)
  const gone = await home.command(['policy', 'check'])
  assert.equal(gone.code, 2)
  assert.match(gone.stderr, /there is no policy file .*\n.*\n {2}fix: warder policy init/)
  writeFileSync(FILE, POLICY, { mode: 0o600 })
  assert.equal((await home.command(['policy', 'reload'])).code, 0)
})

test('a table of expectations is held against a policy: exit 0 when met, 8 when not', async () => {
  const policy = join(home.workspace, 'new.yaml')
  writeFileSync(policy, POLICY)
  const file = join(home.workspace, 'expectations.yaml')
  const line = (action: string, expect: string, rule = '') =>
    `- {agent: builder, action: "${action}", expect: ${expect}${rule === '' ? '' : `, rule: ${rule}`}}\n`
  writeFileSync(
    file,
    line('fs:read:/srv/data/a', 'allow', 'data') +
      line('fs:read:/srv/data/secret/a', 'deny', 'no-secrets') +
      line('fs:write:/srv/data/a', 'deny', 'default'),
  )
  const met = await home.command(['policy', 'test', file, '--policy', policy, '--json'])
  assert.equal(met.code, 0, met.stdout)
  assert.deepEqual([met.json()['passed'], met.json()['failed']], [3, 0])
  writeFileSync(file, line('fs:write:/srv/data/a', 'allow') + line('fs:read:/srv/data/a', 'allow', 'other'))
  const unmet = await home.warder(['policy', 'test', file, '--policy', policy, '--json'])
  assert.equal(unmet.code, 8)
  const { cases } = unmet.json<{ cases: { ok: boolean; got: string; where: string }[] }>()
  assert.deepEqual(
    cases.map(({ ok, got }) => [ok, got]),
    [
      [false, 'deny'],
      [false, 'allow'],
    ],
  )
  writeFileSync(file, '- {agent: builder, action: nonsense, expect: allow}\n')
  assert.equal((await home.warder(['policy', 'test', file])).code, 2)
})

test('policy import takes over what another gate allowed, and never writes over a policy that changed meanwhile', async () => {
  writeFileSync(FILE, POLICY, { mode: 0o600 })
  const approvals = join(home.home, 'exec-approvals.json')
  const agents = { builder: { allowlist: [{ pattern: '/usr/bin/git' }, { pattern: 'make' }] } }
  writeFileSync(approvals, JSON.stringify({ version: 1, socket: { token: 'token-0123456789' }, agents }))
  const shown = await home.command(['policy', 'import', approvals, '--json'])
  assert.equal(shown.code, 0, shown.stderr)
  const { before, rules } = shown.json<{ before: string; rules: string[] }>()
  assert.deepEqual(rules, ['imported-builder-allow'])
  assert.match(shown.stderr, /not taken over: agents\.builder\.allowlist "make": it is no absolute path/)
  assert.doesNotMatch(shown.stdout + shown.stderr, /0123456789/)
  assert.equal(readFileSync(FILE, 'utf8'), POLICY, 'looking changes nothing')
  const edited = POLICY.replace('/srv/data/secret', '/srv/data/key')
  writeFileSync(FILE, edited, { mode: 0o600 })
  const late = await home.command(['policy', 'import', approvals, '--write', '--if', before])
  assert.equal(late.code, 5, late.stdout)
  assert.match(late.stderr, /is not what it was when it was looked at/)
  assert.equal(readFileSync(FILE, 'utf8'), edited)
  const written = await home.command(['policy', 'import', approvals, '--write'])
  assert.equal(written.code, 0, written.stderr)
  assert.equal(readFileSync(`${FILE}.old`, 'utf8'), edited)
  assert.equal((await home.command(['policy', 'check', FILE, '--strict'])).code, 0)
  assert.equal((await home.command(['policy', 'reload'])).code, 0)
  assert.equal((await explain('builder', 'process:spawn:/usr/bin/git')).decision.effect, 'allow')
  assert.equal((await explain('builder', 'process:spawn:/usr/bin/make')).decision.effect, 'deny')
})
