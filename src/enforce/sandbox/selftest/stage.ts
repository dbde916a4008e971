import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import {
  chmodSync,
  lchownSync,
  lstatSync,
  readdirSync,
  renameSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Stage } from './attempt.ts'
import { orderBytes, type Prober } from './prober.ts'
import { openServices, type Services } from './services.ts'

export interface Owner {
  readonly uid: number
  readonly gid: number
}

export interface StageOptions {
  readonly side: Stage['side']
  readonly prober: Prober
  /** The user's home directory, and a directory of Warder's own. */
  readonly home: string
  readonly own: string
  /** Who the run will be outside: the canaries are theirs, so that nothing but the sandbox stands in between. */
  readonly owner: Owner
}

/** A stage that stands, until it is closed. */
export interface BuiltStage extends Stage {
  /** Makes the workspace as it was in the beginning; without the socket in it. */
  rebuildWorkspace(): void
  /** Puts a new file in the place of one in the workspace, as an editor saves. */
  replace(name: string): void
  close(): Promise<void>
}

/** Whatever happens, they end by themselves. */
const BYSTANDER_SECONDS = '600'
const PREFIX = 'warder-self-test-'
const STALE_MS = 3_600_000

/**
 * Makes one side's canaries: secrets, services and processes of the host that an agent must not reach.
 *
 * @throws Error when the host does not let us; then nothing was tried
 */
export async function buildStage(options: StageOptions): Promise<BuiltStage> {
  const { side, owner, prober, home } = options
  const token = randomBytes(12).toString('hex')
  const root = mkdtempSync(join(tmpdir(), PREFIX))
  const ours: string[] = [root]
  const children: ChildProcess[] = []
  const services: Services[] = []
  const close = async () => {
    for (const child of children) endGroup(child)
    for (const each of services) await each.close()
    for (const path of ours) rmSync(path, { recursive: true, force: true })
  }
  try {
    const workspace = join(root, 'work')
    const own = join(options.own, `self-test-canary-${token}`)
    const elsewhere = [join(home, `.warder-canary-${token}`), own, `/dev/shm/warder-canary-${token}`]
    hand(root, owner)
    const tool = join(root, 'attempts')
    writeFileSync(tool, prober.bytes)
    chmodSync(tool, 0o755)
    hand(tool, owner)
    for (const path of elsewhere) {
      if (makeIfPossible(path, token, owner)) ours.push(path)
    }
    for (const [name, text] of secretsOf(token)) make(join(root, name), text, owner)
    buildWorkspace(workspace, root, owner)
    const abstract = `warder-self-test-${token}`
    const open = await openServices({ token, root, workspace, abstract, owner })
    services.push(open)
    const sleeper = (env: Readonly<Record<string, string>>) => {
      const child = spawn('/bin/sleep', [BYSTANDER_SECONDS], {
        ...as(owner),
        cwd: root,
        env,
        stdio: 'ignore',
        detached: true,
      })
      children.push(child)
      return pidOf(child)
    }
    const [bystander, victim] = [sleeper({ CANARY: token }), sleeper({})]
    const give = ['give-descriptors', join(root, 'giver.sock'), join(root, 'secret')]
    children.push(await startServer(tool, give, owner))
    const shmKey = randomInt(0x1000_0000, 0x7fff_ffff)
    await runOnce(tool, ['shm', 'make', `${shmKey}`, token], owner)
    services.push({ ports: {}, close: () => runOnce(tool, ['shm-remove', `${shmKey}`], owner) })
    return {
      ...{ side, token, root, tool, workspace, home, own, bystander, victim, abstract, shmKey },
      ports: open.ports,
      ...(open.outward === undefined ? {} : { outward: open.outward }),
      mark: `wst-${token.slice(0, 11)}`, // the kernel keeps fifteen characters of a name
      rebuildWorkspace: () => {
        for (const path of [workspace, join(root, 'moved')]) rmSync(path, { recursive: true, force: true })
        buildWorkspace(workspace, root, owner)
      },
      replace: (name) => {
        const path = join(workspace, name)
        make(`${path}.new`, 'from outside\n', owner)
        renameSync(`${path}.new`, path)
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Takes away what a test left that was cut short, by a machine or a daemon that ended; one that goes on is younger. */
export function sweepStages(now: number): void {
  for (const name of readdirSync(tmpdir()).filter((each) => each.startsWith(PREFIX))) {
    const path = join(tmpdir(), name)
    try {
      if (now - lstatSync(path).mtimeMs > STALE_MS) rmSync(path, { recursive: true, force: true })
    } catch {
      // gone meanwhile, or somebody else's
    }
  }
}

/** How a process is started as the run's user. */
export function as({ uid, gid }: Owner): { readonly uid?: number; readonly gid?: number } {
  return process.getuid?.() === 0 && uid !== 0 ? { uid, gid } : {}
}

function secretsOf(token: string): readonly (readonly [string, string])[] {
  return [
    ['secret', token],
    ['work-twin/secret', token],
    ['home-of-another/.ssh/id_ed25519', token],
    ['writable', 'as it was'],
    ['write-through', 'as it was'],
    ['link-me', 'as it was'],
  ]
}

function buildWorkspace(workspace: string, root: string, owner: Owner): void {
  const files = [
    ...['.git/HEAD', '.git/config', '.git/description', '.git/packed-refs', '.git/hooks/post-checkout'],
    ...['.vscode/tasks.json', '.npmrc', '.github/hooks/made', 'plain/of-plain', 'data/of-data'],
  ]
  for (const name of files) make(join(workspace, name), 'as it was\n', owner)
  symlinkSync(join(root, 'secret'), join(workspace, 'to-secret'))
}

function make(path: string, text: string, owner: Owner): void {
  const first = mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  for (let made = dirname(path); first !== undefined && made.length >= first.length; made = dirname(made)) {
    hand(made, owner)
  }
  writeFileSync(path, text, { mode: 0o600 })
  hand(path, owner)
}

function makeIfPossible(path: string, text: string, owner: Owner): boolean {
  try {
    writeFileSync(path, text, { mode: 0o600, flag: 'wx' })
    hand(path, owner)
    return true
  } catch {
    return false // then the attempt has no control, and is told so
  }
}

function hand(path: string, { uid, gid }: Owner): void {
  if (process.getuid?.() === 0) lchownSync(path, uid, gid)
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('a bystander for the self-test cannot be started')
  return pid
}

/** The prober in a group of its own, since each of its orders has a process of its own. */
function startProber(path: string, order: readonly string[], owner: Owner): ChildProcess {
  const child = spawn(path, ['--control'], {
    ...as(owner),
    cwd: '/',
    env: {},
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
  })
  child.stdin?.on('error', () => undefined).end(orderBytes([['stage', ...order]]))
  return child
}

async function startServer(tool: string, order: readonly string[], owner: Owner): Promise<ChildProcess> {
  const child = startProber(tool, order, owner)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  child.once('error', reject)
  child.once('exit', () => reject(new Error(`the prober did not serve ${order[0]}`)))
  child.stdout?.once('data', () => resolve())
  await promise
  return child
}

async function runOnce(tool: string, order: readonly string[], owner: Owner): Promise<void> {
  const child = startProber(tool, order, owner)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  child.once('error', reject)
  child.once('close', () => resolve())
  child.stdout?.resume()
  await promise
}

/** Its whole group: a killed prober would leave the child that acts for it. */
export function endGroup({
  pid,
  exitCode,
  signalCode,
}: Pick<ChildProcess, 'exitCode' | 'signalCode'> & { readonly pid?: number | undefined }): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // it ended in between
  }
}
