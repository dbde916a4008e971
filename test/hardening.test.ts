import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

const FLAGS = ['--disallow-code-generation-from-strings', '--disable-proto=throw']

test('the launcher switches off code from strings and the prototype accessor', () => {
  const launcher = readFileSync('bin/warder', 'utf8')
  for (const flag of FLAGS) assert.ok(launcher.includes(flag), `bin/warder lacks ${flag}`)
})

test('a program under these flags cannot turn text into code', (t) => {
  const home = mkdtempSync(join(tmpdir(), 'warder-'))
  t.after(() => rmSync(home, { recursive: true }))
  for (const attempt of [`new Function('return 1')`, `eval('1')`, `(() => {}).constructor('return 1')`]) {
    const run = (flags: string[]) =>
      spawnSync(
        process.execPath,
        [...flags, '--input-type=module', '-e', `${attempt}; console.log('made code')`],
        {
          encoding: 'utf8',
          cwd: home,
        },
      )
    assert.match(run([]).stdout, /made code/, 'the attempt itself must work without the flags')
    const { status, stdout, stderr } = run(FLAGS)
    assert.notEqual(status, 0)
    assert.doesNotMatch(stdout, /made code/)
    assert.match(stderr, /Code generation from strings disallowed/)
  }
})
