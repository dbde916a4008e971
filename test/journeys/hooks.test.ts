import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { house } from '../kit/house.ts'

const home = house({ after })

interface Done {
  readonly path: string
  readonly changed: boolean
  readonly alive: boolean
  readonly why: string
  readonly diff: readonly string[]
}

function project(name: string): string {
  const path = join(home.home, name)
  mkdirSync(path)
  return path
}

const MINE =
  '{\n  // mine\n  "permissions": { "deny": ["WebFetch"], },\n  "hooks": { "Stop": [ { "hooks": [] } ] }\n}\n'

test('each coding agent’s settings are set up, alive, the same when done twice, and put back byte for byte', async () => {
  const files = {
    'claude-code': '.claude/settings.json',
    codex: '.codex/hooks.json',
    cursor: '.cursor/hooks.json',
    vscode: '.github/hooks/warder.json',
  }
  for (const [harness, file] of Object.entries(files)) {
    const place = project(`of-${harness}`)
    const path = join(place, file)
    const set = await home.warder(['setup', harness, '--project', place, '--json'])
    assert.equal(set.code, 0, `${set.stdout}${set.stderr}`)
    const done = set.json<Done>()
    assert.deepEqual([done.path, done.changed, done.alive], [path, true, true], done.why)
    const written = readFileSync(path, 'utf8')
    assert.match(written, /\|\| exit 2"/)
    const again = (await home.warder(['setup', harness, '--project', place, '--json'])).json<Done>()
    assert.deepEqual([again.changed, again.alive, readFileSync(path, 'utf8')], [false, true, written])
    const back = await home.warder(['setup', '--remove', harness])
    assert.equal(back.code, 0, back.stderr)
    assert.equal(existsSync(path), false)
    assert.equal(
      existsSync(join(place, file.split('/')[0] ?? '')),
      false,
      'nor the directory that was made for it',
    )
  }
})

test('what stands in the settings stays: comments, other hooks, mode, and the link they are', async () => {
  const place = project('kept')
  mkdirSync(join(place, '.claude'))
  const real = join(home.home, 'dotfiles.json')
  writeFileSync(real, MINE)
  chmodSync(real, 0o640)
  const path = join(place, '.claude/settings.json')
  symlinkSync(real, path)
  const dry = (
    await home.warder(['setup', 'claude-code', '--project', place, '--dry-run', '--json'])
  ).json<Done>()
  assert.ok(dry.diff.some((line) => line.startsWith('+ ')))
  assert.equal(readFileSync(real, 'utf8'), MINE, 'nothing was changed yet')
  assert.equal((await home.warder(['setup', 'claude-code', '--project', place])).code, 0)
  const written = readFileSync(real, 'utf8')
  assert.ok(
    written.startsWith(
      '{\n  // mine\n  "permissions": { "deny": ["WebFetch"], },\n  "hooks": { "Stop": [ { "hooks": [] } ],',
    ),
  )
  assert.equal(statSync(real).mode & 0o777, 0o640)
  // somebody goes on working in the file: then only what is ours goes
  writeFileSync(real, written.replace('"WebFetch"', '"WebFetch", "Task"'))
  assert.equal((await home.warder(['setup', '--remove', 'claude-code', '--project', place])).code, 0)
  const left = readFileSync(real, 'utf8')
  assert.doesNotMatch(left, /warder|native\/hook|PreToolUse/)
  assert.match(left, /\/\/ mine[^]*"WebFetch", "Task"[^]*"Stop": \[ \{ "hooks": \[\] \} \]/)
})

test('settings that are not in order are left alone, and the place is named', async () => {
  const place = project('broken')
  mkdirSync(join(place, '.claude'))
  const path = join(place, '.claude/settings.json')
  writeFileSync(path, '{ "hooks": ')
  const set = await home.warder(['setup', 'claude-code', '--project', place])
  assert.equal(set.code, 2)
  assert.match(set.stderr, /settings\.json cannot be changed: a value is missing at character 12/)
  assert.equal(readFileSync(path, 'utf8'), '{ "hooks": ')
  assert.equal((await home.warder(['setup', 'nobody'])).code, 2)
  assert.equal((await home.warder(['setup', '--remove', 'codex'])).code, 4)
})

interface Checks {
  readonly checks: readonly {
    readonly check: string
    readonly state: string
    readonly why: string
    readonly fix?: string
  }[]
}

async function hookCheck(): Promise<Checks['checks'][number]> {
  const { checks } = (await home.command(['doctor', '--json'])).json<Checks>()
  const [found] = checks.filter(({ check }) => check === 'hooks of claude-code')
  assert.ok(found)
  return found
}

test('doctor tells of a hook that is misspelt, switched off, or gone, and how to mend it', async () => {
  const place = project('checked')
  assert.equal((await home.warder(['setup', 'claude-code', '--project', place])).code, 0)
  const path = join(place, '.claude/settings.json')
  const written = readFileSync(path, 'utf8')
  assert.equal((await hookCheck()).state, 'ok')
  const broken: readonly (readonly [string, RegExp])[] = [
    [written.replace('/native/hook', '/native/hooc'), /PreToolUse|SessionStart|PostToolUse/],
    [written.replace('"PreToolUse"', '"PreToolUsee"'), /at PreToolUse/],
    [written.replace('"matcher": "*"', '"matcher": "bash"'), /at PreToolUse/],
    [written.replace('{\n', '{\n  "disableAllHooks": true,\n'), /disableAllHooks/],
  ]
  for (const [text, why] of broken) {
    writeFileSync(path, text)
    const found = await hookCheck()
    assert.equal(found.state, 'fail')
    assert.match(found.why, why)
    assert.ok(found.fix)
  }
  writeFileSync(path, written)
  assert.equal((await hookCheck()).state, 'ok')
})
