import { createReadStream } from 'node:fs'

export interface TarFile {
  readonly name: string
  readonly path: string
  readonly bytes: number
  /** Epoch seconds. */
  readonly modified: number
}

const BLOCK = 512

/** A tar archive (POSIX ustar) as a stream, so that any tar can unpack what was archived. */
export async function* tarOf(files: readonly TarFile[]): AsyncGenerator<Buffer> {
  for (const file of files) {
    yield header(file)
    let written = 0
    for await (const chunk of createReadStream(file.path)) {
      written += (chunk as Buffer).length
      yield chunk as Buffer
    }
    if (written !== file.bytes) throw new Error(`${file.name} changed while it was archived`)
    yield Buffer.alloc((BLOCK - (written % BLOCK)) % BLOCK)
  }
  yield Buffer.alloc(2 * BLOCK)
}

/** Reads the files of such an archive back: tells `begin` and `data` for each. Only for what {@link tarOf} wrote. */
export async function readTar(
  chunks: AsyncIterable<Uint8Array>,
  begin: (name: string, bytes: number) => void,
  data: (chunk: Buffer) => void,
): Promise<void> {
  let held = Buffer.alloc(0)
  let left = 0
  let padding = 0
  for await (const chunk of chunks) {
    held = Buffer.concat([held, chunk])
    for (;;) {
      if (left > 0) {
        const part = held.subarray(0, left)
        if (part.length === 0) break
        data(part)
        left -= part.length
        held = held.subarray(part.length)
      } else if (padding > 0) {
        const skipped = Math.min(padding, held.length)
        padding -= skipped
        held = held.subarray(skipped)
        if (padding > 0) break
      } else {
        if (held.length < BLOCK) break
        const name = held.subarray(0, 100).toString('latin1').replace(/\0.*$/s, '')
        left = name === '' ? 0 : Number.parseInt(held.subarray(124, 135).toString('latin1'), 8)
        padding = (BLOCK - (left % BLOCK)) % BLOCK
        if (name !== '') begin(name, left)
        held = held.subarray(BLOCK)
      }
    }
  }
  if (left > 0) throw new Error('the archive ends in the middle of a file')
}

function header({ name, bytes, modified }: TarFile): Buffer {
  const block = Buffer.alloc(BLOCK)
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0')
  block.write(name, 0, 100, 'latin1')
  block.write(`${octal(0o400, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0`, 100, 'latin1')
  block.write(`${octal(bytes, 11)}\0${octal(modified, 11)}\0`, 124, 'latin1')
  block.write(`${' '.repeat(8)}0`, 148, 'latin1') // the checksum counts as spaces while it is computed
  block.write('ustar\u000000', 257, 'latin1')
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${octal(sum, 6)}\0 `, 148, 'latin1')
  return block
}
