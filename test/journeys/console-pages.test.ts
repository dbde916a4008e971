import assert from 'node:assert/strict'
import { globSync, mkdirSync, readFileSync } from 'node:fs'
import { after, before, test, type TestContext } from 'node:test'
import type { Page } from 'playwright-core'
import { COMMANDS } from '../../src/cli/commands/index.ts'
import { parseCommand } from '../../src/cli/parse.ts'
import { messageOf } from '../../src/core/error.ts'
import {
  accessibilityProblems,
  browser,
  openConsole,
  visit,
  whyNoBrowser,
  type Visit,
} from '../kit/browser.ts'
import type { EntryAnswer } from '../../src/api/endpoints.ts'
import { freshAfter, sizeOf, withGaps } from '../../web/src/data/gaps.ts'
import { house } from '../kit/house.ts'
import { configure, owner, type Owner } from '../kit/owner.ts'

// Each page of the console as it looks: readable for everybody, on any screen, and with nothing its policy refuses.

const missing = whyNoBrowser()
const home = house({ after })
const by = missing === undefined ? await browser({ after }) : undefined
const shared: { me?: Owner; url?: string; link?: () => Promise<string> } = {}

const PAGES = [
  ['/', 'Now'],
  ['/approvals', 'Approvals'],
  ['/record', 'Record'],
  ['/record?entry=3', 'Record'],
  ['/policy', 'Policy'],
  ['/policy?tab=ask&agent=demo&ask=fs:read:/etc/hosts', 'Policy'],
  ['/policy?tab=check', 'Policy'],
  ['/policy?tab=change', 'Policy'],
  ['/policy?tab=text', 'Policy'],
  ['/agents', 'Agents'],
  ['/servers', 'Servers'],
  ['/secrets', 'Secrets'],
  ['/people', 'Guests and devices'],
  ['/alerts', 'Incidents and alerts'],
  ['/health', 'Health'],
  ['/start', 'First steps'],
] as const

/** Where to put pictures of the pages; none are made unless it is named. */
const PICTURES = process.env['WARDER_CONSOLE_PICTURES']
/** An agent may call its things anything; nothing of it may run or break out of its place. */
const HOSTILE = `</title><script>window.taken = 1</script><img src=x onerror="window.taken = 2">\u202e`

before(async () => {
  if (missing !== undefined) return
  configure(
    home,
    'policy.yaml',
    `version: 1
agents:
  demo:
    may_request: ["fs:read:/srv/data/**"]
rules:
  - id: careful
    agents: ["*"]
    effect: ask
    capabilities: ["process:spawn", "net:connect"]
    reason: programs are asked for here
  - id: odd
    agents: ["demo"]
    effect: deny
    capabilities: ["fs:read:/srv/odd/**"]
    reason: ${JSON.stringify(HOSTILE)}
`,
  )
  const me = await owner({ after }, home)
  shared.me = me
  Object.assign(shared, await openConsole(me))
  await fill(me)
})

/** Something on every page, and hostile text wherever an agent could put it. */
async function fill(me: Owner): Promise<void> {
  await me.call('grantAdd', {
    principal: 'demo',
    capability: 'fs:read:/srv/data/**',
    reason: HOSTILE,
    duration: '10m',
  })
  await me.call('budgetSet', { agent: 'demo', limits: { toolCalls: 200 }, per: 'day' })
  await me.call('secretSet', {
    name: 'example-key',
    value: btoa('not a real one'),
    hosts: ['api.example.com'],
  })
  await me.call('guestInvite', { name: 'anna', scope: ['agent:start:demo'], expiresIn: '2h' })
  home.start(['run', '--agent', 'demo', '--', '/bin/sleep', '600'])
}

function hasBrowser(t: TestContext): boolean {
  if (missing !== undefined) t.skip(missing)
  return missing === undefined
}

/** A theme changes colours and a narrow screen the places of things; the rest is looked at once. */
const LOOKS = [
  { colorScheme: 'light', width: 1280, rules: undefined },
  { colorScheme: 'dark', width: 1280, rules: ['color-contrast'] },
  { colorScheme: 'light', width: 320, rules: ['target-size'] },
] as const
const HEIGHT = 800
const shown: { visit?: Visit } = {}

test('the page to log in: nothing for axe, nothing sideways, in both themes and at 320 px', async (t) => {
  if (!hasBrowser(t)) return
  shown.visit = await visit(by!)
  const { page } = shown.visit
  await page.goto(shared.url!)
  await page.getByRole('heading', { name: 'Warder' }).waitFor()
  assert.deepEqual(await looked(page, 'log in'), [])
  await page.goto(await shared.link!())
  await page.getByRole('heading', { name: 'Now' }).waitFor()
  // a second window keeps watching: a question that nobody watches is a no, and each page is gone to anew
  const { page: watching } = await visit(by!)
  await watching.goto(await shared.link!())
  await watching.getByRole('heading', { name: 'Now' }).waitFor()
  home.start(['exec', '--agent', 'builder', '--', '/usr/bin/curl', '-sSo', HOSTILE, 'https://example.com/a'])
  await page.getByRole('link', { name: 'Look and answer' }).waitFor()
})

