/** The pages that are written by hand say nothing the program does not know. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { COMMANDS } from '../src/cli/commands/index.ts'
import { parseCommand } from '../src/cli/parse.ts'
import { environmentName, SETTING_KEYS } from '../src/platform/settings.ts'
import { GENERATED } from '../scripts/generated.ts'

const WRITTEN_BY_HAND = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...globSync('{docs,changes}/**/*.md'),
].filter((page) => !GENERATED.some(({ path }) => path === page) || page === 'docs/threat-model.md')

test('every WARDER_ variable a page names is a setting', () => {
  const known = new Set(SETTING_KEYS.map(environmentName))
  assert.deepEqual(
    mentions(/\bWARDER_[A-Z_]+\b/g).filter(({ text }) => !known.has(text)),
    [],
  )
})

test('every command a page shows exists', () => {
  const names = Object.keys(COMMANDS)
  const shown = mentions(/(?:^|`)(?:bin\/)?warder ([a-z][a-z-]*(?: [a-z][a-z-]*){0,2})/gm)
  assert.ok(shown.length > 5, 'no command was found')
  // what follows a command may be one of its arguments; a noun alone shows its verbs
  const isKnown = (text: string) =>
    names.some((name) => name.startsWith(`${text} `)) ||
    text.split(' ').some((_, at, words) => names.includes(words.slice(0, at + 1).join(' ')))
  assert.deepEqual(
    shown.filter(({ text }) => !isKnown(text)),
    [],
  )
})

test('every command line of the README is one that Warder takes', async () => {
  const blocks = [...readFileSync('README.md', 'utf8').matchAll(/```sh\n([^]*?)```/g)].map(([, text]) => text)
  const lines = blocks.join('\n').split(/[\n;]/)
  const shown = lines.map((line) => line.replace(/ # .*$/, '').trim()).filter((line) => /^warder /.test(line))
  assert.ok(shown.length > 20, 'no command was found')
  for (const line of shown) {
    const words = [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
      (found) => found[1] ?? found[2] ?? found[3] ?? '',
    )
    const [name = ''] = [3, 2, 1]
      .map((count) => words.slice(1, count + 1).join(' '))
      .filter((each) => Object.hasOwn(COMMANDS, each))
    const load = COMMANDS[name]
    assert.ok(load !== undefined, line)
    const command = await load()
    assert.doesNotThrow(() => parseCommand(command, words.slice(1 + name.split(' ').length)), line)
  }
})

test('every npm script a page shows exists', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }
  assert.deepEqual(
    mentions(/npm run ([a-z]+)/g).filter(({ text }) => !(text in scripts)),
    [],
  )
})

test('no page shows an output that nobody ran', () => {
  for (const page of WRITTEN_BY_HAND) {
    assert.doesNotMatch(readFileSync(page, 'utf8'), /<!-- output:[a-z]+ -->\s*<!-- \/output -->/, page)
  }
})

test('pages speak plainly: no advertising, no promise without end', () => {
  const loud =
    /\b(?:bulletproof|military[- ]grade|unbreakable|unhackable|100 ?% secure|world[- ]class|revolutionary)\b/gi
  assert.deepEqual(mentions(loud), [])
})

function mentions(pattern: RegExp): { page: string; text: string }[] {
  return WRITTEN_BY_HAND.flatMap((page) =>
    [...readFileSync(page, 'utf8').matchAll(pattern)].map(([whole, part]) => ({ page, text: part ?? whole })),
  )
}
