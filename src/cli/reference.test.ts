import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadAll } from './command.ts'
import { COMMANDS } from './commands/index.ts'
import { EXIT, EXIT_MEANINGS } from './exit.ts'
import { GLOBALS } from './globals.ts'
import { manPages } from './man.ts'
import { optionName } from './param.ts'
import { cliReference } from './reference.ts'
import { TOPICS } from './topics.ts'

test('every command has the name it is registered under, an example of itself, and options of its own', async () => {
  const globals = new Set(Object.keys(GLOBALS))
  const shorts = Object.values(GLOBALS).flatMap((param) => ('short' in param ? [param.short] : []))
  for (const [name, load] of Object.entries(COMMANDS)) {
    const command = await load()
    assert.equal(command.name, name)
    assert.ok(command.about.length > 10 && !command.about.endsWith('.'), name)
    assert.ok(command.examples.some(({ run }) => run.includes(`warder ${name}`)) || name === 'version', name)
    for (const [key, param] of Object.entries(command.options)) {
      assert.ok(
        !globals.has(key) || param === GLOBALS[key as keyof typeof GLOBALS],
        `${name} ${optionName(key)}`,
      )
      assert.ok(param.short === undefined || !shorts.includes(param.short), `${name} -${param.short}`)
    }
  }
})

test('there is a man page for each command and topic, and one that names them all', async () => {
  const commands = await loadAll(COMMANDS)
  const pages = new Map(manPages(commands, '1.2.3').map(({ file, text }) => [file, text]))
  assert.equal(pages.size, commands.length + Object.keys(TOPICS).length + 1)
  const first = pages.get('warder.1') ?? ''
  for (const { name, about } of commands) {
    assert.ok(pages.has(`warder-${name.replaceAll(' ', '-')}.1`))
    assert.ok(first.includes(about.replaceAll('-', '\\-').replaceAll('’', "'")), name)
  }
  for (const text of pages.values()) {
    assert.match(text, /^\.TH "WARDER.*" 1 "" "warder 1\.2\.3" "Warder"\n\.ad l\n\.SH NAME\n/)
    // a line that begins with a dot is a request, and we make only these
    const requests = text.split('\n').filter((line) => /^[.']/.test(line))
    assert.deepEqual(
      requests.filter((line) => !/^\.(TH|ad|SH|PP|TP|nf|fi|B|BR)\b/.test(line)),
      [],
    )
  }
})

test('the reference has every command, option, exit code and topic', async () => {
  const commands = await loadAll(COMMANDS)
  const text = cliReference(commands)
  for (const { name, options } of commands) {
    assert.ok(text.includes(`\n## warder ${name}\n`), name)
    for (const key of Object.keys(options)) assert.ok(text.includes(optionName(key)), `${name} ${key}`)
  }
  for (const name of Object.keys(TOPICS)) assert.ok(text.includes(`## Topic: ${name}`))
  for (const [name, code] of Object.entries(EXIT)) {
    assert.ok(text.includes(`- \`${code}\`: ${EXIT_MEANINGS[name as keyof typeof EXIT]}`), name)
  }
})

test('no two exit codes are the same', () => {
  const codes = Object.values(EXIT)
  assert.equal(new Set(codes).size, codes.length)
})
