import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openWorkspaceExample, workspaceExample } from './overlay.example.ts'

const EXAMPLE = new URL('crash.example.ts', import.meta.url).pathname
const FILES = 60
const ROUNDS = 10

/** Everything in a tree: path and content. */
function tree(root: string): Record<string, string> {
  const all = readdirSync(root, { withFileTypes: true, recursive: true })
  const files = all.filter((entry) => entry.isFile())
  return Object.fromEntries(
    files
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => [path.slice(root.length + 1), readFileSync(path, 'utf8')]),
  )
}

/**
 * Kills it `delayMs` after it began, or, every second time, after the first files were exchanged.
 *
 * @returns whether it was killed before it ended by itself
 */
async function killed(home: string, isLate: boolean, delayMs: number): Promise<boolean> {
  const child = spawn(process.execPath, [EXAMPLE, home], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<boolean>((resolve) =>
    child.once('exit', (_code, signal) => resolve(signal !== null)),
  )
  await new Promise((resolve) => child.stdout.once('data', resolve))
  while (isLate && child.exitCode === null && !hasExchanged(home))
    await new Promise((next) => setImmediate(next))
  if (delayMs > 0) setTimeout(() => child.kill('SIGKILL'), delayMs)
  else child.kill('SIGKILL')
  return await ended
}

function hasExchanged(home: string): boolean {
  try {
    const [stage] = readdirSync(home).filter((name) => name.startsWith('.warder-stage'))
    return stage !== undefined && readdirSync(join(home, stage)).some((name) => name.startsWith('old-'))
  } catch {
    return false
  }
}

test('an apply that is killed at any moment is afterwards done wholly or not at all', async (t) => {
  let inTime = 0
  let halves = 0
  for (let round = 0; round < ROUNDS; round += 1) {
    const { home, workspace, agent } = workspaceExample(t)
    mkdirSync(join(workspace, 'd'))
    for (let at = 0; at < FILES; at += 1) writeFileSync(join(workspace, `d/f${at}`), `old ${at}\n`)
    mkdirSync(join(workspace, 'going/deep'), { recursive: true })
    writeFileSync(join(workspace, 'going/deep/x'), 'old')
    const before = tree(workspace)
    const set = await agent(`
      for f in d/f?; do rm $f; done; for f in d/f??; do echo new >> $f; done; rm -r going
      mkdir -p made/deep; for n in 1 2 3 4 5; do echo $n > made/deep/$n; done`)
    const after = { ...tree(set.upper) }
    for (const name of Object.keys(before)) if (/^d\/f\d\d$/.test(name)) after[name] = `${before[name]}new\n`
    inTime += (await killed(home, round % 2 === 1, round % 2 === 1 ? round % 6 : round * 12)) ? 1 : 0
    const stage = readdirSync(home).filter((name) => name.startsWith('.warder-stage'))
    const later = openWorkspaceExample(home)
    const recovered = await later.changes.recover()
    if (recovered.length > 0 || stage.length > 0) halves += 1
    const now = tree(workspace)
    const isOld = JSON.stringify(now) === JSON.stringify(before)
    const isNew = JSON.stringify(now) === JSON.stringify(after)
    assert.ok(isOld || isNew, `round ${round}: neither the old tree nor the new one`)
    assert.deepEqual(
      readdirSync(home).filter((name) => name.startsWith('.warder')),
      [],
    )
    assert.deepEqual(await later.transactions.recover(), [])
    // and life goes on
    if (isOld) await later.apply(later.sets.find('builder'))
    assert.deepEqual(tree(workspace), after)
  }
  t.diagnostic(`${inTime} of ${ROUNDS} were killed in time, ${halves} of them half way`)
  assert.ok(inTime > 0, 'no process was killed before it ended: nothing was tried')
})
