import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test, type TestContext } from 'node:test'
import type { Page } from 'playwright-core'
import {
  browser,
  foreignPage,
  openConsole,
  virtualAuthenticator,
  visit,
  whyNoBrowser,
  type Looks,
  type Visit,
} from '../kit/browser.ts'
import { consoleOf } from '../kit/console.ts'
import { house, isAlive, until } from '../kit/house.ts'
import { fillLedger } from '../kit/ledger-fill.ts'
import { configure, owner, type Owner } from '../kit/owner.ts'
import { comeAsDevice, strangers } from '../kit/people.ts'
import { endDaemon } from '../kit/restart.ts'

// A person at the console's pages, in a real browser, before a real daemon with agents that really run and wait.

const missing = whyNoBrowser()
const home = house({ after })
const PASSPHRASE = 'seven quiet otters under one roof'
/** More entries of one millisecond than two pages of the record hold. */
const AT_ONCE = 1200
/** Opened here and not before the first test: what a hook asks to be closed after it is closed at its end. */
const by = missing === undefined ? await browser({ after }) : undefined
const shared: { me?: Owner; url?: string; link?: () => Promise<string> } = {}
const those = strangers({ after })
const POLICY = `version: 1
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
`

before(async () => {
  if (missing !== undefined) return
  configure(home, 'policy.yaml', POLICY)
  const longAgo = Date.now() - 3_600_000
  await fillLedger(home, {
    rows: AT_ONCE,
    at: () => longAgo,
    event: () => ({
      event_type: 'file',
      agent: 'at-once',
      action: 'fs:read',
      result: 'success',
      risk_level: 'low',
    }),
  })
  const me = await owner({ after }, home, those.settings)
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

  const [download] = await Promise.all([
    page.waitForEvent('download'), // before the click: a small file is there at once
    page.getByRole('button', { name: 'JSON lines' }).click(),
  ])
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

test('the record is scrolled to its end, however many entries are of one moment', async (t) => {
  if (!hasBrowser(t)) return
  const { page } = await logged(t)
  await page.goto(`${shared.url}record?q=agent:at-once`)
  const loaded = page.getByTestId('loaded')
  const list = page.getByRole('region', { name: /Entries/ })
  await list.getByRole('button').first().waitFor()
  await until(async () => {
    await list.evaluate((each) => each.scrollTo(0, each.scrollHeight))
    return (await loaded.innerText()).endsWith('that is all')
  }, 'the end')
  assert.equal(await loaded.innerText(), '1,200 entries loaded, that is all')
  const seqs = (await list.getByRole('button').allInnerTexts()).map((row) => Number.parseInt(row, 10))
  assert.deepEqual(
    seqs,
    seqs.map((_seq, nth) => (seqs[0] ?? 0) - nth),
    'without a hole',
  )
  assert.equal(seqs.at(-1), (await shared.me!.ledger({ agent: 'at-once', after: 0, limit: 1 }))[0]?.seq)
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
  assert.equal(await page.getByRole('button', { name: 'Put it in force…' }).isDisabled(), true)
})

test('a change that was tried is put in force, as a whole, and only over what it was made from', async (t) => {
  if (!hasBrowser(t)) return
  const { page } = await logged(t)
  t.after(async () => {
    configure(home, 'policy.yaml', POLICY)
    await shared.me!.call('policyReload', {})
  })
  await page.goto(`${shared.url}policy?tab=change`)
  const text = page.getByRole('textbox', { name: /The policy, changed/ })
  const changed = POLICY.replace('effect: ask', 'effect: deny')
  const put = async (): Promise<void> => {
    await text.fill(changed)
    await page.getByRole('button', { name: 'Try it on the record' }).click()
    await page.getByText('Tried as it is.').waitFor()
    await page.getByRole('button', { name: 'Put it in force…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Put the changed policy in force' })
    await dialog.getByLabel(/Type .* to confirm/).fill('in force')
    await dialog.getByRole('button', { name: 'Put it in force' }).click()
  }
  // somebody edits the file meanwhile: theirs is not written over
  const file = configure(home, 'policy.yaml', `${POLICY}# by hand\n`)
  await put()
  await page.getByRole('alert').getByText('is not the policy this change was made from').waitFor()
  assert.equal(readFileSync(file, 'utf8'), `${POLICY}# by hand\n`)
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
  configure(home, 'policy.yaml', POLICY)
  await put()
  await page.getByText(/^In force: \d+ statements?\. The one before is .*policy\.yaml\.old\.$/).waitFor()
  assert.equal(readFileSync(file, 'utf8'), changed)
  assert.equal(readFileSync(`${file}.old`, 'utf8'), POLICY)
  const { code, stderr } = await exec('builder', '/usr/bin/echo', 'x')
  assert.equal(code, 3, stderr)
  await shared.me!.entry({ action: 'policy:write', agent: 'owner', decision: 'allow' })
})

test('always: the rule it writes is shown before, is in force after, and can be taken back', async (t) => {
  if (!hasBrowser(t)) return
  const { page } = await logged(t)
  const running = exec('writer', '/usr/bin/echo', 'each time')
  await places(page, 'Approvals').click()
  const question = page.getByRole('article', { name: 'Question of writer' })
  await question.getByRole('button', { name: 'Allow always…' }).click()
  const { questions } = await shared.me!.call('approvalList', {})
  const pattern = questions.find(({ principal }) => principal === 'writer')?.pattern ?? ''
  assert.match(pattern, /each time/)
  await question.locator('code').getByText(pattern, { exact: true }).waitFor()
  await question.getByLabel('For', { exact: true }).selectOption('1d')
  await question.getByRole('button', { name: 'Allow this always' }).click()
  assert.equal((await running).stdout, 'each time\n')
  assert.equal(
    (await exec('writer', '/usr/bin/echo', 'each time')).stdout,
    'each time\n',
    'without a question',
  )
  const row = page
    .getByRole('table', { name: 'Commands allowed for good' })
    .getByRole('row', { name: /writer/ })
  await row.getByRole('cell', { name: pattern, exact: true }).waitFor()
  await row.getByRole('button', { name: /^Take back/ }).click()
  await row.waitFor({ state: 'detached' })
  assert.deepEqual((await shared.me!.call('allowanceList', { agent: 'writer' })).allowances, [])
})

test('loading the only page again withdraws nothing: what waits goes on waiting', async (t) => {
  if (!hasBrowser(t)) return
  const { page } = await logged(t)
  const running = exec('patient', '/usr/bin/echo', 'still here')
  await places(page, 'Approvals').click()
  const question = page.getByRole('article', { name: 'Question of patient' })
  await question.waitFor()
  await page.reload()
  await question.getByRole('button', { name: 'Allow once' }).click()
  const { stdout, stderr } = await running
  assert.equal(stdout, 'still here\n', stderr)
})

test('an incident is looked at and acknowledged; a device that is revoked is out', async (t) => {
  if (!hasBrowser(t)) return
  const me = shared.me!
  const device = await comeAsDevice(those, me, 'old-phone', ['agent:start:demo'])
  const { incident } = await me.call('contain', { agent: 'suspect', reason: 'it looked odd' })
  t.after(() => me.call('resume', { agent: 'suspect', reason: 'the drill is over' }))
  const { page } = await logged(t)
  await places(page, 'Incidents').click()
  await page.getByRole('button', { name: `Open ${incident.id}` }).click()
  const sheet = page.getByRole('dialog', { name: incident.id, exact: true })
  await sheet.getByRole('button', { name: 'Acknowledge…' }).click()
  const dialog = page.getByRole('dialog', { name: `Acknowledge ${incident.id}` })
  await dialog.getByLabel('Reason, for the record').fill('a drill, no harm done')
  await dialog.getByRole('button', { name: 'Acknowledge' }).click()
  await sheet.getByText(/a drill, no harm done/).waitFor()
  assert.equal(await sheet.getByRole('button', { name: 'Acknowledge…' }).count(), 0)
  const { incidents } = await me.call('incidentList', {})
  assert.ok(incidents.find(({ id }) => id === incident.id)?.acknowledged !== undefined)
  await sheet.getByRole('button', { name: 'Close' }).click()

  await places(page, 'Guests and devices').click()
  const row = page.getByRole('table', { name: 'Paired devices' }).getByRole('row', { name: /old-phone/ })
  await row.getByRole('button', { name: /^Revoke/ }).click()
  const revoke = page.getByRole('dialog', { name: 'Revoke device old-phone' })
  await revoke.getByLabel(/Type .* to confirm/).fill('old-phone')
  await revoke.getByRole('button', { name: 'Revoke' }).click()
  await row.waitFor({ state: 'detached' })
  await assert.rejects(device.call('status', {}))
})

test('a passkey is made, lets in, and says the second yes to what is dangerous; a foreign page gets nothing by it', async (t) => {
  if (!hasBrowser(t)) return
  const me = shared.me!
  await me.call('passphraseSet', { passphrase: PASSPHRASE })
  t.after(() => me.call('passphraseRemove', { passphrase: PASSPHRASE }))
  const { page, complaints } = await logged(t)
  await virtualAuthenticator(page)
  await places(page, 'Guests and devices').click()
  await page.getByRole('button', { name: 'Add one' }).click()
  const proof = page.getByRole('dialog', { name: 'Is it still you?' })
  await proof.getByLabel('Passphrase').fill(PASSPHRASE)
  await proof.getByRole('button', { name: 'Go on' }).click()
  await page.getByRole('table', { name: 'Your passkeys' }).getByText('localhost').waitFor()

  const logOut = async (): Promise<void> => {
    await page.getByRole('button', { name: /^owner/ }).click()
    await page.getByRole('menuitem', { name: 'Log out' }).click()
    await page.getByRole('heading', { name: 'Or by a link' }).waitFor()
  }
  await logOut()
  await page.getByRole('button', { name: 'Log in with a passkey' }).click()
  await page.getByRole('heading', { name: 'Guests and devices', level: 1 }).waitFor()
  await me.entry({ action: 'console:login', target: 'passkey', result: 'success' })

  // by a link alone nobody is fresh: what is dangerous asks for the passkey, and then for the word
  await logOut()
  await page.goto(await shared.link!())
  await page.getByRole('heading', { name: 'Now' }).waitFor()
  const asking = me.call('decide', { as: 'risky', capability: 'process:spawn:/usr/bin/id', risk: 'high' })
  await places(page, 'Approvals').click()
  const question = page.getByRole('article', { name: 'Question of risky' })
  await question.getByText('A yes to this is asked for twice').waitFor()
  await question.getByRole('button', { name: 'Allow once' }).click()
  await proof.getByRole('button', { name: 'Use a passkey' }).click()
  await proof.waitFor({ state: 'detached' })
  const word = question.getByLabel(/Type .* to confirm/)
  assert.equal(await question.getByRole('button', { name: 'Confirm' }).isDisabled(), true)
  await word.fill(await question.locator('.word').innerText())
  await question.getByRole('button', { name: 'Confirm' }).click()
  assert.equal((await asking).decision.effect, 'allow')
  assert.deepEqual(complaints, [])

  // another server of this machine: to the browser it is the same host, and it may ask for the passkey
  const site = await consoleOf(t, me)
  const asked = { method: 'POST', path: '/session/passkey/options', body: { for: 'login' } }
  const shown = await foreignPage(t, page, (await site.send(asked)).json)
  assert.equal(typeof shown['id'], 'string', 'the browser itself shows the passkey to it')
  const stolen = { for: 'login', response: shown }
  const refused = await site.send({ method: 'POST', path: '/session/passkey/verify', body: stolen })
  assert.deepEqual([refused.status, refused.json['code']], [403, 'PASSKEY_INVALID'])
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

test('while the daemon is away the page says since when; it comes back by itself, and nothing is lost', async (t) => {
  if (!hasBrowser(t)) return
  const { page } = await logged(t)
  await places(page, 'Record').click()
  await page
    .getByRole('region', { name: /Entries/ })
    .getByRole('button')
    .first()
    .waitFor()
  await page.getByText(/the last checkpoint signs all up to entry \d+/).waitFor()
  await endDaemon(home)
  await page
    .getByRole('alert')
    .getByText(/No word from the daemon since \d\d:\d\d:\d\d/)
    .waitFor()
  const listen = `console.listen=127.0.0.1:${new URL(shared.url!).port}`
  const me = await owner({ after }, home, [...those.settings, listen])
  await me.call('decide', { capability: 'fs:read:/srv/while-away', as: 'somebody' })
  await page.getByRole('alert').waitFor({ state: 'detached' })
  await page.getByText('✓ Live').waitFor()
  await page
    .getByRole('region', { name: /Entries/ })
    .getByText('/srv/while-away')
    .waitFor()
  // all that came meanwhile is there, without a hole: each hash leads to the one before
  await page.getByRole('button', { name: 'Verify these' }).click()
  await page
    .getByText(/every hash and every link holds/)
    .first()
    .waitFor()
  assert.equal(await page.getByRole('button', { name: /too fast to follow/ }).count(), 0)
})
