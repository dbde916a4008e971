import assert from 'node:assert/strict'
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { createHmac, randomFillSync } from 'node:crypto'
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'
import { inspect } from 'node:util'
import { openMemoryCalls, type MemoryCalls } from './locked-memory-native.ts'
import { LockedBuffer, protectProcess, type LockedKind } from './locked-memory.ts'

const found = openMemoryCalls()
if ('missing' in found) throw new Error(found.missing)
const calls: MemoryCalls = found
const no = (): never => {
  throw new Error('ENOSYS')
}
/** The system's calls, as on a kernel without secret memory, and with none left to lock. */
const WITHOUT_SECRET: MemoryCalls = { ...calls, mapSecret: no }
const WITHOUT_LOCK: MemoryCalls = { ...WITHOUT_SECRET, lock: no }

function code(act: () => unknown): string {
  try {
    act()
    return 'none'
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
}

for (const [kind, given] of [
  ['secret', calls],
  ['locked', WITHOUT_SECRET],
  ['unlocked', WITHOUT_LOCK],
] as const) {
  test(`${kind}: bytes are kept, lent, wiped and given back`, (t) => {
    const buffer = LockedBuffer.create(5000, { calls: given, allowUnlocked: true })
    if (kind === 'secret' && buffer.kind !== 'secret') return t.skip('this kernel has no secret memory')
    assert.equal(buffer.kind, kind)
    assert.ok(buffer.use((bytes) => bytes.length === 5000 && bytes.every((byte) => byte === 0)))
    buffer.use((bytes) => randomFillSync(bytes))
    const mac = () => buffer.use((bytes) => createHmac('sha256', bytes).update('x').digest('hex'))
    assert.equal(mac(), mac())
    buffer.wipe()
    assert.ok(buffer.use((bytes) => bytes.every((byte) => byte === 0)))
    buffer.close()
    buffer.close()
    assert.equal(
      code(() => buffer.use(() => 1)),
      'LOCKED_MEMORY_CLOSED',
    )
    assert.equal(
      code(() => buffer.wipe()),
      'LOCKED_MEMORY_CLOSED',
    )
  })
}

test('memory that cannot be locked is refused unless that was allowed, and nothing stays mapped', () => {
  const mapped: bigint[] = []
  const counting: MemoryCalls = {
    ...WITHOUT_LOCK,
    mapPrivate: (size) => {
      const address = calls.mapPrivate(size)
      mapped.push(address)
      return address
    },
    unmap: (address, size) => {
      mapped.splice(mapped.indexOf(address), 1)
      calls.unmap(address, size)
    },
  }
  assert.equal(
    code(() => LockedBuffer.create(32, { calls: counting })),
    'LOCKED_MEMORY_UNAVAILABLE',
  )
  assert.deepEqual(mapped, [])
  for (const allowUnlocked of [false, true]) {
    assert.equal(
      code(() => LockedBuffer.create(32, { calls: { missing: 'no koffi' }, allowUnlocked })),
      'LOCKED_MEMORY_UNAVAILABLE',
    )
  }
  assert.equal(
    code(() => protectProcess({ missing: 'no koffi' })),
    'LOCKED_MEMORY_UNAVAILABLE',
  )
  for (const size of [0, -1, 1.5, Number.NaN, 2 ** 20 + 1])
    assert.equal(
      code(() => LockedBuffer.create(size)),
      'LOCKED_MEMORY_MISUSED',
    )
})

test('what is taken is moved: the source is zero, also when there is no memory', () => {
  const source = Buffer.from('a key that was in a file')
  using buffer = LockedBuffer.take(source)
  assert.ok(source.every((byte) => byte === 0))
  assert.ok(buffer.use((bytes) => Buffer.from(bytes).equals(Buffer.from('a key that was in a file'))))
  const lost = Buffer.from('another')
  assert.equal(
    code(() => LockedBuffer.take(lost, { calls: WITHOUT_LOCK })),
    'LOCKED_MEMORY_UNAVAILABLE',
  )
  assert.ok(lost.every((byte) => byte === 0))
})

test('a view that was kept is empty afterwards, however the callback ended', () => {
  using buffer = LockedBuffer.create(32)
  const kept: Uint8Array[] = []
  buffer.use((bytes) => kept.push(bytes, bytes.subarray(4), new Uint8Array(bytes.buffer)))
  assert.throws(
    () =>
      buffer.use((bytes) => {
        kept.push(bytes)
        throw new Error('on the way')
      }),
    /on the way/,
  )
  assert.deepEqual(
    kept.map(({ length }) => length),
    [0, 0, 0, 0],
  )
  assert.equal(
    code(() => buffer.use(async () => 1)),
    'LOCKED_MEMORY_MISUSED',
  )
  assert.equal(
    code(() => buffer.use(() => Promise.reject(new Error('late')))),
    'LOCKED_MEMORY_MISUSED',
  )
  assert.equal(
    code(() => buffer.use(() => buffer.use(() => 1))),
    'LOCKED_MEMORY_CLOSED',
  )
  assert.equal(
    code(() => buffer.use(() => buffer.close())),
    'LOCKED_MEMORY_CLOSED',
  )
  assert.equal(
    buffer.use((bytes) => bytes.length),
    32,
  )
})

test('a view that was taken away reads zeros after the end, and never pages that were given back', () => {
  const buffer = LockedBuffer.create(32)
  let taken = new ArrayBuffer(0)
  buffer.use((bytes) => {
    bytes.fill(7)
    taken = bytes.buffer.transfer()
  })
  buffer.close()
  assert.deepEqual(
    [...new Uint8Array(taken)],
    Array.from({ length: 32 }, () => 0),
  )
})

test('it is never text: printing, logging, joining and serialising show nothing', () => {
  using buffer = LockedBuffer.take(Buffer.from('hunter2-hunter2'))
  const shown = [
    String(buffer),
    ''.concat(buffer as unknown as string),
    JSON.stringify({ buffer }),
    inspect(buffer, { showHidden: true, depth: 9 }),
    inspect({ deep: [buffer] }),
    [buffer].join(),
    Object.entries(buffer).join(),
  ]
  for (const text of shown) assert.doesNotMatch(text, /hunter|68.*75|104/)
  assert.deepEqual(
    [String(buffer), JSON.stringify(buffer), inspect(buffer)],
    ['[locked]', '"[locked]"', '[locked]'],
  )
  assert.throws(() => structuredClone(() => buffer))
  assert.doesNotMatch(JSON.stringify(structuredClone(buffer)), /hunter/)
})

test('the pages are locked, and kept out of dumps and children', () => {
  for (const given of [calls, WITHOUT_SECRET]) {
    const { calls: noting, last } = addressOf(given)
    const buffer = LockedBuffer.create(32, { calls: noting })
    const flags = flagsAt(last())
    for (const flag of ['lo', 'dd', 'dc']) {
      assert.ok(flags.includes(flag), `${buffer.kind}: ${flag} is not among ${flags.join(' ')}`)
    }
    buffer.close()
    assert.deepEqual(flagsAt(last()), [], 'the mapping is still there')
  }
})

function addressOf(given: MemoryCalls) {
  const seen: bigint[] = []
  const noting = (map: (size: number) => bigint) => (size: number) => {
    const address = map(size)
    seen.push(address)
    return address
  }
  return {
    calls: { ...given, mapSecret: noting(given.mapSecret), mapPrivate: noting(given.mapPrivate) },
    last: () => seen.at(-1) ?? 0n,
  }
}

/** The flags the kernel keeps for the mapping at an address; none when there is no mapping. */
function flagsAt(address: bigint): string[] {
  const smaps = readFileSync('/proc/self/smaps', 'utf8')
  const at = smaps.split('\n').findIndex((line) => new RegExp(`^0*${address.toString(16)}-`).test(line))
  if (at < 0) return []
  return (
    smaps
      .split('\n')
      .slice(at)
      .find((line) => line.startsWith('VmFlags:')) ?? ''
  )
    .split(/\s+/)
    .slice(1)
}

// A process of its own makes a key byte by byte inside locked memory, so that it is nowhere else; this one knows it and
// searches all memory of that process for it.

const KEY = Buffer.from(
  Array.from({ length: 32 }, (_, index) => ((index * 73 + 41) ^ (index << 3) ^ 0xa5) & 0xff),
)
const HOLDER = `
  import { openMemoryCalls } from './src/platform/locked-memory-native.ts'
  import { LockedBuffer, protectProcess } from './src/platform/locked-memory.ts'
  const calls = openMemoryCalls()
  const without = { ...calls, mapSecret: () => { throw new Error('ENOSYS') } }
  const buffer = LockedBuffer.create(32, { calls: process.argv[1] === 'secret' ? calls : without })
  const steps = {
    fill: () => buffer.use((bytes) => { for (let i = 0; i < 32; i += 1) bytes[i] = ((i * 73 + 41) ^ (i << 3) ^ 0xa5) & 0xff }),
    wipe: () => buffer.wipe(),
    close: () => buffer.close(),
    protect: () => protectProcess(),
  }
  console.log('ready ' + buffer.kind)
  process.stdin.on('data', (word) => { steps[String(word).trim()](); console.log('done') })
`

interface Holder {
  readonly pid: number
  readonly kind: LockedKind
  readonly say: (word: 'fill' | 'wipe' | 'close' | 'protect') => Promise<void>
}

async function holder(t: TestContext, kind: 'secret' | 'locked', uid?: number): Promise<Holder> {
  const child: ChildProcess = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, kind], {
    stdio: ['pipe', 'pipe', 'inherit'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  t.after(async () => {
    child.kill('SIGKILL')
    await ended
  })
  assert.ok(child.stdout !== null && child.pid !== undefined)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async () => String((await lines.next()).value)
  const [, got = ''] = /^ready (\w+)$/.exec(await next()) ?? []
  return {
    pid: child.pid,
    kind: got as LockedKind,
    say: async (word) => {
      child.stdin?.write(word)
      assert.equal(await next(), 'done')
    },
  }
}

/** How often the bytes are in what can be read of a process's memory. */
function timesInMemory(pid: number, bytes: Buffer): number {
  const memory = openSync(`/proc/${pid}/mem`, 'r')
  let times = 0
  let readBytes = 0
  for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
    const [, from = '', to = '', may = ''] = /^([0-9a-f]+)-([0-9a-f]+) (\S+)/.exec(line) ?? []
    if (!may.startsWith('r') || from.startsWith('ffffffff')) continue
    const part = Buffer.alloc(Number.parseInt(to, 16) - Number.parseInt(from, 16))
    const length = readWhatIsThere(memory, part, Number.parseInt(from, 16))
    readBytes += length
    for (let at = part.indexOf(bytes); at >= 0; at = part.indexOf(bytes, at + 1)) times += 1
  }
  closeSync(memory)
  assert.ok(readBytes > 10 * 1024 * 1024, 'hardly any memory was read, so nothing was searched')
  return times
}

function readWhatIsThere(fd: number, into: Buffer, position: number): number {
  let at = 0
  try {
    while (at < into.length) at += readSync(fd, into, at, into.length - at, position + at) || into.length
  } catch {
    return at // pages nobody may read, as secret ones
  }
  return at
}

test('locked: the key is in memory once, and nowhere once it is wiped', async (t) => {
  const { pid, kind, say } = await holder(t, 'locked')
  assert.equal(kind, 'locked')
  await say('fill')
  assert.equal(timesInMemory(pid, KEY), 1)
  await say('wipe')
  assert.equal(timesInMemory(pid, KEY), 0)
  await say('fill')
  await say('close')
  assert.equal(timesInMemory(pid, KEY), 0)
})

test('secret: the key is in use, and nobody else finds it', async (t) => {
  const { pid, kind, say } = await holder(t, 'secret')
  if (kind !== 'secret') return t.skip('this kernel has no secret memory')
  await say('fill')
  assert.equal(timesInMemory(pid, KEY), 0) // the test above shows that the search finds it where it can be read
})

const NOBODY = 65534

test('a protected process cannot be looked into by its own user', async (t) => {
  const uid = process.getuid?.() === 0 ? NOBODY : undefined // root may look into everything
  const { pid, kind, say } = await holder(t, 'locked', uid)
  assert.equal(kind, 'locked', 'the holder did not start')
  const as = uid === undefined ? {} : { uid, gid: uid }
  const look = (file: string) =>
    spawnSync('/usr/bin/head', ['-c', '1', `/proc/${pid}/${file}`], as).stderr.toString()
  if (look('environ') !== '') return t.skip('this system denies it to everybody already')
  await say('protect')
  for (const file of ['environ', 'mem', 'auxv']) assert.match(look(file), /Permission denied/, file)
  await say('fill') // and it still works
})

test('a protected process writes no core dump', async (t) => {
  const { pid, say } = await holder(t, 'locked')
  const limits = () =>
    /^Max core file size\s+(\S+)\s+(\S+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'))?.slice(1)
  spawnSync('/usr/bin/prlimit', ['--pid', String(pid), '--core=4096:8192'])
  const before = limits()?.join()
  await say('protect')
  assert.deepEqual(limits(), ['0', '0'])
  if (before !== '4096,8192') return t.skip('no process may dump core here, so nothing was seen to change')
})
