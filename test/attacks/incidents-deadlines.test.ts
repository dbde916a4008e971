import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { callInProcess } from '../../src/daemon/in-process.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { loadConfig } from '../../src/platform/config.ts'

// A case that nobody goes on with: a whole Warder, some hours later.

const HOUR_MS = 3_600_000
const home = mkdtempSync(join(tmpdir(), 'wd-'))
after(() => rmSync(home, { recursive: true, force: true }))

/** A Warder of this home, so many hours from now. */
async function warder(hours: number) {
  const flags = Object.fromEntries(
    ['config', 'state', 'keys', 'runtime', 'cache'].map((name) => [`paths.${name}`, join(home, name)]),
  )
  mkdirSync(join(home, 'keys'), { recursive: true, mode: 0o700 })
  const config = await loadConfig({ env: {}, flags, cwd: home, home })
  const clock = { ...systemClock, now: () => systemClock.now() + hours * HOUR_MS }
  return await callInProcess({ config, clock, home, environment: {} })
}

test('a step that should have been done is told of, once, and stands above all else in its case', async () => {
  const first = await warder(0)
  const about = { playbook: 'breach', agent: 'builder', reason: 'upload to a stranger' } as const
  const { id } = await first.call('incidentPlaybook', about)
  const overdue = async (of: typeof first) =>
    (await of.call('alertList', { recent: 100 })).alerts.filter(({ rule }) => rule === 'playbook.overdue')
  assert.deepEqual(await overdue(first), [])
  await first.close()

  const later = await warder(5)
  const [alert, ...more] = await overdue(later)
  assert.deepEqual(more, [])
  assert.match(
    alert?.message ?? '',
    new RegExp(`^${id} \\(data_breach\\): step identify .* should have been done by`),
  )
  const { steps } = await later.call('incidentShow', { id })
  assert.deepEqual(
    steps.filter((step) => step.overdue).map((step) => step.id),
    ['identify'],
  )
  const { entries } = await later.call('auditList', { action: 'alert:raise', limit: 100 })
  assert.equal(entries.filter(({ rule }) => rule === 'playbook.overdue').length, 1)
  await later.call('incidentStep', { id, step: 'identify', by: 'anna', note: 'what left' })
  assert.ok((await later.call('incidentShow', { id })).steps.every((step) => !step.overdue))
  await later.close()

  const last = await warder(80)
  const told = (await overdue(last)).map(({ evidence }) => evidence['step'])
  assert.deepEqual(told, ['identify', 'notify'], 'the first is not told of again')
  await last.close()
})
