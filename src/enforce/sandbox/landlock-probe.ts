import { spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { sha256 } from '../../core/canonical.ts'
import { newId } from '../../core/id.ts'
import { compile } from './compile.ts'
import { startLandlock, type LandlockMachine } from './landlock-start.ts'
import { keptBy } from './landlock-run.ts'
import { diskLookup } from './lookup.ts'
import { profileSchema } from './profile.ts'
import { seccompProgram } from './seccomp.ts'
import type { Guarantee, LimitReport, Running } from './driver.ts'
import type { SandboxSpec } from './spec.ts'

/** What a look around finds inside, as JSON; then it waits to be looked at from outside. */
const CANARY = `
const fs = require('node:fs'), net = require('node:net')
const [outside, outsider] = process.argv.slice(1), own = require('node:os').tmpdir()
const attempt = (work) => { try { work(); return 'done' } catch (error) { return error.code } }
const later = { tcp: 'nothing' }
const socket = net.connect(9, '127.0.0.1', () => { later.tcp = 'done' })
socket.on('error', (error) => { later.tcp = error.code; tell() })
const tell = () => console.log(JSON.stringify({
  ...later,
  secret: attempt(() => fs.readFileSync(outside)),
  list: attempt(() => fs.readdirSync('/proc')),
  usr: attempt(() => fs.writeFileSync('/usr/warder-canary', '')),
  etc: attempt(() => fs.writeFileSync('/etc/warder-canary', '')),
  outside: attempt(() => fs.writeFileSync(outside, '')),
  mode: attempt(() => fs.chmodSync(outside, 0o777)),
  own: attempt(() => fs.writeFileSync(own + '/own', '')),
  ownMode: attempt(() => fs.chmodSync(own + '/own', 0o700)),
  setuid: attempt(() => fs.chmodSync(own + '/own', 0o4700)),
  signal: attempt(() => process.kill(Number(outsider), 0)),
}))
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
`

interface Seen {
  readonly inside: Readonly<Record<string, string>>
  readonly descriptors: readonly string[]
  readonly limits: string
  readonly reports: readonly LimitReport[]
}

/**
 * Confines a real program and lets it try what must fail; what must work tells that it tried at all.
 *
 * @throws SandboxError when nothing can be confined
 */
export async function probeLandlock(machine: LandlockMachine): Promise<readonly Guarantee[]> {
  const { inside, descriptors, limits, reports } = await look(machine)
  const refused = (...names: readonly string[]) => names.every((name) => /^E[A-Z]+$/.test(inside[name] ?? ''))
  const works = inside['own'] === 'done' && inside['ownMode'] === 'done'
  const no = (name: Guarantee['name'], why: string): Guarantee => ({ name, inForce: false, why, fix: FIX })
  const limitIs = (label: string, value: number) =>
    new RegExp(`^${label} +${value} +${value} `, 'm').test(limits)
  return [
    no('namespaces', 'Landlock gives a program no users, processes, mounts or network of its own'),
    tried(
      'seccomp',
      works && refused('setuid'),
      `both filters are loaded, and a set-uid file fails with ${inside['setuid']}`,
    ),
    tried('no-network', refused('tcp'), `a connection fails with ${inside['tcp']}`),
    tried(
      'read-only-system',
      works && refused('usr', 'etc', 'outside', 'secret', 'mode', 'list'),
      'writes to /usr and /etc fail, and so does what lies beside the list',
    ),
    tried(
      'no-leaked-descriptors',
      descriptors.every(isOwn),
      `open: ${[...new Set(descriptors.map((each) => each.replace(/:\[\d+\]$/, '')))].join(', ')}`,
    ),
    {
      name: 'descriptor-binds',
      inForce: true,
      why: 'every rule is made for a descriptor that was opened and compared first',
    },
    tried('open-files-limit', limitIs('Max open files', OPEN_FILES), 'seen from outside'),
    tried('file-size-limit', limitIs('Max file size', FILE_BYTES), 'seen from outside'),
    tried('core-dump-limit', limitIs('Max core file size', 0), 'seen from outside'),
    ...(['process-limit', 'memory-limit', 'cpu-limit'] as const).map((name) => ofLimit(name, reports)),
    {
      name: 'freeze',
      inForce: true,
      why: 'the keeper stops every process, and looks again until none moves',
    },
    no('protected-names', 'Landlock cannot take back inside a tree what it gave for the tree'),
    no('private-temporary', "temporary files lie on disk, in a directory of the run's own"),
    machine.abi >= 6
      ? tried(
          'no-outside-signals',
          refused('signal'),
          `a signal to a process outside fails with ${inside['signal']}`,
        )
      : no('no-outside-signals', `Landlock ${machine.abi} does not hold back signals`),
  ]
}

const FIX = 'run Warder where bubblewrap works; run: warder doctor'
const NOBODY = 65534
const OPEN_FILES = 128
const FILE_BYTES = 1024 ** 2

/** The three pipes, and what Node opens for itself. A socket would be one of ours. */
const isOwn = (target: string) => /^(pipe:|anon_inode:|\/dev\/null$)/.test(target)

async function look(machine: LandlockMachine): Promise<Seen> {
  const directory = mkdtempSync(join(tmpdir(), 'warder-probe-'))
  const secret = join(directory, 'secret')
  writeFileSync(secret, 'not for the sandbox')
  // of the same user and open to all, so that it is the sandbox that refuses and not the file's or process's own mode
  const owner = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}
  if (owner.uid !== undefined) chownSync(secret, owner.uid, owner.gid)
  chmodSync(directory, 0o755)
  chmodSync(secret, 0o666)
  const outsider = spawn('/bin/sleep', ['60'], { stdio: 'ignore', cwd: '/', env: {}, ...owner })
  outsider.on('error', () => undefined)
  try {
    const spec = canarySpec(machine, [secret, String(outsider.pid)], directory)
    return await whatIsSeen(await startLandlock(machine, spec, { runId: newId(), agent: 'probe' }))
  } finally {
    outsider.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  }
}

