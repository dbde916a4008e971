import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import type { Page } from 'playwright-core'
import { browser, openConsole, visit, whyNoBrowser, type Looks, type Visit } from '../kit/browser.ts'
import { house, isAlive, until } from '../kit/house.ts'
import { configure, owner, type Owner } from '../kit/owner.ts'

// A person at the console's pages, in a real browser, before a real daemon with agents that really run and wait.

const missing = whyNoBrowser()
const home = house({ after })
const PASSPHRASE = 'seven quiet otters under one roof'
/** Opened here and not before the first test: what a hook asks to be closed after it is closed at its end. */
const by = missing === undefined ? await browser({ after }) : undefined
const shared: { me?: Owner; url?: string; link?: () => Promise<string> } = {}

before(async () => {
  if (missing !== undefined) return
  configure(
    home,
    'policy.yaml',
    `version: 1
rules:
  - id: careful
    agents: ["*"]
    effect: ask
    capabilities: ["process:spawn"]
    reason: programs are asked for here
  - id: never-there
    agents: ["*"]
    effect: deny
    capabilities: ["fs:read:/srv/secret/**"]
    reason: nobody reads there
`,
  )
  const me = await owner({ after }, home)
  shared.me = me
  Object.assign(shared, await openConsole(me))
})

function hasBrowser(t: TestContext): boolean {
  if (missing !== undefined) t.skip(missing)
  return missing === undefined
}

/** Logged in by a new link of the terminal. */
async function logged(t: TestContext, looks: Looks = {}): Promise<Visit> {
  const visited = await visit(by!, looks)
  t.after(() => visited.page.context().close())
  await visited.page.goto(await shared.link!())
  await visited.page.getByRole('heading', { name: 'Now' }).waitFor()
  return visited
}

/** A command of an agent in a terminal of its own. */
function exec(agent: string, ...argv: string[]) {
  return home.warder(['exec', '--agent', agent, '--', ...argv], { timeoutMs: 180_000 })
}

function places(page: Page, name: string) {
  return page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name })
}

test('a link of the terminal logs in, once, and is in no history', async (t) => {
  if (!hasBrowser(t)) return
  const link = await shared.link!()
  const { page } = await visit(by!)
  t.after(() => page.context().close())
  await page.goto(link)
  await page.getByRole('heading', { name: 'Now' }).waitFor()
  assert.equal(new URL(page.url()).hash, '')
  const [cookie] = await page.context().cookies()
  assert.deepEqual(
    [cookie?.name, cookie?.httpOnly, cookie?.secure, cookie?.sameSite],
    ['__Host-warder', true, true, 'Strict'],
  )
  const again = await visit(by!)
  t.after(() => again.page.context().close())
  await again.page.goto(link)
  await again.page.getByRole('alert').waitFor()
  assert.equal(await again.page.getByRole('heading', { name: 'Now' }).count(), 0)
})

test('a waiting command is shown whole, whatever hides in it, and runs once it is allowed', async (t) => {
  if (!hasBrowser(t)) return
  const { page, complaints } = await logged(t)
  const markup = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
  const running = exec('builder', '/usr/bin/echo', 'paid \u202etxt.exe', markup)
  await page.getByRole('link', { name: 'Look and answer' }).click()
  const words = page.getByRole('list', { name: 'What would run, word for word' })
  await words.waitFor()
  assert.deepEqual((await words.getByRole('listitem').allInnerTexts()).slice(1), [
    'paid ⟨U+202E⟩txt.exe',
    markup,
  ])
  const shown = await page.getByRole('article').innerText()
  for (const what of [
    'builder asks',
    'programs are asked for here',
    'rule.careful',
    home.workspace,
    'sha256',
    'left',
  ])
    assert.ok(shown.includes(what), `${what} is not in:\n${shown}`)
  await page.getByRole('button', { name: 'Allow once' }).click()
  const { code, stdout } = await running
  assert.deepEqual([code, stdout], [0, `paid \u202etxt.exe ${markup}\n`])
  assert.match(await page.title(), /Approvals/)
  assert.deepEqual(complaints, [])
})

test('a no with words reaches whoever asked', async (t) => {
  if (!hasBrowser(t)) return
  const { page } = await logged(t)
  const running = exec('builder', '/usr/bin/echo', 'nonsense')
  await places(page, 'Approvals').click()
  await page.getByRole('article', { name: 'Question of builder' }).waitFor()
  await page.getByLabel('Words to the agent, if any').fill('use the make target instead')
  await page.getByRole('button', { name: 'Deny with these words' }).click()
  const { code, stderr } = await running
  assert.equal(code, 3)
  assert.match(stderr, /use the make target instead/)
})

test('by keyboard alone: find the question, read it, allow it', async (t) => {
  if (!hasBrowser(t)) return
  const { page } = await logged(t)
  const running = exec('keyboard', '/usr/bin/echo', 'by keys')
  await page.getByText('by keys').first().waitFor()
  await page.keyboard.press('g')
  await page.keyboard.press('a')
  await page.getByRole('article', { name: 'Question of keyboard' }).waitFor()
  await page.locator('h1:focus').waitFor()
  for (let pressed = 0; pressed < 40; pressed += 1) {
    await page.keyboard.press('Tab')
    if ((await page.evaluate('document.activeElement?.textContent')) === 'Allow once') break
  }
  await page.keyboard.press('Enter')
  assert.equal((await running).stdout, 'by keys\n')
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keys' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
})

