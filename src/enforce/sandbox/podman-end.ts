import type { ChildProcess } from 'node:child_process'

const PODMAN_END_MS = 3000

/** Waits for a podman whose container is gone; should it hang all the same, nothing is lost with it. */
export async function hasEnded(child: ChildProcess): Promise<void> {
  const timer = setTimeout(() => child.kill('SIGKILL'), PODMAN_END_MS)
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    await new Promise<void>((done) => child.once('exit', () => done()))
  }
  clearTimeout(timer)
}

export async function killed(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await hasEnded(child)
}
