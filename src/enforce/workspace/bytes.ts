import { closeSync, fstatSync, readSync, writeSync } from 'node:fs'

/** Hands over a file piece by piece, from its beginning, and closes nothing. */
export function* pieces(fd: number, pieceBytes = 1024 * 1024): Generator<Buffer> {
  // no larger than the file: clearing a megabyte for each of fifty thousand small ones would be most of the work
  const room = Buffer.alloc(Math.min(pieceBytes, fstatSync(fd).size + 1))
  for (let at = 0; ;) {
    const length = readSync(fd, room, 0, room.length, at)
    if (length === 0) return
    at += length
    yield room.subarray(0, length)
  }
}

/** The same with a pause now and then: a large file must not keep the thread from whoever wants to stop an agent. */
export async function* calmPieces(fd: number): AsyncGenerator<Buffer> {
  let count = 0
  for (const piece of pieces(fd)) {
    yield piece
    count += 1
    if (count % 4 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
}

export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at)
}

export function closeFile(fd: number): void {
  closeSync(fd)
}

export function sizeOfFile(fd: number): number {
  return fstatSync(fd).size
}