test('the record is searched, looked into, verified and taken along; the address holds the view', async (t) => {
  if (!hasBrowser(t)) return
  const { page } = await logged(t)
  await places(page, 'Record').click()
  const bar = page.getByRole('combobox', { name: /Ask the record/ })
  await bar.fill('agent:keyb')
  await page.getByRole('option', { name: 'agent:keyboard' }).waitFor()
  await bar.press('ArrowDown')
  await bar.press('Enter')
  await bar.press('Enter')
  await page.waitForURL(/q=agent/)
  const rows = page.getByRole('region', { name: /Entries/ }).getByRole('button')
  await rows.first().waitFor()
  const entries = await shared.me!.ledger({ agent: 'keyboard' })
  assert.equal(await rows.count(), entries.length)
  for (const row of await rows.allInnerTexts()) assert.match(row, /keyboard/)

  await page.getByRole('button', { name: 'JSON lines' }).click()
  const download = await page.waitForEvent('download')
  const lines = (await (await download.createReadStream()).toArray()).join('').trim().split('\n')
  assert.deepEqual(
    lines.map((each) => (JSON.parse(each) as { seq: number }).seq),
    entries.map(({ seq }) => seq),
  )

  await rows.last().click()
  const panel = page.getByRole('dialog', { name: /^Entry \d+/ })
  await panel.getByText('"prev_hash"').waitFor()
  const address = page.url()
  await panel.getByRole('button', { name: 'Decide it again' }).click()
  await panel
    .getByText(/rule\.careful|rule careful/)
    .first()
    .waitFor()
  await page.keyboard.press('Escape')

  await bar.fill('agnt:x')
  await bar.press('Enter')
  await page.getByRole('alert').getByText('“agnt” is no field').waitFor()
  await page.getByRole('button', { name: 'Everything' }).click()
  await page.getByRole('button', { name: 'Verify these' }).click()
  await page
    .getByText(/every hash and every link holds/)
    .first()
    .waitFor()

  await page.goto(address)
  await page.getByRole('dialog', { name: /^Entry \d+/ }).waitFor()
})

test('a change of the policy is tried on the past, and what it would turn is shown', async (t) => {
  if (!hasBrowser(t)) return
  const { page } = await logged(t)
  await page.goto(`${shared.url}policy?tab=change`)
  const text = page.getByRole('textbox', { name: /The policy, changed/ })
  await text.fill((await text.inputValue()).replace('effect: ask', 'effect: deny'))
  await page.getByRole('button', { name: 'Try it on the record' }).click()
  const table = page.getByRole('table', { name: /would be others/ })
  await table.waitFor()
  assert.match(await table.innerText(), /keyboard[\s\S]*process:spawn[\s\S]*ask[\s\S]*deny/)
  await text.fill('version: nonsense')
  await page.getByRole('button', { name: 'Try it on the record' }).click()
  await page.getByRole('alert').waitFor()
})

test('Stop ends busy agents, stays in sight as a banner, and only who proves themselves resumes', async (t) => {
  if (!hasBrowser(t)) return
  await shared.me!.call('passphraseSet', { passphrase: PASSPHRASE })
  t.after(() => shared.me!.call('passphraseRemove', { passphrase: PASSPHRASE }))
  const { page } = await logged(t)
  const busy = ['busy-1', 'busy-2'].map((agent) =>
    home.start(['run', '--agent', agent, '--', '/bin/sleep', '600']),
  )
  await page
    .getByRole('table', { name: 'Agents that run now' })
    .getByRole('link', { name: 'busy-2' })
    .waitFor()
  await page
    .getByRole('table', { name: 'Agents that run now' })
    .getByRole('link', { name: 'busy-1' })
    .waitFor()
  await page.keyboard.press('Shift+S')
  const dialog = page.getByRole('dialog', { name: 'Stop agents' })
  await dialog.getByLabel(/^Why/).fill('a drill')
  const stop = dialog.getByRole('button', { name: 'Stop all agents' })
  assert.equal(await stop.isDisabled(), true, 'not before the word is typed')
  await dialog.getByLabel(/Type .* to confirm/).fill('stop')
  await stop.click()
  await dialog.getByText(/2 runs ended/).waitFor()
  await until(
    () => busy.every(({ exitCode, pid = 0 }) => exitCode !== null || !isAlive(pid)),
    'the agents end',
  )
  await dialog.getByRole('button', { name: 'Done' }).click()
  const banner = page.getByRole('region', { name: 'What is stopped' })
  await banner.getByText('a drill').waitFor()
  await places(page, 'Health').click()
  await banner.getByRole('button', { name: /Resume/ }).click()
  const resume = page.getByRole('dialog', { name: 'Resume everything' })
  await resume.getByLabel(/^Reason/).fill('the drill is over')
  await resume.getByLabel(/Type .* to confirm/).fill('resume')
  await resume.getByRole('button', { name: 'Resume' }).click()
  const proof = page.getByRole('dialog', { name: 'Is it still you?' })
  await proof.getByLabel('Passphrase').fill('not it, surely not')
  await proof.getByRole('button', { name: 'Go on' }).click()
  await proof.getByRole('alert').waitFor()
  assert.equal((await shared.me!.call('daemon', {})).mode, 'manual')
  await proof.getByLabel('Passphrase').fill(PASSPHRASE)
  await proof.getByRole('button', { name: 'Go on' }).click()
  await page.getByRole('dialog').first().waitFor({ state: 'detached' })
  await banner.waitFor({ state: 'detached' })
  assert.equal((await shared.me!.call('daemon', {})).mode, 'normal')
})