async function whatIsSeen(run: Running): Promise<Seen> {
  const error = text(run.stderr)
  const line = await firstLine(run)
  const [command] = keptBy(run.init)
  if (line === undefined || command === undefined) {
    await run.kill('the probe failed')
    throw new Error(`the probe said nothing: ${(await error).slice(0, 400)}`)
  }
  const descriptors = readdirSync(`/proc/${command.pid}/fd`).map((fd) =>
    readlinkSync(`/proc/${command.pid}/fd/${fd}`),
  )
  const limits = readFileSync(`/proc/${command.pid}/limits`, 'latin1')
  run.stdin.end()
  await run.exit
  return { inside: JSON.parse(line) as Seen['inside'], descriptors, limits, reports: run.limits }
}

async function firstLine(run: Running): Promise<string | undefined> {
  let said = ''
  for await (const chunk of run.stdout) {
    said += String(chunk)
    if (said.includes('\n')) return said.slice(0, said.indexOf('\n'))
  }
  return undefined
}

function canarySpec({ architecture }: LandlockMachine, about: readonly string[], home: string): SandboxSpec {
  const profile = profileSchema.parse({
    name: 'canary',
    description: 'tries what must fail',
    filesystem: { workspace: 'none', temporary_size: '1MiB' },
    network: { mode: 'none' },
    process: {
      fork: true,
      max_seconds: 20,
      max_memory: '512MiB',
      max_processes: 32,
      max_open_files: OPEN_FILES,
      max_output: '64KiB',
      max_file: '1MiB',
      cpu_percent: 100,
    },
    environment: { mode: 'restricted' },
    minimum_level: 'landlock',
  })
  return compile(
    profile,
    {
      argv: [process.execPath, '-e', CANARY, ...about],
      env: { PATH: '/usr/bin:/bin' },
      home,
      user: { uid: process.getuid?.() ?? 65534, gid: process.getgid?.() ?? 65534, name: 'canary' },
      reach: [],
      exclusions: [],
      seccompDigest: (noFork) => sha256(seccompProgram(architecture, { noFork })),
    },
    diskLookup,
  )
}

function tried(name: Guarantee['name'], inForce: boolean, why: string): Guarantee {
  return { name, inForce, why: inForce ? `tried: ${why}` : `tried, and it did not hold: ${why}` }
}

function ofLimit(name: Guarantee['name'], reports: readonly LimitReport[]): Guarantee {
  const of = { 'process-limit': 'processes', 'memory-limit': 'memory', 'cpu-limit': 'cpu' } as const
  const report = reports.find((each) => each.name === of[name as keyof typeof of])
  const inForce = report?.inForce === true
  const note = report?.note === undefined ? '' : `: ${report.note}`
  return {
    name,
    inForce,
    why: `${report?.by ?? 'unknown'}${note}`,
    ...(inForce ? {} : { fix: 'start Warder as a service with Delegate=yes: warder service install' }),
  }
}
