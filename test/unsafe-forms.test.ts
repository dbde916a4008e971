/** Programs are started by lists of arguments. Whoever writes another way learns it here, and the rules are seen to fire. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { unsafeForms } from '../scripts/unsafe-forms.ts'
import { sources, withoutComments } from './kit/imports.ts'

const STARTERS = /\b(?:spawn|spawnSync|execFile|execFileSync)\s*\(/

test('no source starts a program through a shell, or from text put together', () => {
  const all = [...sources('src'), ...sources('scripts')].filter(
    ({ file }) => file !== 'scripts/unsafe-forms.ts',
  )
  assert.ok(all.filter(({ text }) => STARTERS.test(text)).length > 5, 'the calls were not found')
  const forms = all.flatMap(({ file, text }) => unsafeForms(file, withoutComments(text)))
  assert.deepEqual(forms, [])
})

test('each unsafe form is seen, however it is written, and safe ones are left alone', () => {
  for (const text of [
    `spawn('ls', [], { shell: true })`,
    `spawnSync("ls", ["-l"], {\n  cwd,\n  shell: options.shell,\n})`,
    `execFile('ls', [name(")")], { shell })`,
    `const options = { shell: true }`,
    `const options = { 'shell': '/bin/sh' }`,
    `options.shell = true`,
    `options['shell'] = "/bin/bash"`,
    `spawn('/bin/sh', ['-c', \`ls \${name}\`])`,
    `const argv = ['bash', '-lc', 'ls ' + name]`,
    `run('/bin/sh', ["-c", script + name])`,
    'spawn(`${directory}/tool`, [])',
    `execFileSync(directory + '/tool', [])`,
    `require('child_process')`,
    `await import('node:child_process')`,
    `import { runInThisContext } from 'node:vm'`,
    `process.getBuiltinModule("node:vm")`,
  ]) {
    assert.equal(unsafeForms('x.ts', text).length > 0, true, text)
  }
  for (const text of [
    `spawn('/bin/ls', ['-l', name], { env: {} })`,
    `const shell: Shell = shells[0]`,
    `args: { shell: choice('the shell', SHELLS) }`,
    `execFile('/bin/echo', ['shell', ')'])`,
    'spawn(`/proc/self/fd/${PROGRAM}`, [])',
    `const argv = ['/bin/sh', '-c', 'trap "" TERM; sleep 1']`,
    `import { spawn } from 'node:child_process'`,
    `const runs = shell + '(spawn)'`,
  ]) {
    assert.deepEqual(unsafeForms('x.ts', text), [], text)
  }
  assert.equal(unsafeForms('x.ts', `a\n\nspawn('x', { shell: 1 })`)[0]?.line, 3)
})

test('the linter refuses what starts a shell, and lets spawn pass', (t) => {
  for (const [text, name] of [
    [`import { exec } from 'node:child_process'\nexec('ls')\n`, 'exec'],
    [`import { execSync as quiet } from 'node:child_process'\nquiet('ls')\n`, 'execSync'],
    [`import * as processes from 'node:child_process'\nprocesses.exec('ls')\n`, 'child_process'],
    [`import processes from 'node:child_process'\nprocesses.exec('ls')\n`, 'default'],
    [`import { spawn } from 'child_process'\nspawn('ls')\n`, 'child_process'],
    [`export { exec } from 'node:child_process'\n`, 'exec'],
  ] as const) {
    const { status, stdout } = lint(t, text)
    assert.notEqual(status, 0, text)
    assert.match(stdout, /no-restricted-imports/, text)
    assert.ok(stdout.includes(name), text)
  }
  const fine = lint(t, `import { spawn } from 'node:child_process'\nspawn('/bin/ls', [])\n`)
  assert.equal(fine.status, 0, fine.stdout)
})

function lint(t: TestContext, text: string): { status: number | null; stdout: string } {
  const place = mkdtempSync(join(tmpdir(), 'lint-'))
  t.after(() => rmSync(place, { recursive: true, force: true }))
  const file = join(place, 'sample.ts')
  writeFileSync(file, text)
  return spawnSync(process.execPath, ['node_modules/oxlint/bin/oxlint', '-c', '.oxlintrc.json', file], {
    encoding: 'utf8',
  })
}