for (const [path, heading] of PAGES) {
  test(`${path}: nothing for axe, nothing sideways, nothing that runs, in both themes and at 320 px`, async (t) => {
    if (!hasBrowser(t)) return
    const { page, complaints } = shown.visit!
    await page.goto(new URL(path, shared.url).href)
    const title = page.getByRole('heading', { name: heading, exact: true, level: 1, includeHidden: true })
    await title.waitFor({ state: 'attached' })
    await page.getByText('Asking the daemon').first().waitFor({ state: 'detached' })
    if (path === '/') {
      await page.getByRole('link', { name: 'Look and answer' }).waitFor()
      await page.getByRole('table', { name: 'The newest entries of the record' }).waitFor()
    }
    if (path === '/health') {
      await page.getByRole('table', { name: 'Certificates' }).getByText('of this console').waitFor()
      await page.getByRole('table', { name: 'What agents used up' }).getByText('of 200').waitFor()
    }
    if (path === '/approvals') await page.getByRole('article', { name: 'Question of builder' }).waitFor()
    assert.deepEqual([...(await looked(page, path)), ...complaints], [])
    assert.equal(await page.evaluate('window.taken'), undefined)
  })
}

test('the dialog to stop: nothing for axe, nothing sideways, in both themes and at 320 px', async (t) => {
  if (!hasBrowser(t)) return
  const { page } = shown.visit!
  await page.goto(shared.url!)
  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  await page.getByRole('dialog', { name: 'Stop agents' }).waitFor()
  assert.deepEqual(await looked(page, 'stop'), [])
})

test('what was only counted stands between the entries as a gap, until it is read', () => {
  const entries = (...seqs: number[]) => seqs.map((seq) => ({ seq }) as EntryAnswer)
  const live = entries(40, 39, 12, 11, 10)
  const counted = [{ from: 13, to: 38 }]
  assert.deepEqual(
    withGaps(live, counted).map((each) => ('seq' in each ? each.seq : sizeOf(each))),
    [40, 39, 26, 12, 11, 10],
  )
  assert.deepEqual(withGaps(entries(40, 39, 38, 37), counted).length, 4, 'its newest was read since')
  assert.equal(withGaps(entries(60, 59), counted).length, 2, 'older than all that is shown')
  // a list that claims to be whole goes as far as the first thing that is missing
  const { entries: fresh, isWhole } = freshAfter(9, live, 38)
  assert.deepEqual([fresh.map(({ seq }) => seq), isWhole], [[12, 11, 10], false])
  assert.equal(freshAfter(38, live, 38).isWhole, true)
})

/** As a shell would split it; single quotes are all the pages use. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain = '']) => quoted ?? plain)
}

test('every command the pages name exists, with the options they give it', async () => {
  const names = Object.keys(COMMANDS).toSorted((a, b) => b.length - a.length)
  const files = globSync('web/src/**/*.tsx', { cwd: new URL('../../', import.meta.url).pathname })
  const lines = files.flatMap((file) => {
    const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
    const found = [...text.matchAll(/"(warder [^"]+)"|'(warder [^']+)'|`(warder [^`]+)`|>(warder [^<]+)</g)]
    return found.map(
      (each) => [file, (each.slice(1).find(Boolean) ?? '').replaceAll(/\$?\{\w+\}/g, 'demo')] as const,
    )
  })
  assert.ok(lines.length > 25, `only ${lines.length} commands were found`)
  const wrong: string[] = []
  for (const [file, line] of lines) {
    const [, ...words] = wordsOf(line.trim())
    if (words[0]?.startsWith('--') === true) continue
    const name = names.find((each) => `${words.join(' ')} `.startsWith(`${each} `))
    const command = await COMMANDS[name ?? '']?.()
    if (name === undefined || command === undefined) {
      wrong.push(`${file}: ${line} is no command`)
      continue
    }
    try {
      parseCommand(command, words.slice(name.split(' ').length))
    } catch (error) {
      wrong.push(`${file}: ${line}: ${messageOf(error)}`)
    }
  }
  assert.deepEqual(wrong, [])
})

/** What is wrong with the page as it stands, in each way it can look. */
async function looked(page: Page, path: string): Promise<string[]> {
  const problems: string[] = []
  for (const { colorScheme, width, rules } of LOOKS) {
    await page.emulateMedia({ colorScheme })
    await page.setViewportSize({ width, height: HEIGHT })
    if (PICTURES !== undefined) await picture(page, `${path} ${colorScheme} ${width}`)
    const beyond = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
    const found = await accessibilityProblems(page, rules)
    const all = [...found, ...(beyond > 0 ? [`${beyond} px sideways`] : [])]
    problems.push(...all.map((each) => `${path}, ${colorScheme}, ${width}: ${each}`))
  }
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize({ width: 1280, height: HEIGHT })
  return problems
}

async function picture(page: Page, what: string): Promise<void> {
  mkdirSync(PICTURES!, { recursive: true })
  const name = what.replaceAll(/\W+/g, '-').replaceAll(/^-|-$/g, '')
  await page.screenshot({ path: `${PICTURES}/${name}.png` })
}
