/**
 * A file system of one file whose reads are never answered until they are let go, and of one name that is never even looked
 * up: whoever asks waits in the kernel, and not even SIGKILL ends that. When the program that answers for it ends, the kernel lets everybody go by itself.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, existsSync, mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const FILE = 'file'
export const LOST = 'lost'
const MOUNT = '/usr/bin/mount'
const UMOUNT = '/usr/bin/umount'

/** Why no such file system can be made here; false when it can. */
export function whyNoStall(): string | false {
  if (process.getuid?.() !== 0) return 'NOT tried: mounting needs root'
  if (!existsSync(MOUNT)) return 'NOT tried: there is no mount'
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK)
    return false
  } catch {
    return 'NOT tried: there is no /dev/fuse here'
  }
}

/** Mounts it; it is gone with the test, and with this process. `letGo` answers the reads that wait, and all that follow. */
export async function stall(t: { after(fn: () => Promise<void> | void): void }): Promise<{
  readonly directory: string
  readonly letGo: () => Promise<void>
}> {
  const directory = mkdtempSync(join(tmpdir(), 'stall-'))
  const program = new URL('stall-server.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [program, directory], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  t.after(async () => {
    child.kill('SIGKILL')
    await ended
    spawnSync(UMOUNT, ['--lazy', directory], { stdio: 'ignore' }) // where it was mounted at all
    rmdirSync(directory)
  })
  const [said] = (await Promise.race([once(child.stdout, 'data'), ended])) as unknown[]
  if (String(said) !== 'mounted\n') throw new Error(`it was not mounted: ${String(said)}`)
  return {
    directory,
    async letGo() {
      child.stdin.write('go\n')
      await once(child.stdout, 'data')
    },
  }
}
