/**
 * Threat: an agent names what lies on a file system that never answers. Whoever asks for it waits in the kernel, and were
 * that the daemon, nobody's calls would be decided on any more.
 */
import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { STARTER_POLICY } from '../../src/decide/policy/index.ts'
import { fakeHarness } from '../kit/hooks.ts'
import { house } from '../kit/house.ts'
import { configure, owner } from '../kit/owner.ts'
import { FILE, LOST, stall, whyNoStall } from '../kit/stall.ts'

const options = { skip: whyNoStall(), timeout: 120_000 }
const home = house({ after })
configure(home, 'policy.yaml', STARTER_POLICY)
const me = await owner({ after }, home)
const NATIVE = new URL('../../dist/native/hook', import.meta.url).pathname
const [socket, secret] = ['run/warder/warder.sock', '.local/share/warder/keys/socket.secret']
const harness = fakeHarness(home, `${NATIVE} ${join(home.home, socket)} ${join(home.home, secret)}`, 'honest')
await harness.prove()

/** What comes of it, where the daemon answers others while it is under way. It never is let go, so waiting for it hangs. */
async function besidesOthers<T>(act: () => Promise<T>): Promise<T> {
  const under = act()
  await me.call('daemon', {})
  const result = await under
  await me.call('daemon', {})
  return result
}

/** Each test has a file system of its own, for one that was silent is not tried again so soon. */
async function silent(
  s: Parameters<typeof stall>[0],
  name: string,
): Promise<{ script: string; lost: string }> {
  // so that the daemon has seen the last one go: the kernel gives its number to the next
  await harness.before('Bash', { command: 'true' })
  const { directory } = await stall(s)
  const at = join(home.workspace, name)
  mkdirSync(at)
  const [script, lost] = [join(at, 'script.sh'), join(at, 'lost.sh')]
  symlinkSync(join(directory, FILE), script)
  symlinkSync(join(directory, LOST), lost)
  return { script, lost }
}

test(
  'a command whose script never comes is judged as one with a script nobody can read',
  options,
  async (s) => {
    const { script } = await silent(s, 'command')
    const unread = join(home.workspace, 'no-such-script.sh')
    const open = (path: string) => me.open({ kind: 'exec', argv: ['/bin/sh', path] })
    const { verdict } = await besidesOthers(() => open(script))
    assert.equal(verdict.risk, (await open(unread)).verdict.risk)
    assert.notEqual(verdict.risk, 'low')
  },
)
