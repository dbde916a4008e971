import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { house } from '../kit/house.ts'

const home = house({ after })

test('the owner runs a command and gets what it says and its exit code', async () => {
  const { code, stdout } = await home.warder(['exec', '--', 'sh', '-c', 'echo hello; exit 3'])
  assert.equal(stdout, 'hello\n')
  assert.equal(code, 3)
})

test('an agent without a grant is refused with exit 3 and told what would change that', async () => {
  const refused = await home.warder(['exec', '--agent', 'helper', '--', 'echo', 'ran'])
  assert.equal(refused.code, 3)
  assert.equal(refused.stdout, '')
  assert.match(refused.stderr, /^error: refused by policy, rule default: /m)
  assert.match(refused.stderr, /^ {2}fix: warder grant add helper process:spawn:\/\S*echo /m)
})

test('with a grant the same command runs', async () => {
  const capability = 'process:spawn:/usr/bin/*'
  const grant = await home.command(['grant', 'add', 'helper', capability, '--reason', 'a journey'])
  assert.equal(grant.code, 0, grant.stderr)
  const allowed = await home.warder(['exec', '--agent', 'helper', '--', 'echo', 'ran'])
  assert.equal(allowed.code, 0, allowed.stderr)
  assert.equal(allowed.stdout, 'ran\n')
})

test('what takes longer than its time limit is ended with exit 124', async () => {
  const { code, stderr } = await home.warder(['exec', '--timeout', '1s', '--', 'sleep', '100'])
  assert.equal(code, 124)
  assert.match(stderr, /time limit/)
})

test('what takes more memory than its profile gives is ended, and said to be', async (t) => {
  const { guarantees } = (await home.command(['sandbox', 'probe', '--json'])).json<{
    guarantees: { name: string; inForce: boolean }[]
  }>()
  const limit = guarantees.find(({ name }) => name === 'memory-limit')
  if (limit?.inForce !== true) return t.skip('this host limits no memory: the limit was NOT tried')
  const eat = 'const held = []; for (;;) held.push(Buffer.alloc(10_000_000, 1))'
  const { code, stderr } = await home.warder(['exec', '--', process.execPath, '-e', eat])
  assert.equal(code, 137)
  assert.match(stderr, /memory limit/)
})

test('a program that is not there is exit 4, and nothing ran', async () => {
  const { code, stdout, stderr } = await home.warder(['exec', '--', 'nosuchprogram'])
  assert.equal(code, 4)
  assert.equal(stdout, '')
  assert.match(stderr, /"nosuchprogram" is not an executable/)
})

test('a program outside the system directories brings its own files along', async () => {
  const script = 'console.log(process.execPath); process.exitCode = 5'
  const { code, stdout, stderr } = await home.warder(['run', '--', process.execPath, '-e', script])
  assert.equal(stdout, `${process.execPath}\n`, stderr)
  assert.equal(code, 5)
})

test('five million bytes go in and come out unchanged', async () => {
  const bytes = randomBytes(5_000_000)
  const file = join(home.workspace, 'bytes.bin')
  writeFileSync(file, bytes)
  const child = home.start(['run', '-q', '--', 'cat'])
  const hash = createHash('sha256')
  let size = 0
  child.stdout?.on('data', (chunk: Buffer) => {
    size += chunk.length
    hash.update(chunk)
  })
  child.stdin?.end(bytes)
  const { promise, resolve } = Promise.withResolvers<number | null>()
  child.once('close', resolve)
  assert.equal(await promise, 0)
  assert.equal(size, bytes.length)
  assert.equal(hash.digest('hex'), createHash('sha256').update(bytes).digest('hex'))
})
