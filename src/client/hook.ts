import type { Readable } from 'node:stream'

/** What a hook says and how it ends. */
export interface HookEnd {
  readonly exit: number
  readonly stdout: Uint8Array
  readonly stderr: Uint8Array
}

/** The same bound as in the native program and in the daemon. */
export const MAX_PAYLOAD_BYTES = 1024 * 1024
const STDIN_MS = 10_000

/** What every failure of the hook itself comes to: a refusal, by the one exit code every harness takes for it. */
export function hookRefusal(why: string): HookEnd {
  const text = `Warder: refused by the hook itself: ${why}. To mend it: warder doctor; warder daemon start\n`
  return { exit: 2, stdout: Buffer.alloc(0), stderr: Buffer.from(text) }
}

/**
 * What a harness writes to its hook, as it is.
 *
 * @throws Error when it is too large, or does not end
 */
export async function readPayload(stdin: NodeJS.ReadableStream): Promise<Buffer> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  const late = setTimeout(() => (stdin as Readable).destroy(new Error('the payload does not end')), STDIN_MS)
  try {
    for await (const chunk of stdin) {
      const bytes = Buffer.from(chunk as Buffer)
      sizeBytes += bytes.length
      if (sizeBytes > MAX_PAYLOAD_BYTES) throw new Error('the payload is larger than 1 MiB')
      chunks.push(bytes)
    }
  } finally {
    clearTimeout(late)
  }
  return Buffer.concat(chunks)
}
