import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

/** No program is larger; a file full of nothing can be, and would be read for hours. */
const MOST_BYTES = 4 * 1024 ** 3

/** A pipe that was put into the file's place meanwhile is not waited on: a few of them would hold every other read up. */
const OPEN = constants.O_RDONLY | constants.O_NONBLOCK

/** SHA-256 of a file an agent may have made; undefined when it is no file, is too large, or cannot be read. */
export async function digestOfFile(path: string): Promise<string | undefined> {
  try {
    await using file = await open(path, OPEN)
    const stat = await file.stat()
    if (!stat.isFile() || stat.size > MOST_BYTES) return undefined
    const hash = createHash('sha256')
    const content = file.createReadStream({ autoClose: false, end: MOST_BYTES }) as AsyncIterable<Buffer>
    for await (const chunk of content) hash.update(chunk)
    return hash.digest('hex')
  } catch {
    return undefined
  }
}
