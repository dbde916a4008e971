import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { KnownError } from '../../src/core/error.ts'
import { isInside } from '../../src/core/safe/path.ts'
import { kernelOpenBeneath, walkBeneath, type OpenBeneath } from '../../src/platform/safe-path-open.ts'
import { SafeRoot } from '../../src/platform/safe-path.ts'

// A second process swaps a directory, and a file, for links to what lies outside, as fast as it can, while paths through
// them are checked and used. Checked first and opened afterwards, as most programs do it, this ends outside.

const SWAPPER = `
  import { renameSync } from 'node:fs'
  const [base] = process.argv.slice(1)
  const swap = (name) => {
    renameSync(base + '/' + name, base + '/.real')
    renameSync(base + '/.evil-' + name, base + '/' + name)
    renameSync(base + '/' + name, base + '/.evil-' + name)
    renameSync(base + '/.real', base + '/' + name)
  }
  process.stdout.write('ready')
  for (;;) for (let i = 0; i < 1000; i += 1) { swap('dir'); swap('file') }
`
const TRIES = 1000
const LONGEST_MS = 60_000

interface Scene {
  readonly base: string
  readonly outside: string
  readonly swapper: ChildProcess
}

async function scene(t: TestContext): Promise<Scene> {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'race-')))
  const [base, outside] = [join(home, 'base'), join(home, 'outside')]
  for (const path of [join(base, 'dir/sub'), join(outside, 'sub')]) mkdirSync(path, { recursive: true })
  for (const path of [join(base, 'dir/sub/text'), join(base, 'file')]) writeFileSync(path, 'inside')
  writeFileSync(join(outside, 'sub/text'), 'outside')
  // relative ones: an absolute link would be stopped by the rule against other mounts as well
  symlinkSync('../outside', join(base, '.evil-dir'))
  symlinkSync('../outside/sub/text', join(base, '.evil-file'))
  const swapper = spawn(process.execPath, ['--input-type=module', '-e', SWAPPER, base], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(async () => {
    const ended = new Promise((resolve) => swapper.once('exit', resolve))
    swapper.kill('SIGKILL')
    await ended
    rmSync(home, { recursive: true, force: true })
  })
  await new Promise((resolve) => swapper.stdout?.once('data', resolve))
  return { base, outside, swapper }
}

/** Reads as most programs do: resolve, look whether it is inside, then open. */
function checkedThenRead(base: string, path: string): string | undefined {
  try {
    const resolved = realpathSync(join(base, path))
    return isInside(base, resolved) ? readFileSync(join(base, path), 'utf8') : undefined
  } catch {
    return undefined
  }
}

test('the race is real: what is checked first and opened afterwards is read from outside', async (t) => {
  const { base } = await scene(t)
  const until = performance.now() + LONGEST_MS
  let fooled = false
  while (!fooled && performance.now() < until) {
    for (const path of ['dir/sub/text', 'file']) fooled ||= checkedThenRead(base, path) === 'outside'
  }
  assert.ok(fooled, 'the swapper never won, so the tests below show nothing')
})

for (const [way, openBeneath] of Object.entries({ kernel: kernelOpenBeneath(), walk: walkBeneath })) {
  const skip = openBeneath === undefined ? 'no openat2 here' : false

  test(`${way}: while names are swapped, nothing outside is read`, { skip }, async (t) => {
    const { root } = await opened(t, openBeneath)
    const seen = new Map<string, number>()
    await repeat(seen, () => {
      for (const path of ['dir/sub/text', 'file']) count(seen, () => root.readFile(path).toString())
    })
    assert.equal(seen.get('outside'), undefined, JSON.stringify([...seen]))
  })

  test(
    `${way}: while names are swapped, nothing outside is written, made, moved or removed`,
    { skip },
    async (t) => {
      const { root, outside } = await opened(t, openBeneath)
      const seen = new Map<string, number>()
      const acts = [
        () => root.writeFile('dir/sub/text', 'inside'),
        () => root.writeFile('dir/sub/new', 'new'),
        () => root.rename('dir/sub/new', 'dir/sub/newer'),
        () => root.mkdir('dir/sub/made'),
        () => root.remove('dir/sub/made'),
        () => root.remove('dir/sub/newer'),
      ]
      await repeat(seen, () => {
        for (const act of acts) count(seen, did(act))
      })
      assert.equal(readFileSync(join(outside, 'sub/text'), 'utf8'), 'outside')
      assert.deepEqual(readdirSync(join(outside, 'sub')), ['text'])
    },
  )
}

async function opened(t: TestContext, openBeneath: OpenBeneath | undefined) {
  const { base, outside } = await scene(t)
  const root = SafeRoot.open(base, openBeneath === undefined ? {} : { openBeneath })
  t.after(() => root.close())
  return { root, outside }
}

/** Until it went well often enough, and was refused often enough to know that the swapper was there. */
async function repeat(seen: Map<string, number>, act: () => void): Promise<void> {
  const until = performance.now() + LONGEST_MS
  const refused = () => (seen.get('SAFE_PATH_LINK') ?? 0) + (seen.get('SAFE_PATH_KIND') ?? 0)
  let tries = 0
  while ((tries < TRIES || refused() < 20 || (seen.get('inside') ?? 0) < 20) && performance.now() < until) {
    act()
    tries += 1
    if (tries % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  assert.ok(refused() >= 20, `the swapper was hardly met: ${JSON.stringify([...seen])}`)
  assert.ok((seen.get('inside') ?? 0) >= 20, `hardly anything went well: ${JSON.stringify([...seen])}`)
}

function count(seen: Map<string, number>, act: () => string): void {
  let what: string
  try {
    what = act()
  } catch (error) {
    if (!(error instanceof KnownError)) throw error
    what = error.code
  }
  seen.set(what, (seen.get(what) ?? 0) + 1)
}

function did(act: () => void): () => string {
  return () => {
    act()
    return 'inside'
  }
}
