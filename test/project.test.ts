/** What stands around the code: tasks, scripts, pages and their links. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

const read = (path: string) => readFileSync(path, 'utf8')
const manifest = JSON.parse(read('package.json')) as { scripts: Record<string, string> }

test('every script of the package is there', () => {
  for (const [name, command] of Object.entries(manifest.scripts)) {
    const [, task] = /^sh scripts\/setup\.sh ([a-z]+)$/.exec(command) ?? []
    assert.equal(task, name)
    assert.ok(existsSync(`scripts/${name}.ts`), `scripts/${name}.ts is missing`)
  }
})

test('every command of the editor tasks is there', () => {
  const { tasks } = JSON.parse(read('.vscode/tasks.json')) as { tasks: { label: string; command: string }[] }
  assert.ok(tasks.length >= 4)
  for (const { label, command } of tasks) {
    const [program = '', ...words] = command.split(' ')
    if (program === 'npm') {
      const script = words[0] === 'run' ? words[1] : words[0]
      assert.ok(script !== undefined && script in manifest.scripts, `${label}: npm has no script ${script}`)
    } else {
      accessSync(program, constants.X_OK)
    }
  }
})

test('a build server runs npm test, and can', () => {
  accessSync('.ci/run', constants.X_OK)
  assert.match(read('.ci/run'), /^npm test$/m)
})

test('the licence is the Apache License 2.0 to the letter', () => {
  const digest = createHash('sha256').update(readFileSync('LICENSE')).digest('hex')
  assert.equal(digest, 'cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30')
})

test('vulnerabilities are reported in private and answered within 48 hours', () => {
  const text = read('SECURITY.md')
  assert.match(text, /private vulnerability reporting/)
  assert.match(text, /48 hours/)
  assert.doesNotMatch(text, /[\w.]+@[\w-]+\.[a-z]{2,}/, 'an address nobody reads')
})

test('links between pages lead somewhere', () => {
  const pages = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...globSync('{docs,changes}/**/*.md')]
  const dead = pages.flatMap((page) =>
    linksIn(page)
      .filter((link) => !leadsSomewhere(page, link))
      .map((link) => `${page}: ${link}`),
  )
  assert.deepEqual(dead, [])
})

test('every change has a heading and a few lines', () => {
  const files = globSync('changes/*.md').filter((file) => !file.endsWith('README.md'))
  for (const file of files) assert.match(read(file), /^# \S.*\n\n\S/, file)
})

function linksIn(page: string): string[] {
  const prose = read(page).replaceAll(/^```[\s\S]*?^```/gm, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^https?:/.test(link))
}

function leadsSomewhere(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? page : join(dirname(page), path)
  if (!existsSync(target)) return false
  if (anchor === undefined || !target.endsWith('.md')) return true
  return read(target).includes(`<a id="${anchor}">`) || headings(target).includes(anchor)
}

function headings(page: string): string[] {
  return [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )
}
